// SPDX-License-Identifier: Apache-2.0
// Masked-patch embedding: pixels and mask are read once, tokens written once; masked pixels, validity channels and the
// unfolded patches exist only in a tile of about 96 tokens. For C channels, patch volume V and E outputs a token costs
// 2 (2 C V) E FLOP and 5 C V + 4 E bytes (3 C V for pixels of 16 bits, 2 E for bf16 tokens): bound by memory for the
// usual E of 64 to 128 and patches of 16 pixels. LayerNorm, positions and rounding to bf16 find rows in the cache.
#include "gemm.h"
#include "norm.h"
#include "tables.h"
#include "unfold.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileTokens = 96;

// A tile is `lines` rows of patches, or a piece of one row where a row is longer than a tile.
struct Cut {
  int64_t columns, lines_of_image, lines_total, pieces, lines;

  explicit Cut(const PatchEmbedArgs& args)
      : columns(args.width / args.patch_w), lines_of_image(args.time / args.patch_t * (args.height / args.patch_h)),
        lines_total(args.batch * lines_of_image), pieces((columns + kTileTokens - 1) / kTileTokens),
        lines(pieces > 1 || columns == 0 ? 1 : kTileTokens / columns) {}
};

int64_t no_floats(const PatchEmbedArgs&) { return 0; }

// Tokens in f32, before they are rounded, lie behind the patches.
int64_t scratch_floats(const PatchEmbedArgs& args) {
  const PackedWeights& weights = packed(args.weights);
  return kTileTokens * (weights.inputs + (args.out_dtype == GATUN_BF16 ? weights.outputs : 0));
}

int64_t tiles(const PatchEmbedArgs& args, int) {
  const Cut cut(args);
  return (cut.lines_total + cut.lines - 1) / cut.lines * cut.pieces;
}

void tile(const PatchEmbedArgs& args, const TileContext& context, int, int64_t index) {
  const Cut cut(args);
  const PackedWeights& weights = packed(args.weights);
  const int64_t line = index / cut.pieces * cut.lines, first = index % cut.pieces * kTileTokens;
  const int64_t lines = min(cut.lines, cut.lines_total - line), count = min(kTileTokens, cut.columns - first);
  for (int64_t i = 0; i < lines; ++i) {
    unfold(args, line + i, first, count, context.scratch + i * count * weights.inputs, weights.inputs);
  }
  const int64_t embed = weights.outputs, first_token = line * cut.columns + first;
  const bool rounds = args.out_dtype == GATUN_BF16;
  float* tokens = rounds ? context.scratch + kTileTokens * weights.inputs
                         : static_cast<float*>(args.out) + first_token * embed;
  StoreSink sink{tokens, embed, embed, args.bias, GATUN_ACT_NONE, nullptr};
  const int64_t made = lines * count;
  with_elements(args.weights->precision, [&](auto element) {
    using Element = decltype(element);
    product(rows_of<Element>(context.scratch, made, weights.inputs), made, panels_of<Element>(args.weights), embed,
            sink);
  });
  if (args.norm_weight != nullptr) {
    for (int64_t token = 0; token < made; ++token) {
      float* row = tokens + token * embed;
      normalise_row(row, embed, args.norm_weight, args.norm_bias, args.eps, row);
    }
  }
  if (args.position != nullptr) {
    const int64_t image = cut.lines_of_image * cut.columns;
    for (int64_t token = 0; token < made; ++token) {
      float* row = tokens + token * embed;
      add_row(row, args.position + (first_token + token) % image * embed, embed, row);
    }
  }
  if (rounds) {
    uint16_t* to = static_cast<uint16_t*>(args.out) + first_token * embed;
    for (int64_t i = 0; i < made * embed; ++i) to[i] = to_bf16(tokens[i]);
  }
}

}  // namespace

const TiledKernel<PatchEmbedArgs> kPatchEmbed = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
