# SPDX-License-Identifier: Apache-2.0
"""Models and inputs that are timed, by name, and the files that hold them: `weights/...`, `input/...` (the arguments of
forward, by name), and in the metadata `model_config` (a SpatioTemporalModel) or `model_args` (an encoder-decoder model)."""
import json

import climanet_torch
import encoder_decoder_torch
from tensors import metadata, read, write

NAMES = [*climanet_torch.WORKLOADS, *encoder_decoder_torch.WORKLOADS]


def write_workload(path, model, facts, inputs):
    """A file that the loops here and io.gatun.bench.ForwardLoop take."""
    tensors = {f"weights/{key}": value for key, value in model.state_dict().items()}
    write(path, tensors | {f"input/{key}": value for key, value in inputs.items()}, facts)


def write_random_workload(path, name):
    """Weights and inputs of a workload, the same ones each time."""
    module = climanet_torch if name in climanet_torch.WORKLOADS else encoder_decoder_torch
    write_workload(path, *module.random_workload(name))


def loaded(path):
    """The model of a file in evaluation mode, and its inputs by name."""
    facts = metadata(path)
    module, key = (encoder_decoder_torch, "model_args") if "model_args" in facts else (climanet_torch, "model_config")
    return module.loaded(path, json.loads(facts[key])), read(path, "input/")
