# SPDX-License-Identifier: Apache-2.0
"""Gatun against PyTorch eager on whole forwards of SpatioTemporalModel; see bench/README.md.

Each engine is a process of its own with the same weights and inputs. Their results are compared first; a difference
above 1e-3 of the maps' standard deviation ends the script with status 1. Then forwards alternate between the engines,
so that a ratio is of two runs side by side.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from climanet_torch import SpatioTemporalModel, loaded, read

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench" / "target"
TOLERANCE = 1e-3
DAYS = 31
MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
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


def make_input(name, path):
    """Random weights and inputs of a workload: 40 % missing, 30 % land, months padded to 31 days."""
    months, height, width, arguments = WORKLOADS[name]
    torch.manual_seed(1)
    model = SpatioTemporalModel(**arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            # PyTorch's initial values would hide errors: vectors are 0 or 1, and matrices make maps nearly constant.
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.mul_(2.0)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0.0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    shape = (1, 1, months, DAYS, height, width)
    mask = torch.rand(shape) < 0.4
    lengths = torch.tensor(MONTH_LENGTHS[:months])
    inputs = {
        "daily_data": torch.randn(shape).masked_fill(mask, 0.0),
        "daily_mask": mask,
        "land_mask_patch": torch.rand(1, height, width) < 0.3,
        "padded_days_mask": (torch.arange(DAYS) >= lengths[:, None])[None],
    }
    tensors = {f"weights/{key}": value.contiguous() for key, value in model.state_dict().items()}
    tensors |= {f"input/{key}": value for key, value in inputs.items()}
    save_file(tensors, path, metadata={"model_config": json.dumps(arguments)})


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
        return float(wall), (time.clock_gettime(self.clock) - cpu) * 1e3

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
    make_input(name, source)
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
    cases = sorted(golden.glob("model_*.json"))
    if not cases:
        print(f"climanet_torch.py not compared with upstream: no cases in {golden}")
        return
    for case in cases:
        facts = json.loads(case.read_text())
        tensors = case.with_suffix(".safetensors")
        with torch.inference_mode():
            actual = loaded(tensors, facts["constructor"])(**read(tensors, "input/"))
        torch.testing.assert_close(
            actual, read(tensors, "expected/")["monthly"], equal_nan=True, **facts["tolerance"])
    print(f"climanet_torch.py gives upstream's results on {len(cases)} cases")


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
