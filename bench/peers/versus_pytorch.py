# SPDX-License-Identifier: Apache-2.0
"""Gatun against PyTorch eager on whole forwards of SpatioTemporalModel; see bench/README.md.

Each engine is a process of its own with the same weights and inputs. Their results are compared first; a difference
above 1e-3 of the maps' standard deviation ends the script with status 1. Then forwards alternate between the engines,
so that a ratio is of two runs side by side.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from climanet_torch import compare_with_upstream, random_inputs, random_model, write_workload
from tensors import read

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench" / "target"
TOLERANCE = 1e-3
WORKLOADS = {  # months, height, width, constructor arguments
    "W1": (1, 128, 128, {}),
    "W2": (12, 64, 64, {}),
    "W3": (1, 180, 360, {}),
    "W4": (2, 64, 64, {"embed_dim": 64, "hidden": 64}),
}
# PyTorch takes its memory from glibc. As installed, page faults cost it up to 40 % of a forward, or nothing, as each
# process has it; where glibc keeps freed memory they cost nothing.
ALLOCATORS = {"keep": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}, "default": {}}
COLUMNS = [
    "workload", "threads", "max difference of maps' std", "eager ms", "Gatun ms",
    "eager / Gatun, wall: min / median / max", "the same, CPU time", "CPU / wall eager", "CPU / wall Gatun",
    "peak MiB eager", "peak MiB Gatun",
]


class Engine:
    """A worker process that runs a forward for each line it is sent."""

    def __init__(self, command, environment, source, target):
        self.process = subprocess.Popen(
            [*command, str(source), str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | environment)
        self.clock = (~self.process.pid << 3) | 2  # CPU time of that process, all threads (Linux)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{command[0]} did not start; its messages are above")
        self.maps = read(target, "maps")[""]

    def run(self):
        """Wall and CPU milliseconds of one forward."""
        cpu = time.clock_gettime(self.clock)
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        wall = self.process.stdout.readline()
        return float(wall.split()[0]), (time.clock_gettime(self.clock) - cpu) * 1e3

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def gatun(source, target, threads):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    command = [str(java), "-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
               f"-Dgatun.library.path={ROOT / 'build' / 'native'}",
               "-cp", f"{BENCH / 'gatun-bench.jar'}:{BENCH / 'lib'}/*", "io.gatun.bench.ForwardLoop"]
    return Engine(command, {"GATUN_NUM_THREADS": str(threads)}, source, target)


def eager(source, target, threads, allocator):
    command = [sys.executable, str(ROOT / "bench" / "peers" / "climanet_torch.py")]
    return Engine(command, ALLOCATORS[allocator] | {"OMP_NUM_THREADS": str(threads)}, source, target)


def spread(values):
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def measure(name, arguments, folder):
    """The workload's row of the table; ends the script where results differ."""
    source = folder / f"{name}.safetensors"
    months, height, width, constructor = WORKLOADS[name]
    write_workload(source, random_model(constructor), constructor, random_inputs(1, months, height, width))
    threads = arguments.threads
    ours = gatun(source, folder / "gatun", threads)
    theirs = eager(source, folder / "eager", threads, arguments.allocator)
    difference, deviation = (ours.maps - theirs.maps).abs().max().item(), theirs.maps.std().item()
    if not difference <= TOLERANCE * deviation:  # NaN fails too
        sys.exit(f"{name}: results differ by {difference:.3g}, more than {TOLERANCE} of the maps' standard deviation"
                 f" {deviation:.3g}")
    started, count = time.monotonic(), 0
    while count < 3 or time.monotonic() - started < arguments.warmup:
        ours.run(), theirs.run()
        count += 1
    pairs = [(theirs.run(), ours.run()) for _ in range(arguments.runs)]
    them, us = zip(*pairs)
    row = [
        name, threads, f"{difference:.1e} of {deviation:.2f}",
        f"{statistics.median(wall for wall, _ in them):.1f}", f"{statistics.median(wall for wall, _ in us):.1f}",
        spread([t[0] / u[0] for t, u in pairs]), spread([t[1] / u[1] for t, u in pairs]),
        f"{statistics.median(cpu / wall for wall, cpu in them):.2f}",
        f"{statistics.median(cpu / wall for wall, cpu in us):.2f}",
        f"{theirs.peak_mib():.0f}", f"{ours.peak_mib():.0f}",
    ]
    ours.close(), theirs.close()
    return "| " + " | ".join(map(str, row)) + " |"


def check_against_upstream():
    """Shows that the PyTorch model here is upstream's: its results on stored cases, where those are at hand."""
    golden = Path(os.environ.get("GATUN_GOLDEN", ROOT.parent / "shared" / "golden")) / "climanet_seed"
    cases = compare_with_upstream(golden)
    if cases == 0:
        print(f"climanet_torch.py not compared with upstream: no cases in {golden}")
    else:
        print(f"climanet_torch.py gives upstream's results on {cases} cases")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="W1,W2,W3,W4", help="comma-separated (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of both engines (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=11, help="counted pairs of forwards (default: %(default)s)")
    parser.add_argument("--warmup", type=float, default=5,
                        help="seconds of pairs not counted, at least three (default: %(default)s)")
    parser.add_argument("--allocator", choices=ALLOCATORS, default="keep",
                        help="glibc's for PyTorch: keeps freed memory, or as installed (default: %(default)s)")
    arguments = parser.parse_args()
    names = arguments.workloads.split(",")
    if not set(names) <= set(WORKLOADS):
        parser.error(f"--workloads is {arguments.workloads}, expected some of {','.join(WORKLOADS)}")
    if not (BENCH / "gatun-bench.jar").exists():
        sys.exit("bench/target/gatun-bench.jar is absent; build it: ./gatun verify -DskipTests")
    check_against_upstream()
    print(f"PyTorch {torch.__version__}\n")
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            print(measure(name, arguments, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
