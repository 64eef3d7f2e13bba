# SPDX-License-Identifier: Apache-2.0
"""ClimaNet's SpatioTemporalModel (ESMValGroup/ClimaNet at commit 4ca9a34) in PyTorch, for comparison.

Upstream's structure, state-dict keys and eager operators, written anew.
"""
import json
import math

import torch
from torch import nn

from tensors import read

MONTH_HEADS = 4
DAYS = 31
MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
WORKLOADS = {  # months, height, width, constructor arguments
    "W1": (1, 128, 128, {}),
    "W2": (12, 64, 64, {}),
    "W3": (1, 180, 360, {}),
    "W4": (2, 64, 64, {"embed_dim": 64, "hidden": 64}),
    "smoke": (2, 16, 24, {"embed_dim": 32, "hidden": 16}),
}


def sinusoids(length, width):
    """[length, width]: sines in even columns, cosines in odd ones."""
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angle = torch.arange(length).unsqueeze(1) * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=2).reshape(length, width)


class VideoEncoder(nn.Module):
    def __init__(self, in_chans, embed_dim, patch_size):
        super().__init__()
        self.proj = nn.Conv3d(2 * in_chans, embed_dim, patch_size, stride=patch_size)
        self.norm = nn.LayerNorm(embed_dim)

    def forward(self, x, mask):
        valid = (~mask).float()
        x = self.proj(torch.cat([x * valid, valid], dim=1))
        return self.norm(x.flatten(2).transpose(1, 2))


class TemporalPositionalEncoding(nn.Module):
    def __init__(self, embed_dim, max_len):
        super().__init__()
        self.register_buffer("pe", sinusoids(max_len, embed_dim))


class TemporalAttentionAggregator(nn.Module):
    def __init__(self, embed_dim, max_days, max_months):
        super().__init__()
        self.pos_days = TemporalPositionalEncoding(embed_dim, max_days)
        self.pos_months = TemporalPositionalEncoding(embed_dim, max_months)
        self.day_scorer = nn.Sequential(
            nn.LayerNorm(embed_dim), nn.Linear(embed_dim, embed_dim), nn.GELU(), nn.Linear(embed_dim, 1))
        self.month_ln = nn.LayerNorm(embed_dim)
        self.month_attn = nn.MultiheadAttention(embed_dim, MONTH_HEADS, batch_first=True)
        self.month_ffn = nn.Sequential(
            nn.LayerNorm(embed_dim), nn.Linear(embed_dim, 4 * embed_dim), nn.GELU(),
            nn.Linear(4 * embed_dim, embed_dim))

    def pool_days(self, x, months, days, padded):
        """x [B, M*T*S, E], padded [B, M, T] or None -> [B, S, M, E]."""
        batch, _, width = x.shape
        x = x.reshape(batch, months, days, -1, width).permute(0, 3, 1, 2, 4)
        x = x + self.pos_days.pe[:days]
        x = x + self.pos_months.pe[:months, None]
        logits = self.day_scorer(x).squeeze(-1)
        if padded is not None:
            logits = logits.masked_fill(padded[:, None], float("-inf"))
        return (x * logits.softmax(dim=-1).unsqueeze(-1)).sum(dim=3)

    def forward(self, x, months, days, padded):
        """x [B, M*T*S, E], padded [B, M, T] or None -> [B, M, S, E]."""
        batch, _, width = x.shape
        z = self.pool_days(x, months, days, padded).reshape(-1, months, width)
        h = self.month_ln(z)
        z = z + self.month_attn(h, h, h, need_weights=False)[0]
        z = z + self.month_ffn(z)
        return z.reshape(batch, -1, months, width).permute(0, 2, 1, 3).contiguous()


