# SPDX-License-Identifier: Apache-2.0
"""TerraTorch's encoder-decoder model of timm's plain ViT, LearnedInterpolateToPyramidal and UperNetDecoder, in PyTorch, for
comparison. Upstream's structure, state-dict keys and eager operators, written anew."""
import json

import torch
import torch.nn.functional as F
from torch import nn

from tensors import read

WORKLOADS = {  # images, arguments of EncoderDecoderFactory
    f"{name}_b{batch}": (batch, 224, {
        "task": "segmentation", "num_classes": 10, "backbone": "timm_vit_base_patch16_224",
        "backbone_out_indices": [2, 5, 8, 11], "necks": [{"name": "LearnedInterpolateToPyramidal"}],
        "decoder": "UperNetDecoder", "decoder_channels": 256,
    })
    for name, batch in (("vit_upernet", 1), ("vit_upernet", 8))
}


class Attention(nn.Module):
    def __init__(self, dim, heads, bias=True):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)
        self.proj = nn.Linear(dim, dim, bias=bias)

    def forward(self, x):
        batch, count, dim = x.shape
        q, k, v = self.qkv(x).reshape(batch, count, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, count, dim))


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, 4 * dim), "fc2": nn.Linear(4 * dim, dim)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class VisionTransformer(nn.Module):
    """Features of some blocks as maps, as timm's features_only gives them."""

    def __init__(self, indices, dim=768, depth=12, heads=12, patch=16, side=14):
        super().__init__()
        self.indices, self.side = indices, side
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + side * side, dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))

    def forward(self, image):
        tokens = self.patch_embed["proj"](image).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(image), -1, -1), tokens], 1) + self.pos_embed
        maps = []
        for i, block in enumerate(self.blocks):
            tokens = block(tokens)
            if i in self.indices:
                maps.append(tokens[:, 1:].transpose(1, 2).reshape(len(image), -1, self.side, self.side))
        return maps


class Pyramid(nn.Module):
    """LearnedInterpolateToPyramidal."""

    def __init__(self, dim):
        super().__init__()
        self.fpn1 = nn.Sequential(nn.ConvTranspose2d(dim, dim // 2, 2, 2), nn.BatchNorm2d(dim // 2), nn.GELU(),
                                  nn.ConvTranspose2d(dim // 2, dim // 4, 2, 2))
        self.fpn2 = nn.Sequential(nn.ConvTranspose2d(dim, dim // 2, 2, 2))

    def forward(self, maps):
        return [self.fpn1(maps[0]), self.fpn2(maps[1]), maps[2], F.max_pool2d(maps[3], 2)]


class ConvModule(nn.Module):
    def __init__(self, inputs, outputs, kernel, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)), inplace=True)


def resized(x, size):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


class UperNetDecoder(nn.Module):
    def __init__(self, dims, channels, scales=(1, 2, 3, 6)):
        super().__init__()
        self.psp_modules = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(scale), ConvModule(dims[-1], channels, 1)) for scale in scales)
        self.bottleneck = ConvModule(dims[-1] + len(scales) * channels, channels, 3, 1)
        self.lateral_convs = nn.ModuleList(ConvModule(dim, channels, 1) for dim in dims[:-1])
        self.fpn_convs = nn.ModuleList(ConvModule(channels, channels, 3, 1) for _ in dims[:-1])
        self.fpn_bottleneck = ConvModule(len(dims) * channels, channels, 3, 1)

    def forward(self, maps):
        top = maps[-1]
        pooled = [resized(module(top), top.shape[2:]) for module in self.psp_modules]
        levels = [conv(each) for conv, each in zip(self.lateral_convs, maps)]
        levels.append(self.bottleneck(torch.cat([top, *pooled], 1)))
        for i in range(len(levels) - 1, 0, -1):
            levels[i - 1] = levels[i - 1] + resized(levels[i], levels[i - 1].shape[2:])
        outputs = [conv(level) for conv, level in zip(self.fpn_convs, levels)] + [levels[-1]]
        outputs[1:] = [resized(each, outputs[0].shape[2:]) for each in outputs[1:]]
        return self.fpn_bottleneck(torch.cat(outputs, 1))


class SegmentationModel(nn.Module):
    def __init__(self, arguments):
        super().__init__()
        dim, channels = 768, arguments["decoder_channels"]
        self.encoder = nn.ModuleDict({"model": VisionTransformer(arguments["backbone_out_indices"])})
        self.neck = nn.ModuleList([Pyramid(dim)])
        self.decoder = UperNetDecoder([dim // 4, dim // 2, dim, dim], channels)
        self.head = nn.ModuleDict({"head": nn.Sequential(
            nn.Identity(), nn.Identity(), nn.Conv2d(channels, arguments["num_classes"], 1))})

    def forward(self, image):
        maps = self.decoder(self.neck[0](self.encoder["model"](image)))
        return F.interpolate(self.head["head"](maps), size=image.shape[2:], mode="bilinear")


def random_workload(name):
    """A model with random weights, its arguments for a file's metadata, and its inputs."""
    batch, side, arguments = WORKLOADS[name]
    torch.manual_seed(1)
    model = SegmentationModel(arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
        nn.init.normal_(model.encoder["model"].pos_embed, std=0.5)
        nn.init.normal_(model.encoder["model"].cls_token, std=0.5)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0.0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return model.eval(), {"model_args": json.dumps(arguments)}, {"image": torch.randn(batch, 3, side, side)}


def loaded(path, arguments):
    """The model in evaluation mode with the weights of a safetensors file."""
    model = SegmentationModel(arguments)
    model.load_state_dict(read(path, "weights/"))
    return model.eval()
