// SPDX-License-Identifier: Apache-2.0
// Masked-patch embedding: patches of pixels to tokens in one product without an unfolded copy, validity channels made
// while loading, LayerNorm in the epilogue for E <= 256 and patches of four neighbours (else a second pass), positions
// and rounding to bf16 on the way to memory.
// 5 bytes a pixel (3 where it has 16 bits; one less without mask) and 4 E a token (2 E in bf16; positions come from the
// cache for each image but the first); 2 K E FLOP a token: bound by memory while K < some 100.
#include "operations.h"
#include "pixels.h"
#include "row_norm.h"
#include "token_output.h"

namespace gatun::cuda {

namespace {

struct Problem {
  Pixels pixels;
  const void* weights;
  int64_t tokens, outputs;
  RowNorm norm;
  TokenOutput output;
};

template <class Tile, bool Wide, bool Normalised>
GATUN_KERNEL(Tile::kThreads)
patch_embed_tile(Problem p) {
  using Element = typename Tile::Element;
  auto* parts = reinterpret_cast<float*>(shared_memory() + Tile::kSharedBytes);
  auto* origins = reinterpret_cast<int64_t*>(shared_memory() + Tile::kSharedBytes + 2 * Tile::kPartsBytes);
  int64_t* places = origins + Tile::kRows;
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  const int64_t first_row = block_index<0>() / across * Tile::kRows;
  const int64_t first_column = block_index<0>() % across * Tile::kColumns;
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    const int64_t token = first_row + row, line = token / p.pixels.columns, slot = line / p.pixels.lines;
    const int64_t image = slot / p.pixels.slots;
    origins[row] = token < p.tokens ? p.pixels.origin(image, slot % p.pixels.slots, line % p.pixels.lines,
                                                      token % p.pixels.columns)
                                    : -1;
    places[row] = token - image * p.output.period;
  }
  sync_block();
  const int depth = p.pixels.inputs();
  Tile tile;
  tile.template multiply<Wide>(
      PixelSource{p.pixels, origins},
      RowSource<Element>{static_cast<const Element*>(p.weights), first_column, p.outputs, depth}, depth,
      shared_memory());
  if constexpr (Normalised) normalise(tile, p.norm, parts);
  tile.for_pairs([&](int row, int column, float value, float next) {
    if (first_row + row < p.tokens) p.output.put(first_row + row, places[row], first_column + column, value, next);
  });
}

template <class Tile, bool Wide, bool Normalised>
void launch_tile(gatun_stream* stream, const Problem& p) {
  launch(stream, "patch_embed", patch_embed_tile<Tile, Wide, Normalised>,
         {blocks_for(p.tokens, Tile::kRows) * blocks_for(p.outputs, Tile::kColumns)}, Tile::kThreads,
         Tile::kSharedBytes + 2 * Tile::kPartsBytes + 2 * Tile::kRows * sizeof(int64_t), p);
}

template <class Precision>
void launch_precision(gatun_stream* stream, const Problem& p, bool wide, bool normalised) {
  if (!wide) return launch_tile<GemmTile<Precision, 64, 64, 2, 4>, false, false>(stream, p);
  if (!normalised) return launch_tile<GemmTile<Precision, 64, 128, 2, 4>, true, false>(stream, p);
  if (p.outputs <= 128) return launch_tile<GemmTile<Precision, 64, 128, 2, 4>, true, true>(stream, p);
  launch_tile<GemmTile<Precision, 64, 256, 2, 4>, true, true>(stream, p);
}

}  // namespace

gatun_status patch_embed(gatun_stream* stream, const PatchEmbedArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    want_image("patch_embed", args.channels, args.height, args.width);
    want_image("patch_embed", args.time, args.height, args.width);
    const Pixels pixels(args);
    const int64_t tokens = args.batch * args.tokens();
    const bool wide = whole_lines(w) && pixels.in_fours();
    const bool norm = args.norm_weight != nullptr, inside = norm && wide && w.outputs <= 256;
    const bool second = norm && !inside, rounds = args.out_dtype == GATUN_BF16;
    // Sums that are normalised later: in f32, in out itself where that is f32.
    const Scratch scratch(stream, second && rounds ? tokens * w.outputs * 4 : 0);
    float* sums = rounds ? scratch.as<float>() : static_cast<float*>(args.out);
    const TokenOutput last(inside || second ? nullptr : args.bias, args.position, args.tokens(), args.out,
                           args.out_dtype, w.outputs);
    const Problem problem{pixels, w.memory, tokens, w.outputs,
                          {args.bias, args.norm_weight, args.norm_bias, args.eps, static_cast<int>(w.outputs)},
                          second ? TokenOutput(args.bias, nullptr, args.tokens(), sums, GATUN_F32, w.outputs) : last};
    with_precision(w.precision,
                   [&]<class Precision>(Precision) { launch_precision<Precision>(stream, problem, wide, inside); });
    if (!second) return;
    normalise_rows(stream, {tokens, w.outputs, sums, nullptr, args.norm_weight, args.norm_bias, args.eps, nullptr},
                   last);
  });
}

}  // namespace gatun::cuda
