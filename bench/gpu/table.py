#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the Markdown tables for bench/RESULTS.md of the lines that the GPU suite wrote; see bench/gpu/README.md.

Of two lines about the same thing the later one counts. What was not measured is a dash.
"""
import argparse
import json
import sys

PRECISIONS = ("strict", "fast", "bf16")
# Operations of a forward of SpatioTemporalModel with two spatial layers, and how often each runs.
FORWARD = {
    "encode_pool": 1, "add": 1, "layer_norm": 6, "linear_qkv": 3, "linear_out": 3, "linear_ffn1": 3, "linear_ffn2": 3,
    "attention_month": 1, "attention": 2, "decoder_prefix": 1, "refine_head": 1,
}


def read(paths):
    """The lines by kind, each kind by what the line is about."""
    kinds = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                if not text.strip():
                    continue
                try:
                    line = json.loads(text)
                except json.JSONDecodeError as wrong:
                    sys.exit(f"{path}:{number}: not JSON ({wrong})")
                key = tuple(line.get(part) for part in ("step", "unit", "op", "workload", "precision", "engine"))
                kinds.setdefault(line["kind"], {})[key] = line
    return {kind: list(lines.values()) for kind, lines in kinds.items()}


def number(value, digits=3):
    """With so many significant digits, never in powers of ten."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    decimals = max(0, digits - len(str(int(abs(value)))) if abs(value) >= 1 else digits)
    return f"{value:.{decimals}f}"


def share(part, whole):
    return "-" if not part or not whole else f"{100 * part / whole:.0f} %"


def table(columns, rows):
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(str(cell).replace("|", "/") for cell in row) + " |")
    print()


class Limits:
    """What PyTorch reached on the same device: bandwidth of a copy, rate of a product."""

    def __init__(self, lines):
        rates = lines[-1] if lines else {}
        self.copy = rates.get("copy_gbs")
        self.rate = {precision: rates.get(f"{precision}_tflops") for precision in PRECISIONS}
        # An f32 instruction is half of a multiply-add; f32 by matrix units is three products in tf32.
        self.lanes = self.rate["strict"] and self.rate["strict"] / 2
        if self.rate["strict"] and self.rate["fast"]:
            self.rate["strict"] = max(self.rate["strict"], self.rate["fast"] / 3)

    def bound(self, kernel):
        """Microseconds and the name of the nearest limit, or None."""
        if not self.copy or not self.rate[kernel["precision"]]:
            return None
        return max(
            (kernel["bytes"] / self.copy / 1e3, "memory"),
            (kernel["flops"] / self.rate[kernel["precision"]] / 1e6, "products"),
            (kernel["lanes"] / self.lanes / 1e6, "lanes"))


def units(lines):
    rows = [(line["step"], line["unit"], line["status"], line["seconds"], line.get("reason", "")) for line in lines]
    if rows:
        print("### Steps\n")
        table(["step", "unit", "result", "s", "reason"], rows)


def kernels(lines, peers, limits):
    columns = ["operation", "us, cold", "us, warm", "GB/s", "TFLOP/s", "of copy", "of product rate", "bound us",
               "bound / time", "eager / Gatun", "compile / Gatun", "host us"]
    groups = {}
    for line in lines:
        groups.setdefault((line["device"], line["workload"], line["precision"]), []).append(line)
    for (device, workload, precision), group in groups.items():
        rows = []
        for line in group:
            if "error" in line:
                rows.append([line["op"], line["error"]] + ["-"] * (len(columns) - 2))
                continue
            bound = limits.bound(line)
            ratio = [peers.get((line["op"], workload, precision, engine)) for engine in ("eager", "compile")]
            rows.append([
                line["op"], number(line["cold_us"]), number(line["us"]), number(line["gbs"]), number(line["tflops"]),
                share(line["gbs"], limits.copy), share(line["tflops"], limits.rate[precision]),
                f"{number(bound[0])} ({bound[1]})" if bound else "-", share(bound and bound[0], line["cold_us"]),
                *(number(peer and peer / line["us"]) for peer in ratio), number(line["host_us"])])
        print(f"### Operations on {device}: {workload}, {precision}\n")
        table(columns, rows)


def forwards(lines, kernel_lines, peers, limits):
    by_key = {(k["op"], k["workload"], k["precision"]): k for k in kernel_lines if "error" not in k}
    rows = []
    wanted = {(line["workload"], line["precision"]): line for line in lines}
    for op, workload, precision, _ in peers:
        if op == "forward":
            wanted.setdefault((workload, precision), {})
    for (workload, precision), line in wanted.items():
        bounds = []
        for op, times in FORWARD.items():
            kernel = by_key.get((op, workload, precision)) or by_key.get((op, workload, "strict"))
            bound = kernel and limits.bound(kernel | {"precision": precision} if precision in PRECISIONS else kernel)
            bounds.append(bound and times * bound[0])
        bound = sum(bounds) if all(bounds) else None
        ours = line.get("us")
        engines = [peers.get(("forward", workload, precision, engine)) for engine in ("eager", "compile")]
        rows.append([
            workload, precision, number(ours), number(line.get("host_us")),
            f"{line['distance']:.1e}" if "distance" in line else "-", number(bound), share(bound, ours),
            *(cell for peer in engines for cell in (number(peer), number(peer and ours and peer / ours)))])
    if rows:
        print("### Whole forward\n")
        table(["workload", "precision", "Gatun us", "host us", "distance from eager strict", "sum of bounds us",
               "bounds / time", "eager us", "eager / Gatun", "compile us", "compile / Gatun"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", help="files of JSON lines")
    kinds = read(parser.parse_args().results)
    for line in kinds.get("device", []):
        print(f"{line['device']}: {line['name']}, {line['memory_bytes'] / 2**30:.0f} GiB; {line['libraries']}\n")
    limits = Limits(kinds.get("rates", []))
    for line in kinds.get("rates", []):
        print(f"PyTorch {line['torch']} on {line['name']}: copy {number(line['copy_gbs'], 4)} GB/s; products: strict"
              f" {number(line['strict_tflops'])}, fast {number(line['fast_tflops'])}, bf16"
              f" {number(line['bf16_tflops'])} TFLOP/s\n")
    peers = {(line["op"], line["workload"], line["precision"], line["engine"]): line["us"]
             for line in kinds.get("peer", []) if "us" in line}
    forwards(kinds.get("forward", []), kinds.get("kernel", []), peers, limits)
    kernels(kinds.get("kernel", []), peers, limits)
    for line in kinds.get("peer", []):
        if "error" in line:
            print(f"- {line['engine']} {line['op']} {line['workload']} {line['precision']}: {line['error']}")
    units(kinds.get("unit", []))


if __name__ == "__main__":
    main()
