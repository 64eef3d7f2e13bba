#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch on the device that Gatun is measured on, and Gatun's whole forward against it; see bench/gpu/README.md.

  rates                        bandwidth of a copy of 4 GiB, rates of 8192 x 8192 x 8192 products
  golden FOLDER                the PyTorch model gives upstream's stored results
  eager WORKLOAD               whole forward and stages in each precision, and the forward with PyTorch's own settings
  compile WORKLOAD PRECISION   whole forward by torch.compile with max-autotune, then the stages without
                               (an encoder, such as terramind_base_b64, has no stages)
  ours WORKLOAD PRECISION -- JAVA ...   Gatun's whole forward through Java, compared with eager in strict first

Prints JSON, an object a line. Precisions: strict is float32, fast is TF32, bf16 is autocast. Status 77: skipped.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "peers"))
try:
    import torch
except ImportError as absent:
    print(f"skipped: {absent}; GPU_PYTHON names a Python with PyTorch")
    sys.exit(77)
from torch.nn import functional as F

import encoders_torch
from climanet_torch import DAYS, compare_with_upstream, random_inputs, random_model
from tensors import read
from workloads import write_workload

WORKLOADS = {  # batch, months, height, width, constructor arguments; those of kernels.cpp
    "W1": (1, 1, 128, 128, {}),
    "W2": (1, 12, 64, 64, {}),
    "W3": (1, 1, 180, 360, {}),
    "W4": (1, 2, 64, 64, {"embed_dim": 64, "hidden": 64}),
    "large": (8, 12, 256, 256, {}),
    "smoke": (1, 2, 16, 24, {"embed_dim": 32, "hidden": 32}),
}
PRECISIONS = ("strict", "fast", "bf16")
ALIKE = ("copy", "add", "layer_norm", "map_head", "sample_tokens")  # in every precision
HEADS = 4
VOCABULARY = 4096  # of the tokens that are drawn, one for each place of a map
TOLERANCE = {"strict": 1e-4, "fast": 2e-3, "bf16": 1e-2}  # of the maps, in norm
SAMPLES = 11


def emit(**line):
    print(json.dumps(line), flush=True)


class Device:
    def __init__(self, name):
        self.name = name
        self.device = torch.device(name)
        self.is_gpu = self.device.type == "cuda"
        if self.is_gpu and not torch.cuda.is_available():
            print("skipped: PyTorch finds no CUDA device")
            sys.exit(77)

    def sync(self):
        if self.is_gpu:
            torch.cuda.synchronize(self.device)

    def describe(self):
        return torch.cuda.get_device_name(self.device) if self.is_gpu else "CPU"

    def run(self, precision, call):
        """One call with the settings of a precision; "default" are PyTorch's own."""
        torch.backends.cuda.matmul.allow_tf32 = precision in ("fast", "bf16")
        torch.backends.cudnn.allow_tf32 = precision != "strict"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.bfloat16, enabled=precision == "bf16"):
            return call()

    def time(self, precision, call, sample_s=0.02):
        """Median and least microseconds of calls that are queued after each other."""
        def repeat(count):
            self.sync()
            start = time.perf_counter()
            for _ in range(count):
                call()
            self.sync()
            return (time.perf_counter() - start) / count

        def measure():
            repeat(3)
            count = max(1, int(sample_s / max(repeat(3), 1e-6)))
            return sorted(repeat(count) * 1e6 for _ in range(SAMPLES))

        times = self.run(precision, measure)
        return {"us": round(statistics.median(times), 3), "min_us": round(times[0], 3)}


def failure(wrong):
    """A line's worth of what went wrong."""
    return f"{type(wrong).__name__}: {wrong}".split("\n")[0][:300]


def rates(device, smoke):
    count, side = (2**24, 512) if smoke else (2**30, 8192)
    source = torch.rand(count, device=device.device)
    target = torch.empty_like(source)
    line = {"copy_gbs": 8e-3 * count / device.time("strict", lambda: target.copy_(source), 0.1)["us"]}
    del source, target
    a, b = (torch.randn(side, side, device=device.device) for _ in range(2))
    for precision in ("strict", "fast"):
        line[f"{precision}_tflops"] = 2e-6 * side**3 / device.time(precision, lambda: a @ b, 0.1)["us"]
    a, b = a.bfloat16(), b.bfloat16()
    line["bf16_tflops"] = 2e-6 * side**3 / device.time("strict", lambda: a @ b, 0.1)["us"]
    emit(kind="rates", device=device.name, name=device.describe(), torch=torch.__version__, **line)


