// SPDX-License-Identifier: Apache-2.0
// Masked-patch embedding: patches of pixels to tokens in one product without an unfolded copy, validity channels made
// while loading, LayerNorm in the epilogue for E <= 256 (a second pass over the tokens beyond).
// 5 bytes a pixel (4 without mask) and 4 E a token; 2 K E FLOP a token: bound by memory while K < some 100.
#include "dense_output.h"
#include "operations.h"
#include "pixels.h"
#include "row_norm.h"

namespace gatun::cuda {

namespace {

struct Problem {
  Pixels pixels;
  const void* weights;
  int64_t tokens, outputs;
  RowNorm norm;
  DenseOutput output;
};

template <class Tile, bool Wide, bool Normalised>
GATUN_KERNEL(Tile::kThreads)
patch_embed_tile(Problem p) {
  using Element = typename Tile::Element;
  auto* parts = reinterpret_cast<float*>(shared_memory() + Tile::kSharedBytes);
  auto* origins = reinterpret_cast<int64_t*>(shared_memory() + Tile::kSharedBytes + 2 * Tile::kPartsBytes);
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  const int64_t first_row = block_index<0>() / across * Tile::kRows;
  const int64_t first_column = block_index<0>() % across * Tile::kColumns;
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    const int64_t token = first_row + row, line = token / p.pixels.columns, slot = line / p.pixels.lines;
    origins[row] = token < p.tokens ? p.pixels.origin(slot / p.pixels.slots, slot % p.pixels.slots,
                                                      line % p.pixels.lines, token % p.pixels.columns)
                                    : -1;
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
    if (first_row + row < p.tokens) p.output.put((first_row + row) * p.outputs, first_column + column, value, next);
  });
}

template <class Tile, bool Wide, bool Normalised>
void launch_tile(gatun_stream* stream, const Problem& p) {
  launch(stream, "patch_embed", patch_embed_tile<Tile, Wide, Normalised>,
         {blocks_for(p.tokens, Tile::kRows) * blocks_for(p.outputs, Tile::kColumns)}, Tile::kThreads,
         Tile::kSharedBytes + 2 * Tile::kPartsBytes + Tile::kRows * sizeof(int64_t), p);
}

template <class Precision, bool Wide>
void launch_precision(gatun_stream* stream, const Problem& p, bool normalised) {
  if (!normalised) return launch_tile<GemmTile<Precision, 64, 128, 2, 4>, Wide, false>(stream, p);
  if (p.outputs <= 128) return launch_tile<GemmTile<Precision, 64, 128, 2, 4>, Wide, true>(stream, p);
  launch_tile<GemmTile<Precision, 64, 256, 2, 4>, Wide, true>(stream, p);
}

}  // namespace

gatun_status patch_embed(gatun_stream* stream, const PatchEmbedArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    want_image("patch_embed", args.channels, args.height, args.width);
    const Pixels pixels(args);
    const int64_t tokens = args.batch * pixels.slots * pixels.lines * pixels.columns;
    const bool norm = args.norm_weight != nullptr, inside = norm && w.outputs <= 256;
    const Problem problem{pixels, w.memory, tokens, w.outputs,
                          {args.bias, args.norm_weight, args.norm_bias, args.eps, static_cast<int>(w.outputs)},
                          {inside ? nullptr : args.bias, nullptr, args.out, w.outputs, false}};
    const bool wide = whole_lines(w) && pixels.in_fours();
    with_precision(w.precision, [&]<class Precision>(Precision) {
      wide ? launch_precision<Precision, true>(stream, problem, inside)
           : launch_precision<Precision, false>(stream, problem, inside);
    });
    if (!norm || inside) return;
    gatun_error inner;
    if (layer_norm(stream,
                   {tokens, w.outputs, args.out, nullptr, args.norm_weight, args.norm_bias, args.eps, args.out},
                   &inner) != GATUN_OK) {
      throw Failure{static_cast<gatun_status>(inner.code), inner.text};
    }
  });
}

}  // namespace gatun::cuda
