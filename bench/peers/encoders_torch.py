# SPDX-License-Identifier: Apache-2.0
"""The encoders TerraMind (TerraTorch's TerraMindViT) and TerraFM in PyTorch, for comparison. Upstream's structure,
state-dict keys and eager operators, written anew; only what the workloads use of them."""
import json

import torch
import torch.nn.functional as F
from torch import nn

from encoder_decoder_torch import Attention, Block
from tensors import read

SIDE = 224
TERRAMIND_KEYS = {"S2L2A": "untok_sen2l2a@224", "S1GRD": "untok_sen1grd@224"}
TERRAMIND_BANDS = {"S2L2A": 12, "S1GRD": 2}
WORKLOADS = {  # images, name in the backbone registry, its arguments
    f"{name}_b{batch}": (batch, backbone, arguments)
    for name, backbone, arguments in (
        ("terramind_base", "terramind_v1_base", {"modalities": list(TERRAMIND_KEYS), "merge_method": "mean"}),
        ("terrafm", "terrafm_base", {"out_indices": [11]}))
    for batch in (1, 8, 64)
}


class LayerNorm(nn.Module):
    """Without a learned bias, whose place a buffer of zeros takes."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.register_buffer("bias", torch.zeros(dim))

    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-6)


class GatedBlock(nn.Module):
    """Of the base and large sizes: SwiGLU, no biases."""

    def __init__(self, dim, heads):
        super().__init__()
        hidden = 2 * 4 * dim // 3
        self.norm1 = LayerNorm(dim)
        self.attn = Attention(dim, heads, bias=False)
        self.norm2 = LayerNorm(dim)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(dim, hidden, bias=False), "fc2": nn.Linear(hidden, dim, bias=False),
                                  "fc3": nn.Linear(dim, hidden, bias=False)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        normal = self.norm2(x)
        return x + self.mlp["fc2"](F.silu(self.mlp["fc1"](normal)) * self.mlp["fc3"](normal))


class ImageEmbedding(nn.Module):
    """Pixels of a patch, the bands of a pixel next to each other, through a product."""

    def __init__(self, bands, dim, side, patch=16):
        super().__init__()
        self.patch = patch
        self.proj = nn.Linear(patch * patch * bands, dim, bias=False)
        self.register_buffer("pos_emb", torch.zeros(1, (side // patch) ** 2, dim))
        self.mod_emb = nn.Parameter(torch.zeros(1, 1, dim))

    def forward(self, image):
        batch, bands, height, width = image.shape
        rows, columns = height // self.patch, width // self.patch
        pixels = image.reshape(batch, bands, rows, self.patch, columns, self.patch).permute(0, 2, 4, 3, 5, 1)
        return self.proj(pixels.reshape(batch, rows * columns, -1)) + self.pos_emb + self.mod_emb


class TerraMind(nn.Module):
    """Two modalities in, the mean of their tokens after each block out."""

    def __init__(self, dim=768, depth=12, heads=12, side=SIDE):
        super().__init__()
        self.encoder_embeddings = nn.ModuleDict({
            key: ImageEmbedding(TERRAMIND_BANDS[name], dim, side) for name, key in TERRAMIND_KEYS.items()})
        self.encoder = nn.ModuleList(GatedBlock(dim, heads) for _ in range(depth))
        self.encoder_norm = LayerNorm(dim)

    def layers(self, S2L2A, S1GRD):
        images = {"S2L2A": S2L2A, "S1GRD": S1GRD}
        pieces = [self.encoder_embeddings[TERRAMIND_KEYS[name]](image) for name, image in images.items()]
        tokens, layers = torch.cat(pieces, 1), []
        for block in self.encoder:
            tokens = block(tokens)
            layers.append(tokens)
        layers[-1] = self.encoder_norm(tokens)
        return [torch.stack(layer.chunk(len(images), 1)).mean(0) for layer in layers]

    def forward(self, S2L2A, S1GRD):
        return self.layers(S2L2A, S1GRD)[-1]


class TokenProjection(nn.Module):
    def __init__(self, wide, dim):
        super().__init__()
        self.proj1 = nn.Linear(wide, wide, bias=False)
        self.norm_input = nn.LayerNorm(wide)
        self.proj2 = nn.Linear(wide, wide)
        self.proj3 = nn.Linear(wide, dim)

    def forward(self, x):
        return self.proj3(self.proj2(self.norm_input(self.proj1(x))))


class PatchEmbed(nn.Module):
    """A convolution for each sensor; 12 bands take that of Level-1C, as in upstream's forward."""

    def __init__(self, dim, patch):
        super().__init__()
        wide = 3 * dim
        for sensor, bands in (("s2_l2a", 12), ("s2_l1c", 12), ("s1", 2)):
            self.add_module(f"conv2d_{sensor}", nn.Conv2d(bands, wide, patch, patch))
            self.register_parameter(f"{sensor}_embed", nn.Parameter(torch.zeros(1, wide)))
        self.projection = TokenProjection(wide, dim)

    def forward(self, image):
        radar = image.shape[1] == 2
        patches = (self.conv2d_s1 if radar else self.conv2d_s2_l1c)(image).flatten(2).transpose(1, 2)
        return self.projection(patches + (self.s1_embed if radar else self.s2_l1c_embed))


