# SPDX-License-Identifier: Apache-2.0
"""Forwards of a workload's model in PyTorch on request, as io.gatun.bench.ForwardLoop runs them.

`python torch_loop.py INPUT OUTPUT [MODE]`: INPUT is a file of workloads.py, OUTPUT gets the first result as `maps`; then
it prints `ready`, and for each line on standard input the milliseconds of one more forward. MODE is `eager` (as it is if
not given) or `compiled`, torch.compile with frozen weights; `eager_bf16` and `compiled_bf16` under autocast. PyTorch's settings are left as they are: in inference mode
its fast path for nn.TransformerEncoder and nn.MultiheadAttention is on. Threads: OMP_NUM_THREADS.
"""
import sys
import time

import torch

from tensors import write
from workloads import loaded


def main(source, target, mode="eager"):
    model, inputs = loaded(source)
    if mode.startswith("compiled"):
        torch._inductor.config.freezing = True
        model = torch.compile(model)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=mode.endswith("_bf16")):
        write(target, {"maps": model(**inputs).float()})
        print("ready", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            model(**inputs)
            print(f"{(time.perf_counter() - start) * 1e3:.3f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
