// SPDX-License-Identifier: Apache-2.0
// Masked-patch embedding: pixels and mask are read once, tokens written once; masked pixels, validity channels and the
// unfolded patches exist only in a tile of about 96 tokens. For C channels, patch volume V and E outputs a token costs
// 2 (2 C V) E FLOP and 5 C V + 4 E bytes: bound by memory for the usual E of 64 to 128 and patches of 16 pixels.
#include "gemm.h"
#include "norm.h"
#include "tables.h"

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

template <int Validity>
bool present(const PatchEmbedArgs& args, int64_t at) {
  if (Validity == GATUN_VALIDITY_MASK) return args.mask[at] == 0;
  if (Validity == GATUN_VALIDITY_NAN) return args.x[at] == args.x[at];
  if (Validity == GATUN_VALIDITY_FILL) return args.x[at] != args.fill_value;
  return true;
}

// Unfolds `count` patches of one line, from column `first` on, into rows of the matrix.
template <int Validity>
void unfold(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows) {
  const int64_t patch_rows = args.height / args.patch_h, patch_times = args.time / args.patch_t;
  const int64_t row = line % patch_rows, time = line / patch_rows % patch_times, batch = line / patch_rows / patch_times;
  const int64_t depth = packed(args.weights).inputs, volume = args.patch_t * args.patch_h * args.patch_w;
  const int64_t pw = args.patch_w, validity_at = args.channels * volume;
  for (int64_t c = 0; c < args.channels; ++c) {
    for (int64_t dt = 0; dt < args.patch_t; ++dt) {
      for (int64_t dy = 0; dy < args.patch_h; ++dy) {
        const int64_t t = time * args.patch_t + dt, y = row * args.patch_h + dy;
        int64_t at = (((batch * args.channels + c) * args.time + t) * args.height + y) * args.width + first * pw;
        float* to = rows + c * volume + (dt * args.patch_h + dy) * pw;
        for (int64_t i = 0; i < count; ++i, to += depth, at += pw) {
          for (int64_t dx = 0; dx < pw; ++dx) {
            const bool here = present<Validity>(args, at + dx);
            // Chosen, not multiplied: whatever lies under the mask never takes part in arithmetic.
            to[dx] = here ? args.x[at + dx] : 0.0f;
            if (Validity != GATUN_VALIDITY_NONE) to[validity_at + dx] = here ? 1.0f : 0.0f;
          }
        }
      }
    }
  }
}

void unfold_any(const PatchEmbedArgs& args, int64_t line, int64_t first, int64_t count, float* rows) {
  switch (args.validity) {
    case GATUN_VALIDITY_MASK: return unfold<GATUN_VALIDITY_MASK>(args, line, first, count, rows);
    case GATUN_VALIDITY_NAN: return unfold<GATUN_VALIDITY_NAN>(args, line, first, count, rows);
    case GATUN_VALIDITY_FILL: return unfold<GATUN_VALIDITY_FILL>(args, line, first, count, rows);
    default: return unfold<GATUN_VALIDITY_NONE>(args, line, first, count, rows);
  }
}

void tile(const PatchEmbedArgs& args, const TileContext& context, int, int64_t index) {
  const Cut cut(args);
  const PackedWeights& weights = packed(args.weights);
  const int64_t line = index / cut.pieces * cut.lines, first = index % cut.pieces * kTileTokens;
  const int64_t lines = min(cut.lines, cut.lines_total - line), count = min(kTileTokens, cut.columns - first);
  for (int64_t i = 0; i < lines; ++i) {
    unfold_any(args, line + i, first, count, context.scratch + i * count * weights.inputs);
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
