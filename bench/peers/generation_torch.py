# SPDX-License-Identifier: Apache-2.0
"""TerraMind's generation (TerraTorch's TerraMindGeneration, VQVAE and DiVAE) in PyTorch, for comparison. Upstream's
structure, state-dict keys and order of work, written anew; only what the workloads use of it: images in, one decoding
step at temperature 0, LULC or images by diffusion out. Nothing is kept from one output, step or call to the next that
upstream does not keep. The noise that a diffusion begins with is Gatun's (Philox), drawn once."""
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from encoder_decoder_torch import Block
from encoders_torch import SIDE, GatedBlock, ImageEmbedding, LayerNorm, with_weights
from tensors import read

PATCH = 16
SIZES = {  # dim, blocks of the encoder and the decoder, heads, whether blocks are gated and without biases
    "terramind_v1_tiny_generate": (192, 12, 4, 3, False),
    "terramind_v1_base_generate": (768, 12, 12, 12, True),
}
INPUTS = {"S2L2A": ("untok_sen2l2a@224", 12), "S1GRD": ("untok_sen1grd@224", 2), "DEM": ("untok_dem@224", 1)}
TARGETS = {  # key, channels, levels of the code book
    "LULC": ("tok_lulc@224", 10, (7, 5, 5, 5, 5)),
    "NDVI": ("tok_ndvi@224", 1, (8, 8, 8, 6, 5)),
    "DEM": ("tok_dem@224", 1, (8, 8, 8, 6, 5)),
    "S1GRD": ("tok_sen1grd@224", 2, (8, 8, 8, 6, 5)),
}
VIT_B = {"dim_tokens": 768, "depth": 12, "num_heads": 12}
SMALL = {"dim_tokens": 64, "depth": 2, "num_heads": 2}
SMOKE = {"encoder": SMALL, "decoder": SMALL, "unet": {"model_channels": 32, "num_res_blocks": 1}}


def workload(name, output, batch, timesteps):
    return batch, {
        "backbone": name, "modalities": ["S2L2A"], "output_modalities": [output], "temps": 0, "timesteps": timesteps,
        "seed": 0}


WORKLOADS = {  # images, name in the backbone registry and its arguments
    f"terramind_base_generate_{output.lower()}{suffix}_b{batch}":
        workload("terramind_v1_base_generate", output, batch, timesteps)
    for output, suffix, timesteps in (("LULC", "", 10), ("DEM", "", 10), ("S1GRD", "", 10), ("DEM", "_1step", 1))
    for batch in (1, 4)
} | {f"generate_smoke_{output.lower()}": workload("terramind_v1_tiny_generate", output, 2, 3)
     for output in ("LULC", "S1GRD")}
PEERS = ("eager",)


class CrossAttention(nn.Module):
    def __init__(self, dim, heads, bias):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim, bias=bias)
        self.kv = nn.Linear(dim, 2 * dim, bias=bias)
        self.proj = nn.Linear(dim, dim, bias=bias)

    def forward(self, x, context):
        batch, count, dim = x.shape
        q = self.q(x).reshape(batch, count, self.heads, -1).transpose(1, 2)
        k, v = self.kv(context).reshape(batch, context.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, count, dim))


def encoder_block(dim, heads, gated):
    return GatedBlock(dim, heads) if gated else Block(dim, heads)


class DecoderBlock(nn.Module):
    """The parts of an encoder's block, with attention to the context between them."""

    def __init__(self, dim, heads, gated):
        super().__init__()
        block = encoder_block(dim, heads, gated)
        self.norm1, self.self_attn = block.norm1, block.attn
        self.query_norm, self.context_norm = LayerNorm(dim), LayerNorm(dim)
        self.cross_attn = CrossAttention(dim, heads, bias=not gated)
        self.norm2, self.mlp = block.norm2, block.mlp

    def forward(self, x, context):
        x = x + self.self_attn(self.norm1(x))
        x = x + self.cross_attn(self.query_norm(x), self.context_norm(context))
        normal, mlp = self.norm2(x), self.mlp
        hidden = F.silu(mlp["fc1"](normal)) * mlp["fc3"](normal) if "fc3" in mlp else F.gelu(mlp["fc1"](normal))
        return x + mlp["fc2"](hidden)


class Target(nn.Module):
    """What the decoder has of a modality that it finds; tokens are scored by their own embeddings."""

    def __init__(self, vocabulary, dim, cells):
        super().__init__()
        self.register_buffer("pos_emb", torch.zeros(1, cells, dim))
        self.mod_emb = nn.Parameter(torch.zeros(1, 1, dim))
        self.token_emb = nn.Embedding(vocabulary, dim)
        self.to_logits = nn.Linear(dim, vocabulary, bias=False)
        self.to_logits.weight = self.token_emb.weight