class SpatialPositionalEncoding2D(nn.Module):
    def __init__(self, embed_dim, max_h, max_w):
        super().__init__()
        self.register_buffer("pe_h", sinusoids(max_h, embed_dim // 2), persistent=False)
        self.register_buffer("pe_w", sinusoids(max_w, embed_dim // 2), persistent=False)

    def forward(self, rows, columns):
        both = self.pe_h[:rows, None] + self.pe_w[None, :columns]
        return torch.cat([both, both], dim=-1).flatten(0, 1)


class SpatialTransformer(nn.Module):
    def __init__(self, embed_dim, depth, heads):
        super().__init__()
        layer = nn.TransformerEncoderLayer(embed_dim, heads, 4 * embed_dim, activation="gelu", batch_first=True)
        self.enc = nn.TransformerEncoder(layer, depth)

    def forward(self, x):
        return self.enc(x)


class MonthlyConvDecoder(nn.Module):
    def __init__(self, embed_dim, patch, hidden, overlap, num_months):
        super().__init__()
        half = hidden // 2
        self.scale = nn.Parameter(torch.ones(num_months))
        self.bias = nn.Parameter(torch.zeros(num_months))
        self.proj = nn.Conv2d(embed_dim, hidden, 1)
        self.deconv = nn.ConvTranspose2d(
            hidden, half, [p + 2 * overlap for p in patch], stride=patch, padding=overlap)
        self.refine = nn.Sequential(
            nn.Conv2d(half, half, 3, padding=1), nn.BatchNorm2d(half), nn.GELU(),
            nn.Conv2d(half, half, 3, padding=1), nn.BatchNorm2d(half), nn.GELU())
        self.head = nn.Conv2d(half, 1, 1)

    def forward(self, latent, land):
        """latent [B, M, H', W', E], land [B, H, W] or None -> [B, M, H, W]."""
        x = latent.flatten(0, 1).permute(0, 3, 1, 2).contiguous()
        return self.maps(self.refine(self.deconv(self.proj(x))), *latent.shape[:2], land)

    def maps(self, x, batch, months, land):
        """x [B*M, C, H, W], land [B, H, W] or None -> [B, M, H, W]."""
        x = self.head(x)
        x = x.reshape(batch, months, *x.shape[2:])
        x = x * self.scale[:months, None, None] + self.bias[:months, None, None]
        return x if land is None else x.masked_fill(land[:, None], 0.0)


class SpatioTemporalModel(nn.Module):
    def __init__(self, in_chans=1, embed_dim=128, patch_size=(1, 4, 4), max_days=31, max_months=12, num_months=12,
                 hidden=256, overlap=1, max_H=256, max_W=256, spatial_depth=2, spatial_heads=4):
        super().__init__()
        self.patch_size = tuple(patch_size)
        self.encoder = VideoEncoder(in_chans, embed_dim, self.patch_size)
        self.temporal = TemporalAttentionAggregator(embed_dim, max_days, max_months)
        self.spatial_pe = SpatialPositionalEncoding2D(embed_dim, max_H, max_W)
        self.spatial_tr = SpatialTransformer(embed_dim, spatial_depth, spatial_heads)
        self.decoder = MonthlyConvDecoder(embed_dim, self.patch_size[1:], hidden, overlap, num_months)

    def forward(self, daily_data, daily_mask, land_mask_patch=None, padded_days_mask=None):
        """daily_data and daily_mask [B, C, M, T, H, W] -> [B, M, H, W]; masks are true where something is not."""
        batch, channels, months, days, height, width = daily_data.shape
        pt, ph, pw = self.patch_size
        rows, columns = height // ph, width // pw
        # A plain reshape: with several channels and several months it mixes them, as upstream does.
        video = (batch * months, channels, days, height, width)
        tokens = self.encoder(daily_data.reshape(video), daily_mask.reshape(video))
        tokens = tokens.reshape(batch, -1, tokens.shape[-1])
        if padded_days_mask is not None and pt > 1:
            padded_days_mask = padded_days_mask.reshape(batch, months, days // pt, pt).all(dim=-1)
        x = self.temporal(tokens, months, days // pt, padded_days_mask)
        x = x + self.spatial_pe(rows, columns)
        x = self.spatial_tr(x.flatten(0, 1))
        return self.decoder(x.reshape(batch, months, rows, columns, -1), land_mask_patch)


def random_model(arguments):
    """A model with weights that let no error hide: PyTorch's initial vectors are 0 or 1, and its initial matrices make
    the maps nearly constant."""
    torch.manual_seed(1)
    model = SpatioTemporalModel(**arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            else:
                parameter.mul_(2.0)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0.0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def random_inputs(batch, months, height, width):
    """Arguments of forward: 40 % missing, 30 % land, months padded to 31 days."""
    shape = (batch, 1, months, DAYS, height, width)
    mask = torch.rand(shape) < 0.4
    lengths = torch.tensor(MONTH_LENGTHS[:months])
    return {
        "daily_data": torch.randn(shape).masked_fill(mask, 0.0),
        "daily_mask": mask,
        "land_mask_patch": torch.rand(batch, height, width) < 0.3,
        "padded_days_mask": (torch.arange(DAYS) >= lengths[:, None]).repeat(batch, 1, 1),
    }


def random_workload(name):
    """A model with random weights, its arguments for a file's metadata, and its inputs."""
    months, height, width, arguments = WORKLOADS[name]
    return random_model(arguments), {"model_config": json.dumps(arguments)}, random_inputs(1, months, height, width)


def compare_with_upstream(folder, device="cpu"):
    """Shows that this model is upstream's: its results on the stored cases of a folder; the number of them."""
    cases = sorted(folder.glob("model_*.json"))
    for case in cases:
        facts = json.loads(case.read_text())
        tensors = case.with_suffix(".safetensors")
        inputs = {key: value.to(device) for key, value in read(tensors, "input/").items()}
        with torch.inference_mode():
            actual = loaded(tensors, facts["constructor"]).to(device)(**inputs)
        torch.testing.assert_close(
            actual.cpu(), read(tensors, "expected/")["monthly"], equal_nan=True, **facts["tolerance"])
    return len(cases)


def loaded(path, arguments):
    """The model in evaluation mode with the weights of a safetensors file."""
    model = SpatioTemporalModel(**arguments)
    model.load_state_dict(read(path, "weights/"))
    return model.eval()
