# SPDX-License-Identifier: Apache-2.0
"""Models and inputs that are timed, by name, and the files that hold them: `weights/...`, `input/...` (the arguments of
forward, by name), and in the metadata `model_config` (a SpatioTemporalModel), `model_args` (an encoder-decoder model) or
`backbone_args` (an encoder)."""
import json

import climanet_torch
import encoder_decoder_torch
import encoders_torch
from tensors import metadata, read, write

MODULES = {"model_config": climanet_torch, "model_args": encoder_decoder_torch, "backbone_args": encoders_torch}
NAMES = [name for module in MODULES.values() for name in module.WORKLOADS]


def write_workload(path, model, facts, inputs):
    """A file that the loops here and io.gatun.bench.ForwardLoop take."""
    tensors = {f"weights/{key}": value for key, value in model.state_dict().items()}
    write(path, tensors | {f"input/{key}": value for key, value in inputs.items()}, facts)


def write_random_workload(path, name):
    """Weights and inputs of a workload, the same ones each time."""
    (module,) = (module for module in MODULES.values() if name in module.WORKLOADS)
    write_workload(path, *module.random_workload(name))


def loaded(path):
    """The model of a file in evaluation mode, and its inputs by name."""
    facts = metadata(path)
    (key,) = MODULES.keys() & facts.keys()
    return MODULES[key].loaded(path, json.loads(facts[key])), read(path, "input/")