class EncoderDecoder(nn.Module):
    """Upstream's TerraMind: from images to scores of the tokens of one modality."""

    def __init__(self, inputs, vocabularies, dim, encoder_depth, decoder_depth, heads, gated, side):
        super().__init__()
        self.encoder_embeddings = nn.ModuleDict({
            INPUTS[name][0]: ImageEmbedding(INPUTS[name][1], dim, side) for name in inputs})
        self.decoder_embeddings = nn.ModuleDict({
            key: Target(size, dim, (side // PATCH) ** 2) for key, size in vocabularies.items()})
        self.encoder = nn.ModuleList(encoder_block(dim, heads, gated) for _ in range(encoder_depth))
        self.encoder_norm = LayerNorm(dim)
        self.decoder_proj_context = nn.Linear(dim, dim)
        self.decoder = nn.ModuleList(DecoderBlock(dim, heads, gated) for _ in range(decoder_depth))
        self.decoder_norm = LayerNorm(dim)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, dim))

    def scores(self, images, key, order):
        """[B, N, V] of the tokens in an order [B, N]."""
        embeddings = {name: self.encoder_embeddings[INPUTS[name][0]] for name in images}
        x = torch.cat([embeddings[name](image) for name, image in images.items()], 1)
        places = torch.cat([each.pos_emb + each.mod_emb for each in embeddings.values()], 1)
        for block in self.encoder:
            x = block(x)
        context = self.decoder_proj_context(self.encoder_norm(x)) + places
        target = self.decoder_embeddings[key]
        own = (target.pos_emb + target.mod_emb).expand(len(x), -1, -1)
        y = self.mask_token + torch.gather(own, 1, order[..., None].expand(-1, -1, own.shape[2]))
        for block in self.decoder:
            y = block(y, context)
        return target.to_logits(self.decoder_norm(y))


class Transformer(nn.Module):
    """That of a tokenizer; its table of positions is resampled in each call."""

    def __init__(self, cells, dim_tokens, depth, num_heads, **_):
        super().__init__()
        dim = dim_tokens
        self.pos_emb = nn.Parameter(torch.zeros(1, dim, cells, cells))
        self.blocks = nn.Sequential(*(Block(dim, num_heads) for _ in range(depth)))
        self.norm_mlp = nn.LayerNorm(dim, eps=1e-6)
        self.post_mlp = nn.ModuleDict({"fc1": nn.Linear(dim, 4 * dim), "fc2": nn.Linear(4 * dim, dim)})

    def forward(self, cells):
        places = F.interpolate(self.pos_emb, cells.shape[2:], mode="bicubic", align_corners=False)
        x = self.blocks((cells + places).flatten(2).transpose(1, 2))
        return x + self.post_mlp["fc2"](torch.tanh(self.post_mlp["fc1"](self.norm_mlp(x))))


class Tokenizer(nn.Module):
    """The encoder, which a generation of images has in memory and does not run, and the code book."""

    def __init__(self, channels, levels, patch, cells, encoder):
        super().__init__()
        self.patch, self.levels = patch, torch.tensor(levels)
        self.basis = torch.cumprod(torch.tensor([1, *levels[:-1]]), 0)
        self.encoder = Transformer(cells, **encoder)
        self.encoder.proj = nn.Conv2d(channels, encoder["dim_tokens"], patch, patch)
        self.quant_proj = nn.Conv2d(encoder["dim_tokens"], len(levels), 1)

    def codes(self, tokens):
        """[B, levels, rows, columns], 0 to 1."""
        numbers = tokens[..., None] // self.basis % self.levels
        return (numbers / (self.levels - 1)).permute(0, 3, 1, 2)


class VQVAE(Tokenizer):
    def __init__(self, channels, levels, patch, cells, encoder, decoder):
        super().__init__(channels, levels, patch, cells, encoder)
        dim = decoder["dim_tokens"]
        self.channels = channels
        self.post_quant_proj = nn.Conv2d(len(levels), dim, 1)
        self.decoder = Transformer(cells, **decoder)
        self.decoder.out_proj = nn.Linear(dim, channels * patch * patch)

    def decode(self, tokens):
        cells = self.post_quant_proj(self.codes(tokens))
        batch, _, rows, columns = cells.shape
        pixels = self.decoder.out_proj(self.decoder(cells))
        pixels = pixels.reshape(batch, rows, columns, self.channels, self.patch, self.patch)
        return pixels.permute(0, 3, 1, 4, 2, 5).reshape(batch, self.channels, rows * self.patch, columns * self.patch)


class ResBlock(nn.Module):
    def __init__(self, inputs, outputs, time):
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(32, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time, outputs))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, outputs), nn.SiLU(), nn.Identity(), nn.Conv2d(outputs, outputs, 3, padding=1))
        self.skip_connection = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time):
        h = self.in_layers(x) + self.emb_layers(time)[..., None, None]
        return self.skip_connection(x) + self.out_layers(h)