def stages(model, inputs, workload, device):
    """What the operations of the same names in kernels.cpp compute, as upstream's operators: (name, make the call). None
    of an encoder."""
    if workload not in WORKLOADS:
        return []
    batch, months, height, width, _ = WORKLOADS[workload]
    maps, rows, columns = batch * months, height // 4, width // 4
    places, decoder, temporal = rows * columns, model.decoder, model.temporal
    layer = model.spatial_tr.enc.layers[0]
    embed, hidden, channels = decoder.proj.in_channels, decoder.proj.out_channels, decoder.deconv.out_channels

    def normal(*shape):
        return torch.randn(shape, device=device.device)

    def tokens():
        return normal(maps, places, embed)

    def cells():
        return normal(maps, channels, height, width)

    def copy():
        x = normal(maps, DAYS, places, embed)
        out = torch.empty_like(x)
        return lambda: out.copy_(x)

    def add():
        x, position = tokens(), normal(1, places, embed)
        return lambda: x + position

    def layer_norm():
        x, residual = tokens(), tokens()
        return lambda: layer.norm1(x + residual)

    def linear_qkv():
        x, attention = tokens(), layer.self_attn
        return lambda: F.linear(x, attention.in_proj_weight, attention.in_proj_bias)

    def linear_out():
        x, residual = tokens(), tokens()
        return lambda: layer.self_attn.out_proj(x) + residual

    def linear_ffn1():
        x = tokens()
        return lambda: F.gelu(layer.linear1(x))

    def linear_ffn2():
        x, residual = normal(maps, places, 4 * embed), tokens()
        return lambda: layer.linear2(x) + residual

    def attend(sequences, length):
        # Autocast leaves attention as it finds its input, which in a forward is the product before it.
        qkv = normal(sequences, length, 3 * embed)

        def call():
            x = qkv.bfloat16() if torch.is_autocast_enabled(device.device.type) else qkv
            q, k, v = x.reshape(sequences, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
            return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(sequences, length, embed)
        return call

    def cross_attention():
        # Queries of their own, keys and values of a packed projection, some of which take no part.
        query, pairs = tokens(), normal(maps, places, 2 * embed)
        mask = torch.rand(maps, 1, 1, places, device=query.device) < 0.6

        def heads(x):
            return x.reshape(maps, places, HEADS, -1).transpose(1, 2)

        def call():
            parts = (query, *pairs.chunk(2, dim=-1))
            parts = [x.bfloat16() for x in parts] if torch.is_autocast_enabled(device.device.type) else parts
            out = F.scaled_dot_product_attention(*map(heads, parts), attn_mask=mask)
            return out.transpose(1, 2).reshape(maps, places, embed)
        return call

    def sample_tokens():
        logits = normal(places, VOCABULARY)

        def call():
            # As upstream's top-p filter and sampler do it.
            descending, order = torch.sort(logits, dim=-1, descending=True)
            beyond = torch.cumsum(F.softmax(descending, dim=-1), dim=-1) > 0.8
            beyond[..., 1:] = beyond[..., :-1].clone()
            beyond[..., 0] = False
            dropped = torch.gather(beyond, -1, torch.argsort(order, dim=-1))
            return torch.multinomial(F.softmax(logits.masked_fill(dropped, float("-inf")), dim=-1), 1)
        return call

    video = (maps, 1, DAYS, height, width)
    pixels, mask = inputs["daily_data"].reshape(video), inputs["daily_mask"].reshape(video)
    padded, land = inputs["padded_days_mask"], inputs["land_mask_patch"]

    def patch_embed():
        return lambda: model.encoder(pixels, mask)

    def temporal_pool():
        x = normal(batch, months * DAYS * places, embed)
        return lambda: temporal.pool_days(x, months, DAYS, padded)

    def encode_pool():
        return lambda: temporal.pool_days(model.encoder(pixels, mask).reshape(batch, -1, embed), months, DAYS, padded)

    def conv2d():
        x = cells()
        return lambda: F.gelu(decoder.refine[0](x))

    def refine_head():
        x = cells()
        return lambda: decoder.maps(decoder.refine[3:6](x), batch, months, land)

    def conv_transpose2d():
        x = normal(maps, hidden, rows, columns)
        return lambda: decoder.deconv(x)

    def decoder_prefix():
        x = normal(maps, embed, rows, columns)
        return lambda: decoder.refine[:3](decoder.deconv(decoder.proj(x)))

    def map_head():
        x = cells()
        return lambda: decoder.maps(x, batch, months, land)

    return [
        ("encode_pool", encode_pool), ("decoder_prefix", decoder_prefix), ("refine_head", refine_head),
        ("patch_embed", patch_embed), ("temporal_pool", temporal_pool), ("conv_transpose2d", conv_transpose2d),
        ("conv2d", conv2d), ("attention", lambda: attend(maps, places)),
        ("attention_month", lambda: attend(batch * places, months)), ("layer_norm", layer_norm),
        ("linear_qkv", linear_qkv), ("linear_out", linear_out), ("linear_ffn1", linear_ffn1),
        ("linear_ffn2", linear_ffn2), ("copy", copy), ("add", add), ("map_head", map_head),
        ("cross_attention", cross_attention), ("sample_tokens", sample_tokens),
    ]


def made(workload):
    """The model, what its file says of it, and the arguments of its forward, on the CPU."""
    if workload in encoders_torch.WORKLOADS:
        return encoders_torch.random_workload(workload)
    *sizes, arguments = WORKLOADS[workload]
    return random_model(arguments), {"model_config": json.dumps(arguments)}, random_inputs(*sizes)


def on(device, model, inputs):
    return model.to(device.device), {key: value.to(device.device) for key, value in inputs.items()}


def prepared(workload, device):
    """The model and the arguments of its forward on the device."""
    model, _, inputs = made(workload)
    return on(device, model, inputs)


def eager(device, workload):
    model, inputs = prepared(workload, device)
    for precision in (*PRECISIONS, "default"):
        timed(device, "forward", workload, precision, "eager", lambda: lambda: model(**inputs))
    for op, make in stages(model, inputs, workload, device):
        for precision in PRECISIONS[:1] if op in ALIKE else PRECISIONS:
            timed(device, op, workload, precision, "eager", make)


def compiled(device, workload, precision):
    model, inputs = prepared(workload, device)
    whole = torch.compile(model, mode="max-autotune", dynamic=False)
    timed(device, "forward", workload, precision, "compile", lambda: lambda: whole(**inputs))
    for op, make in stages(model, inputs, workload, device):
        if precision == "strict" or op not in ALIKE:
            torch.compiler.reset()
            timed(device, op, workload, precision, "compile", lambda: torch.compile(make(), dynamic=False))


def timed(device, op, workload, precision, engine, make):
    line = {"kind": "peer", "op": op, "workload": workload, "precision": precision, "engine": engine}
    try:
        call = device.run(precision, make)
        emit(**line, **device.time(precision, call))
    except Exception as wrong:  # the other lines are worth having
        emit(**line, error=failure(wrong))
    if device.is_gpu:
        torch.cuda.empty_cache()


def ours(device, workload, precision, command):
    """Status 1 where the maps are further from PyTorch's than the precision allows."""
    model, facts, inputs = made(workload)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "input"), Path(folder, "maps")
        write_workload(source, model, facts, inputs)
        model, inputs = on(device, model, inputs)
        want = device.run("strict", lambda: model(**inputs)).cpu().double()
        del model, inputs
        if device.is_gpu:
            torch.cuda.empty_cache()
        process = subprocess.Popen(
            [*command, "io.gatun.bench.ForwardLoop", source, target, device.name, precision],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline().strip() != "ready":
            sys.exit(f"failed: Gatun's forward did not start, status {process.wait()}")
        distance = ((read(target)["maps"].double() - want).norm() / want.norm()).item()

        def forward():
            process.stdin.write("run\n")
            process.stdin.flush()
            return [float(number) * 1e3 for number in process.stdout.readline().split()]

        started = time.monotonic()
        warm = [forward() for _ in range(5)]
        while time.monotonic() - started < 1:
            warm.append(forward())
        count = min(2000, max(SAMPLES, int(3e6 / min(whole for whole, _ in warm))))
        times, queued = zip(*(forward() for _ in range(count)))
        process.stdin.close()
        process.wait()
    emit(kind="forward", workload=workload, precision=precision, device=device.name,
         us=round(statistics.median(times), 3), min_us=round(min(times), 3), host_us=round(statistics.median(queued), 3),
         runs=count, distance=distance)
    if not distance <= TOLERANCE[precision]:  # NaN fails too
        sys.exit(f"failed: the maps are {distance:.3g} from PyTorch's in norm, expected at most {TOLERANCE[precision]}")


def golden(device, folder):
    cases = device.run("strict", lambda: compare_with_upstream(folder, device.device))
    if cases == 0:
        print(f"skipped: no cases in {folder}")
        sys.exit(77)
    print(f"{cases} ok, 0 failed, 0 skipped")


def main():
    command = []
    arguments = sys.argv[1:]
    if "--" in arguments:
        at = arguments.index("--")
        arguments, command = arguments[:at], arguments[at + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0", help="cpu or cuda:N (default: %(default)s)")
    parser.add_argument("--smoke", action="store_true",
                        help="everything but ours with the smallest sizes, to show that it runs")
    parser.add_argument("task", nargs="?", choices=["rates", "golden", "eager", "compile", "ours"])
    parser.add_argument("rest", nargs="*")
    given = parser.parse_args(arguments)
    device = Device(given.device)
    if given.smoke:
        rates(device, True)
        eager(device, "smoke")
        compiled(device, "smoke", "strict")
        return
    forwards = WORKLOADS.keys() | encoders_torch.WORKLOADS.keys()
    tasks = {
        "rates": ([], lambda: rates(device, not device.is_gpu)),
        "golden": ([Path], lambda folder: golden(device, Path(folder))),
        "eager": ([forwards], lambda workload: eager(device, workload)),
        "compile": ([forwards, PRECISIONS], lambda workload, precision: compiled(device, workload, precision)),
        "ours": ([forwards, PRECISIONS], lambda workload, precision: ours(device, workload, precision, command)),
    }
    if given.task is None:
        parser.error("name a task, or --smoke")
    kinds, task = tasks[given.task]
    if len(kinds) != len(given.rest) or any(kind is not Path and x not in kind for kind, x in zip(kinds, given.rest)):
        parser.error(f"{given.task} does not take {' '.join(given.rest) or 'nothing'}; see --help")
    task(*given.rest)


if __name__ == "__main__":
    main()
