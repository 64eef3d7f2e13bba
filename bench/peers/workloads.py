# SPDX-License-Identifier: Apache-2.0
"""Models and inputs that are timed, by name, and the files that hold them: `weights/...`, `input/...` (the arguments of
forward, by name), and in the metadata `model_config` (a SpatioTemporalModel), `model_args` (an encoder-decoder model) or
`backbone_args` (an encoder or a generator).

`python workloads.py NAME FILE` writes one with random weights."""
import json
import sys

import climanet_torch
import encoder_decoder_torch
import encoders_torch
import generation_torch
from tensors import metadata, read, write

MODULES = (climanet_torch, encoder_decoder_torch, encoders_torch, generation_torch)
NAMES = [name for module in MODULES for name in module.WORKLOADS]
PEERS = ("eager", "compiled", "onnxruntime")
PEERS_BF16 = ("eager_bf16", "compiled_bf16")


def write_workload(path, model, facts, inputs):
    """A file that the loops here and io.gatun.bench.ForwardLoop take."""
    tensors = {f"weights/{key}": value for key, value in model.state_dict().items()}
    write(path, tensors | {f"input/{key}": value for key, value in inputs.items()}, facts)


def write_random_workload(path, name):
    """Weights and inputs of a workload, the same ones each time."""
    write_workload(path, *module_of(name).random_workload(name))


def module_of(name):
    (module,) = (module for module in MODULES if name in module.WORKLOADS)
    return module


def peers_of(name):
    """What a workload is compared with."""
    return getattr(module_of(name), "PEERS", PEERS + PEERS_BF16)


def loaded(path):
    """The model of a file in evaluation mode, and its inputs by name."""
    facts = metadata(path)
    if "model_config" in facts:
        module, text = climanet_torch, facts["model_config"]
    elif "model_args" in facts:
        module, text = encoder_decoder_torch, facts["model_args"]
    else:
        text = facts["backbone_args"]
        module = generation_torch if json.loads(text)["backbone"].endswith("_generate") else encoders_torch
    return module.loaded(path, json.loads(text)), read(path, "input/")


if __name__ == "__main__":
    write_random_workload(sys.argv[2], sys.argv[1])
