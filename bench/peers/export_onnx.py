# SPDX-License-Identifier: Apache-2.0
"""Writes the model of a workload (workloads.py) in the ONNX format, for ONNX Runtime.

`python export_onnx.py --shape W1 --output W1.onnx` makes the model and inputs of a workload, the same ones each time,
and writes them beside it as W1.safetensors, which io.gatun.bench.OnnxRuntimeComparison gives to Gatun.
`--workload FILE` takes such a file as it is. Needs the packages torch, onnx and onnxscript.
"""
import argparse
import importlib.util
import logging
import sys
import warnings
from pathlib import Path

MISSING = [name for name in ("torch", "onnx", "onnxscript") if importlib.util.find_spec(name) is None]
if MISSING:
    sys.exit(f"{sys.executable} lacks {', '.join(MISSING)}: pip install torch numpy onnx onnxscript")

import torch

from workloads import NAMES, loaded, write_random_workload


def export(source, target):
    """The model of a workload's file, for inputs of its shapes. Without PyTorch's fast path, which has no such form."""
    logging.getLogger("torch").setLevel(logging.ERROR)  # it warns of what this model has nothing of
    warnings.simplefilter("ignore", FutureWarning)
    torch.backends.mha.set_fastpath_enabled(False)
    model, inputs = loaded(source)
    torch.onnx.export(model, tuple(inputs.values()), str(target), input_names=list(inputs), output_names=["maps"],
                      dynamo=True, external_data=False, verbose=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--shape", choices=NAMES, help="a workload with random weights")
    what.add_argument("--workload", type=Path, metavar="FILE", help="weights and inputs that are there already")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.onnx")
    arguments = parser.parse_args()
    source = arguments.workload
    if source is None:
        source = arguments.output.with_suffix(".safetensors")
        write_random_workload(source, arguments.shape)
    export(source, arguments.output)


if __name__ == "__main__":
    main()
