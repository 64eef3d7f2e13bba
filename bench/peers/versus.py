# SPDX-License-Identifier: Apache-2.0
"""Gatun against PyTorch (eager, compiled) and ONNX Runtime on whole forwards; see
bench/README.md. A generation is compared with PyTorch as it is, eager, alone.

Each engine is a process of its own with the same weights and inputs. Their results are compared first; a difference
above 1e-3 of the maps' standard deviation, of bf16 0.1, ends the script with status 1. Then forwards go round the
engines, so that a ratio is of runs side by side.
"""
import argparse
import atexit
import importlib.util
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

import climanet_torch
import encoders_torch
import generation_torch
from tensors import read
from workloads import NAMES, PEERS, PEERS_BF16, peers_of, write_random_workload

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench" / "target"
TOLERANCE = {"strict": 1e-3, "bf16": 0.1}  # of the maps' standard deviation
# PyTorch takes its memory from glibc. As installed, page faults cost it up to 40 % of a forward, or nothing, as each
# process has it; where glibc keeps freed memory they cost nothing.
ALLOCATORS = {"keep": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}, "default": {}}
# What eager takes over what ONNX Runtime takes on W1, by number of threads, where both were known to be in order and
# glibc was as installed. A run that is further than a quarter from it says more of the machine, or of a broken
# installation, than of Gatun.
EAGER_TO_ONNXRUNTIME = {1: 1.49, 2: 1.43}
COLUMNS = [
    "workload", "threads", "peer", "max difference of maps' std", "peer ms", "Gatun ms",
    "peer / Gatun, wall: min / median / max", "the same, CPU time", "least wall, peer / Gatun",
    "CPU / wall peer", "CPU / wall Gatun", "peak MiB peer", "peak MiB Gatun",
]


