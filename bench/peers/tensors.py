# SPDX-License-Identifier: Apache-2.0
"""Files in the safetensors format, read and written with PyTorch alone: eight bytes with the length of a JSON header,
the header, then the tensors' bytes."""
import json
import struct

import torch

TYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def metadata(path):
    """What the file says about itself, text by name."""
    return _header(path)[0].get("__metadata__", {})


def read(path, prefix=""):
    """The tensors whose names begin with prefix, without it."""
    header, start = _header(path)
    tensors = {}
    with open(path, "rb") as file:
        for name, entry in header.items():
            if name == "__metadata__" or not name.startswith(prefix):
                continue
            begin, end = entry["data_offsets"]
            file.seek(start + begin)
            data = bytearray(file.read(end - begin))
            dtype = TYPES[entry["dtype"]]
            flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
            tensors[name.removeprefix(prefix)] = flat.reshape(entry["shape"])
    return tensors


def write(path, tensors, metadata=None):
    """Writes dense tensors of the CPU."""
    header, at = {"__metadata__": metadata or {}}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(memoryview(tensor.contiguous().reshape(-1).view(torch.uint8).numpy()))


def _header(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length