class SpatialAttention(nn.Module):
    """One head."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(32, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)

    def forward(self, x, _):
        flat = x.flatten(2)
        q, k, v = self.qkv(self.norm(flat)).chunk(3, 1)
        scale = q.shape[1] ** -0.25
        weight = torch.softmax((q * scale).transpose(1, 2) @ (k * scale), -1)
        return (flat + self.proj_out(v @ weight.transpose(1, 2))).reshape(x.shape)


class Resized(nn.Module):
    """A convolution, of half the rows and columns (`op`) or of twice as many (`conv`), or the first one."""

    def __init__(self, name, channels):
        super().__init__()
        self.add_module(name, nn.Conv2d(channels, channels, 3, 2 if name == "op" else 1, padding=1))

    def forward(self, x, _):
        return self.op(x) if hasattr(self, "op") else self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class UNet(nn.Module):
    """PatchedUNetCondCat: the pixels of a patch are channels, and the codes of the tokens stand behind them."""

    def __init__(self, channels, levels, patch_size=4, model_channels=256, num_res_blocks=3,
                 attention_resolutions=(4, 8), channel_mult=(1, 2, 2, 2)):
        super().__init__()
        self.patch, self.width, self.attention = patch_size, model_channels, attention_resolutions
        width, pixels = model_channels, channels * patch_size**2
        self.time_embed = nn.Sequential(nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width))
        current, reduction = channel_mult[0] * width, 1
        self.input_blocks = nn.ModuleList([nn.ModuleList([nn.Conv2d(pixels + levels, current, 3, padding=1)])])
        skips = [current]
        for level, factor in enumerate(channel_mult):
            for _ in range(num_res_blocks):
                self.input_blocks.append(self.block(current, factor * width, reduction))
                current = factor * width
                skips.append(current)
            if level < len(channel_mult) - 1:
                self.input_blocks.append(nn.ModuleList([Resized("op", current)]))
                skips.append(current)
                reduction *= 2
        self.middle_block = nn.ModuleList([
            ResBlock(current, current, 4 * width), SpatialAttention(current), ResBlock(current, current, 4 * width)])
        self.output_blocks = nn.ModuleList()
        for level, factor in reversed(list(enumerate(channel_mult))):
            for i in range(num_res_blocks + 1):
                block = self.block(current + skips.pop(), factor * width, reduction)
                current = factor * width
                if level > 0 and i == num_res_blocks:
                    block.append(Resized("conv", current))
                    reduction //= 2
                self.output_blocks.append(block)
        self.out = nn.Sequential(nn.GroupNorm(32, current), nn.SiLU(), nn.Conv2d(current, pixels, 3, padding=1))

    def block(self, inputs, outputs, reduction):
        parts = [ResBlock(inputs, outputs, 4 * self.width)]
        return nn.ModuleList(parts + [SpatialAttention(outputs)] * (reduction in self.attention))

    def time(self, timestep):
        half = self.width // 2
        angles = timestep * torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32) / half)
        return self.time_embed(torch.cat([torch.cos(angles), torch.sin(angles)])[None])

    def forward(self, image, timestep, codes):
        batch, channels, height, width = image.shape
        p, rows, columns = self.patch, height // self.patch, width // self.patch
        x = image.reshape(batch, channels, rows, p, columns, p).permute(0, 1, 3, 5, 2, 4)
        condition = F.interpolate(codes, (rows, columns), mode="nearest")
        x = torch.cat([x.reshape(batch, -1, rows, columns), condition], 1)
        time, skips = self.time(timestep), []
        x = self.input_blocks[0][0](x)
        skips.append(x)
        for block in self.input_blocks[1:]:
            for part in block:
                x = part(x, time)
            skips.append(x)
        for part in self.middle_block:
            x = part(x, time)
        for block in self.output_blocks:
            x = torch.cat([x, skips.pop()], 1)
            for part in block:
                x = part(x, time)
        x = self.out(x).reshape(batch, channels, p, p, rows, columns)
        return x.permute(0, 1, 4, 2, 5, 3).reshape(image.shape)


class DiVAE(Tokenizer):
    def __init__(self, channels, levels, patch, cells, encoder, unet):
        super().__init__(channels, levels, patch, cells, encoder)
        self.decoder = UNet(channels, len(levels), **unet)
        roots = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0).sqrt()
        self.alphas = ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2  # nothing is left at the end

    def decode(self, tokens, noise, timesteps):
        """DDIM without randomness; the network predicts the image, which upstream's thresholding cuts off at 1."""
        codes, image, step = self.codes(tokens), noise, 1000 // timesteps
        for t in range(999, -1, -step):
            predicted = self.decoder(image, t, codes)
            alpha = self.alphas[t]
            before = self.alphas[t - step] if t >= step else torch.tensor(1.0)
            direction = (image - alpha.sqrt() * predicted) / (1 - alpha).sqrt()
            flat = predicted.flatten(1)
            most = torch.quantile(flat.abs(), 0.995, dim=1).clamp(1, 1)[:, None]
            kept = (flat.clamp(-most, most) / most).reshape(predicted.shape)
            image = before.sqrt() * kept + (1 - before).sqrt() * direction
        return image


