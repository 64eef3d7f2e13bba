# SPDX-License-Identifier: Apache-2.0
"""Forwards of an exported model in ONNX Runtime, on request, as torch_loop.py runs them.

`python ort_loop.py INPUT OUTPUT MODEL`: MODEL is the file that `export_onnx.py --workload INPUT --output MODEL`
wrote. All graph optimisations are on. Threads: OMP_NUM_THREADS.
"""
import os
import sys
import time

import onnxruntime
import torch

from tensors import read, write


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main(source, target, model):
    engine = session(model, int(os.environ["OMP_NUM_THREADS"]))
    inputs = {key: value.numpy() for key, value in read(source, "input/").items()}
    write(target, {"maps": torch.from_numpy(engine.run(None, inputs)[0])})
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        engine.run(None, inputs)
        print(f"{(time.perf_counter() - start) * 1e3:.3f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
