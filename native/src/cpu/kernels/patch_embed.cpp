// SPDX-License-Identifier: Apache-2.0
// Masked-patch embedding: pixels and mask are read once, tokens written once; masked pixels, validity channels and the
// unfolded patches exist only in a tile of about 96 tokens. For C channels, patch volume V and E outputs a token costs
// 2 (2 C V) E FLOP and 5 C V + 4 E bytes: bound by memory for the usual E of 64 to 128 and patches of 16 pixels.
#include "gemm.h"
#include "norm.h"
#include "tables.h"
#include "unfold.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileTokens = 96;

// A tile is `lines` rows of patches, or a piece of one row where a row is longer than a tile.
struct Cut {
  int64_t columns, lines_total, pieces, lines;

  explicit Cut(const PatchEmbedArgs& args)
      : columns(args.width / args.patch_w),
        lines_total(args.batch * (args.time / args.patch_t) * (args.height / args.patch_h)),
        pieces((columns + kTileTokens - 1) / kTileTokens),
        lines(pieces > 1 || columns == 0 ? 1 : kTileTokens / columns) {}
};

int64_t no_floats(const PatchEmbedArgs&) { return 0; }

int64_t scratch_floats(const PatchEmbedArgs& args) { return kTileTokens * packed(args.weights).inputs; }

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
  Rows a;
  a.taps[0] = context.scratch;
  a.tap_count = 1;
  a.stride = a.depth = weights.inputs;
  float* out = args.out + (line * cut.columns + first) * weights.outputs;
  StoreSink sink{out, weights.outputs, weights.outputs, args.bias, false, nullptr};
  product(a, lines * count, weights.packed, weights.outputs, sink);
  if (args.norm_weight != nullptr) {
    for (int64_t token = 0; token < lines * count; ++token) {
      float* row = out + token * weights.outputs;
      normalise_row(row, weights.outputs, args.norm_weight, args.norm_bias, args.eps, row);
    }
  }
}

}  // namespace

const TiledKernel<PatchEmbedArgs> kPatchEmbed = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