class Generation(nn.Module):
    """From images to one image of each target, by its tokens."""

    def __init__(self, inputs, targets, tokenizers, size, side, timesteps=50):
        super().__init__()
        self.targets, self.timesteps, self.noise = targets, timesteps, {}
        vocabularies = {TARGETS[name][0]: math.prod(tokenizers[name].levels.tolist()) for name in targets}
        self.sampler = nn.ModuleDict({"model": EncoderDecoder(inputs, vocabularies, *size, side)})
        self.tokenizer = nn.ModuleDict({TARGETS[name][0]: tokenizers[name] for name in targets})

    def draw(self, seed, batch, side=SIDE):
        """Where diffusions begin: the numbers that Gatun draws for the samples of a batch."""
        for i, name in enumerate(self.targets):
            own = (seed ^ (i + 1) * 0x9E3779B97F4A7C15) & (1 << 64) - 1
            channels = TARGETS[name][1]
            samples = [normals(own, sample << 40, channels * side * side) for sample in range(batch)]
            self.noise[name] = torch.stack(samples).reshape(batch, channels, side, side)

    def outputs(self, images):
        """Upstream encodes the images again for each target."""
        some, outputs = next(iter(images.values())), {}
        batch, cells = len(some), (some.shape[2] // PATCH, some.shape[3] // PATCH)
        for name in self.targets:
            key = TARGETS[name][0]
            order = torch.argsort(torch.rand(math.prod(cells)))[None].expand(batch, -1)
            found = self.sampler["model"].scores(images, key, order).argmax(-1)
            tokens = torch.zeros_like(found).scatter(1, order, found).reshape(batch, *cells)
            tokenizer = self.tokenizer[key]
            outputs[name] = (tokenizer.decode(tokens) if isinstance(tokenizer, VQVAE)
                             else tokenizer.decode(tokens, self.noise[name], self.timesteps))
        return outputs

    def forward(self, **images):
        return self.outputs(images)[self.targets[-1]]


def normals(seed, counter, count):
    """Standard normal numbers of Philox4x32-10 by Box and Muller, as io.gatun.core.Philox draws them."""
    low, bits = np.uint64(0xFFFFFFFF), np.uint64(32)
    counters = np.arange(counter, counter + -(-count // 4), dtype=np.uint64)
    words = [counters & low, counters >> bits, np.ones_like(counters), np.zeros_like(counters)]
    left, right = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        one, other = words[0] * np.uint64(0xD2511F53), words[2] * np.uint64(0xCD9E8D57)
        words = [other >> bits ^ words[1] ^ np.uint64(left), other & low,
                 one >> bits ^ words[3] ^ np.uint64(right), one & low]
        left, right = left + 0x9E3779B9 & 0xFFFFFFFF, right + 0xBB67AE85 & 0xFFFFFFFF
    numbers = []
    for first, second in (words[:2], words[2:]):
        radius = np.sqrt(-2 * np.log((first + np.uint64(1)) * 2.0**-32))
        angle = 2 * np.pi * (second * 2.0**-32)
        numbers += [radius * np.cos(angle), radius * np.sin(angle)]
    return torch.from_numpy(np.stack(numbers, 1).reshape(-1)[:count].astype(np.float32))


def built(arguments):
    """The model of a workload, without weights of its own."""
    name, targets = arguments["backbone"], arguments["output_modalities"]
    small = SMOKE if "tiny" in name else {}
    tokenizers = {}
    for target in targets:
        _, channels, levels = TARGETS[target]
        parts = channels, levels, PATCH, 256 // PATCH, small.get("encoder", VIT_B)
        tokenizers[target] = (VQVAE(*parts, small.get("decoder", VIT_B)) if target == "LULC"
                              else DiVAE(*parts, small.get("unet", {})))
    return Generation(arguments["modalities"], targets, tokenizers, SIZES[name], SIDE, arguments["timesteps"])


def random_workload(name):
    """A model with random weights, its arguments for a file's metadata, and its inputs."""
    batch, arguments = WORKLOADS[name]
    torch.manual_seed(1)
    model = built(arguments)
    with torch.no_grad():
        for key, tensor in model.state_dict(keep_vars=True).items():
            if "pos_emb" in key or "mod_emb" in key or key.endswith("mask_token"):
                tensor.normal_(std=0.5)
            elif tensor.dim() == 1:
                tensor.add_(0.1 * torch.randn_like(tensor))
    inputs = {each: torch.randn(batch, INPUTS[each][1], SIDE, SIDE) for each in arguments["modalities"]}
    return model.eval(), {"backbone_args": json.dumps(arguments)}, inputs


def loaded(path, arguments):
    """The model in evaluation mode with the weights of a safetensors file, and with its noise."""
    model = with_weights(built(arguments), path)
    model.draw(arguments["seed"], len(next(iter(read(path, "input/").values()))))
    return model


def close(actual, expected, facts):
    torch.testing.assert_close(actual, expected, **facts["tolerance"])


def compare_with_upstream(folder):
    """Shows that this is upstream's generation: its results on stored cases below a folder; the number of them."""
    cases = [folder / "terramind_generation" / f"generate_{name}.safetensors"
             for name in ("gated_lulc_ndvi", "plain_lulc")]
    cases += [folder / "terramind_tokenizer" / f"{name}.safetensors"
              for name in ("vqvae_lulc_like", "vqvae_lulc_class_ids", "divae_a")]
    cases = [case for case in cases if case.exists()]
    for case in cases:
        facts = json.loads(case.with_suffix(".json").read_text())
        expected = read(case, "expected/")
        with torch.inference_mode():
            if facts["family"] == "terramind_generation":
                compare_generation(case, facts["constructor"], expected, facts)
            else:
                compare_tokenizer(case, facts["constructor"], expected, facts)
    return len(cases)


def stored_tokenizer(given):
    """The tokenizer of a stored case."""
    sizes = {"dim_tokens", "depth", "num_heads"}
    own = {key: given[key] for key in sizes & given.keys()}
    parts = (given["n_channels"], [int(level) for level in given["codebook_size"].split("-")], given["patch_size"],
             given["image_size"] // given["patch_size"], given.get("encoder", own))
    return DiVAE(*parts, given["unet"]) if "unet" in given else VQVAE(*parts, given.get("decoder", own))


def compare_generation(case, given, expected, facts):
    targets = given["output_modalities"]
    size = [given[key] for key in ("dim", "encoder_depth", "decoder_depth", "num_heads", "gated_mlp")]
    model = with_weights(Generation(
        given["modalities"], targets, {name: stored_tokenizer(given["tokenizer"]) for name in targets}, size,
        given["img_size"]), case)
    images = read(case, "input/")
    for i, name in enumerate(targets):
        order = expected[f"steps/{i}/positions"]
        scores = model.sampler["model"].scores(images, TARGETS[name][0], order)
        close(scores, expected[f"steps/{i}/logits"], facts)
        close(scores.argmax(-1), expected[f"steps/{i}/tokens"], facts)
    for name, image in model.outputs(images).items():
        close(image, expected[f"images/{name}"], facts)


def compare_tokenizer(case, given, expected, facts):
    model = with_weights(stored_tokenizer(given), case)
    tokens = expected["tokens"]
    close(model.codes(tokens), expected["quant"], facts)
    if isinstance(model, VQVAE):
        close(model.decode(tokens), expected["decoded"], facts)
        return
    noise, forward = read(case, "input/")["noise"], facts["forward"]
    close(model.decoder(noise, 500, expected["quant"]), expected["unet_t500"], facts)
    close(model.decode(tokens, noise, forward["timesteps"]), expected["decoded"], facts)