class Engine:
    """A worker process that runs a forward for each line it is sent."""

    def __init__(self, command, environment, source, target, *more):
        self.process = subprocess.Popen(
            [*command, str(source), str(target), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | environment)
        atexit.register(self.process.kill)  # one that is stopped would never see that its input ended
        self.clock = (~self.process.pid << 3) | 2  # CPU time of that process, all threads (Linux)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit(f"{command[0]} did not start; its messages are above")
        self.maps = read(target, "maps")[""]
        self.process.send_signal(signal.SIGSTOP)

    def run(self):
        """Wall and CPU milliseconds of one forward. The process is stopped otherwise: threads of OpenMP and of ONNX
        Runtime spin for a while after a forward, and would take a core from the next engine."""
        self.process.send_signal(signal.SIGCONT)
        cpu = time.clock_gettime(self.clock)
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        wall = self.process.stdout.readline()
        taken = (time.clock_gettime(self.clock) - cpu) * 1e3
        self.process.send_signal(signal.SIGSTOP)
        return float(wall.split()[0]), taken

    def peak_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def close(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def gatun(source, target, threads, precision):
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    command = [str(java), "-Xmx512m", "-XX:MaxDirectMemorySize=8g", "-XX:+UseSerialGC",
               "--enable-native-access=ALL-UNNAMED",
               f"-Dgatun.library.path={ROOT / 'build' / 'native'}",
               "-cp", f"{BENCH / 'gatun-bench.jar'}:{BENCH / 'lib'}/*", "io.gatun.bench.ForwardLoop"]
    return Engine(command, {"GATUN_NUM_THREADS": str(threads)}, source, target, "cpu", precision)


def peer(name, source, folder, threads, allocator):
    script = ROOT / "bench" / "peers"
    environment = {"OMP_NUM_THREADS": str(threads)}
    target = folder / name
    if name != "onnxruntime":
        command = [sys.executable, str(script / "torch_loop.py")]
        return Engine(command, ALLOCATORS[allocator] | environment, source, target, name)
    model = folder / "model.onnx"
    subprocess.run([sys.executable, str(script / "export_onnx.py"), "--workload", str(source), "--output", str(model)],
                   check=True, stdout=subprocess.DEVNULL)
    return Engine([sys.executable, str(script / "ort_loop.py")], environment, source, target, str(model))


def spread(values):
    return f"{min(values):.2f} / {statistics.median(values):.2f} / {max(values):.2f}"


def tolerance(peer_name, precision):
    return TOLERANCE["bf16" if peer_name in PEERS_BF16 else precision]


def same_maps(workload, name, theirs, ours, most):
    """How far the engines are apart, in words; ends the script where that is too far."""
    difference, deviation = (ours - theirs).abs().max().item(), theirs.std().item()
    if not difference <= most * deviation:  # NaN fails too
        sys.exit(f"{workload}: results of {name} and Gatun differ by {difference:.3g}, more than {most} of the maps'"
                 f" standard deviation {deviation:.3g}")
    return f"{difference:.1e} of {deviation:.2f}"


def warm(count, passed, wanted):
    """Whether there is another round that does not count: as many as were wanted, or three, but of long ones fewer."""
    return passed < wanted or count < 3 and passed < 20


def measure(workload, arguments, folder):
    """The workload's rows of the table, a row for each peer; ends the script where results differ."""
    source = folder / f"{workload}.safetensors"
    write_random_workload(source, workload)
    threads = arguments.threads
    ours = gatun(source, folder / "gatun", threads, arguments.precision)
    names = [name for name in arguments.peers if name in peers_of(workload)]
    peers = {name: peer(name, source, folder, threads, arguments.allocator) for name in names}
    apart = {name: same_maps(workload, name, engine.maps, ours.maps, tolerance(name, arguments.precision))
             for name, engine in peers.items()}
    engines = [ours, *peers.values()]
    started, count = time.monotonic(), 0
    while warm(count, time.monotonic() - started, arguments.warmup * len(peers)):
        for engine in engines:
            engine.run()
        count += 1
    rounds = [[engine.run() for engine in engines] for _ in range(arguments.runs)]
    us, *others = ([times[i] for times in rounds] for i in range(len(engines)))
    rows = []
    for (name, engine), them in zip(peers.items(), others):
        pairs = list(zip(them, us))
        rows.append([
            workload, threads, name, apart[name],
            f"{statistics.median(wall for wall, _ in them):.1f}", f"{statistics.median(wall for wall, _ in us):.1f}",
            spread([t[0] / u[0] for t, u in pairs]), spread([t[1] / u[1] for t, u in pairs]),
            f"{min(wall for wall, _ in them) / min(wall for wall, _ in us):.2f}",
            f"{statistics.median(cpu / wall for wall, cpu in them):.2f}",
            f"{statistics.median(cpu / wall for wall, cpu in us):.2f}",
            f"{engine.peak_mib():.0f}", f"{ours.peak_mib():.0f}",
        ])
    for engine in engines:
        engine.close()
    print("\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows), flush=True)
    medians = {name: statistics.median(wall for wall, _ in them) for name, them in zip(peers, others)}
    known = arguments.allocator == "default" and threads in EAGER_TO_ONNXRUNTIME
    if workload == "W1" and {"eager", "onnxruntime"} <= medians.keys() and known:
        return verdict(medians["eager"] / medians["onnxruntime"], EAGER_TO_ONNXRUNTIME[threads])
    return None


def verdict(ratio, known):
    """What the peers say of the run, apart from Gatun."""
    fine = 0.75 * known <= ratio <= 1.25 * known
    return (f"W1, eager / ONNX Runtime: {ratio:.2f}, known is {known}: "
            + ("as expected." if fine else "VOID, the peers are not what they were when that was measured."))


def check_against_upstream():
    """Shows that the PyTorch models here are upstream's: their results on stored cases, where those are at hand."""
    golden = Path(os.environ.get("GATUN_GOLDEN", ROOT.parent / "shared" / "golden"))
    for module, folder in ((climanet_torch, golden / "climanet_seed"), (encoders_torch, golden),
                           (generation_torch, golden)):
        cases = module.compare_with_upstream(folder)
        if cases == 0:
            print(f"{module.__name__}.py not compared with upstream: no cases in {folder}")
        else:
            print(f"{module.__name__}.py gives upstream's results on {cases} cases")


def has_onnxruntime():
    return all(importlib.util.find_spec(name) for name in ("onnxruntime", "onnx", "onnxscript"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="W1,W2,W3,W4", help="comma-separated (default: %(default)s)")
    parser.add_argument("--precision", choices=TOLERANCE, default="strict", help="of Gatun (default: %(default)s)")
    parser.add_argument("--peers", default=None,
                        help=f"of {','.join(PEERS + PEERS_BF16)} (default: those of f32 that are installed)")
    parser.add_argument("--threads", type=int, default=1, help="of each engine (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=11, help="counted rounds of forwards (default: %(default)s)")
    parser.add_argument("--warmup", type=float, default=5,
                        help="seconds for each peer of rounds not counted, at least three rounds or 20 seconds"
                             " (default: %(default)s)")
    parser.add_argument("--allocator", choices=ALLOCATORS, default="keep",
                        help="glibc's for PyTorch: keeps freed memory, or as installed (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="only show that the PyTorch models are upstream's")
    arguments = parser.parse_args()
    if arguments.check:
        check_against_upstream()
        return
    names = arguments.workloads.split(",")
    if not set(names) <= set(NAMES):
        parser.error(f"--workloads is {arguments.workloads}, expected some of {','.join(NAMES)}")
    installed = [name for name in PEERS if name != "onnxruntime" or has_onnxruntime()]
    arguments.peers = arguments.peers.split(",") if arguments.peers else installed
    known = PEERS + PEERS_BF16
    if not set(arguments.peers) <= set(known):
        parser.error(f"--peers is {','.join(arguments.peers)}, expected some of {','.join(known)}")
    if not (BENCH / "gatun-bench.jar").exists():
        sys.exit("bench/target/gatun-bench.jar is absent; build it: ./gatun verify -DskipTests")
    check_against_upstream()
    print(f"PyTorch {torch.__version__}")
    if "onnxruntime" not in arguments.peers:
        print("ONNX Runtime: not compared (pip install onnxruntime onnx onnxscript)")
    print()
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|")
    with tempfile.TemporaryDirectory() as folder:
        verdicts = [measure(name, arguments, Path(folder)) for name in names]
    for line in filter(None, verdicts):
        print("\n" + line)


if __name__ == "__main__":
    main()