class TerraFM(nn.Module):
    """Maps of some blocks, as upstream's extract_feature."""

    def __init__(self, dim=768, depth=12, heads=12, side=SIDE, patch=16, out_indices=(11,)):
        super().__init__()
        self.out_indices, self.cells = out_indices, side // patch
        self.patch_embed = PatchEmbed(dim, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.cells**2, dim))
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def features(self, image):
        tokens = self.patch_embed(image)
        tokens = torch.cat([self.cls_token.expand(len(image), -1, -1), tokens], 1) + self.pos_embed
        maps = []
        for i, block in enumerate(self.blocks):
            tokens = block(tokens)
            if i in self.out_indices:
                maps.append(self.norm(tokens)[:, 1:].transpose(1, 2)
                            .reshape(len(image), -1, self.cells, self.cells))
        return maps

    def forward(self, image):
        return self.features(image)[-1]


def built(arguments):
    """The model of a workload, without weights of its own."""
    if arguments["backbone"].startswith("terramind"):
        return TerraMind()
    return TerraFM(out_indices=arguments["out_indices"])


def random_inputs(batch, arguments):
    """Standardised modalities for TerraMind, reflectance for TerraFM."""
    if arguments["backbone"].startswith("terramind"):
        return {name: torch.randn(batch, bands, SIDE, SIDE) for name, bands in TERRAMIND_BANDS.items()}
    return {"image": torch.rand(batch, 12, SIDE, SIDE)}


def random_workload(name):
    """A model with random weights, its arguments for a file's metadata, and its inputs."""
    batch, backbone, rest = WORKLOADS[name]
    arguments = {"backbone": backbone} | rest
    torch.manual_seed(1)
    model = built(arguments)
    with torch.no_grad():
        for key, tensor in model.state_dict(keep_vars=True).items():
            if "pos_emb" in key or "mod_emb" in key or "cls_token" in key:
                tensor.normal_(std=0.5)
            elif tensor.dim() == 1 or key.endswith("_embed"):
                tensor.add_(0.1 * torch.randn_like(tensor))
    return model.eval(), {"backbone_args": json.dumps(arguments)}, random_inputs(batch, arguments)


def loaded(path, arguments):
    """The model in evaluation mode with the weights of a safetensors file."""
    return with_weights(built(arguments), path)


def with_weights(model, path):
    model.load_state_dict(read(path, "weights/"))
    return model.eval()


def compare_with_upstream(folder, device="cpu"):
    """Shows that the encoders are upstream's: their results on stored cases below a folder; the number of them."""
    cases = [folder / "terramind" / "s2_s1_mean.safetensors", folder / "terrafm" / "s2_l1c_native.safetensors",
             folder / "terrafm" / "s1_native.safetensors"]
    cases = [case for case in cases if case.exists()]
    for case in cases:
        facts = json.loads(case.with_suffix(".json").read_text())
        given, inputs, expected = facts["constructor"], read(case, "input/"), read(case, "expected/")
        inputs = {key: value.to(device) for key, value in inputs.items()}
        with torch.inference_mode():
            if facts["family"] == "terramind":
                model = TerraMind(given["dim"], given["encoder_depth"], given["num_heads"], given["img_size"])
                actual = with_weights(model, case).to(device).layers(**inputs)
                kind = "layers"
            else:
                model = TerraFM(given["embed_dim"], given["depth"], given["num_heads"], given["img_size"][0],
                                given["patch_size"], facts["forward"]["out_indices"])
                actual = with_weights(model, case).to(device).features(inputs["x"])
                kind = "features"
        for i, value in enumerate(actual):
            torch.testing.assert_close(value.cpu(), expected[f"{kind}/{i}"], **facts["tolerance"])
    return len(cases)
