// SPDX-License-Identifier: Apache-2.0
// Linear with bias, exact GELU and residual in the epilogue: out [M, N] = gelu(x [M, K] w [N, K]^T + bias) + residual.
// 2 M N K FLOP; 4 (M K + M N (1 or 2)) + N K (4 or 2) bytes. A tile of 128 x 128 does 32 FLOP a byte of L2 traffic.
// On paper, at the sizes of the models (K 128 to 512): memory in fast and reduced, matrix units (three products in the
// place of one) in strict from K = 256 on.
#include "gemm_tile.h"
#include "linear_plan.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

struct Problem {
  const float* x;
  const void* weights;
  const float *bias, *residual;
  float* out;
  int64_t rows, outputs, inputs;
  bool gelu, pairs;  // pairs: rows of the result and bias are aligned to two elements
};

GATUN_DEVICE float finish(const Problem& p, float value, int64_t column) {
  if (p.bias != nullptr) value += p.bias[column];
  return p.gelu ? gelu(value) : value;
}

template <class Tile, bool Wide>
GATUN_KERNEL(Tile::kThreads)
linear_tile(Problem p) {
  using Element = typename Tile::Element;
  // Blocks that run together share rows of x: columns first.
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  const int64_t first_row = block_index<0>() / across * Tile::kRows;
  const int64_t first_column = block_index<0>() % across * Tile::kColumns;
  Tile tile;
  tile.template multiply<Wide>(
      RowSource<float>{p.x, first_row, p.rows, p.inputs},
      RowSource<Element>{static_cast<const Element*>(p.weights), first_column, p.outputs, p.inputs}, p.inputs);
  tile.for_pairs([&](int tile_row, int tile_column, float value, float next) {
    const int64_t row = first_row + tile_row, column = first_column + tile_column;
    if (row >= p.rows || column >= p.outputs) return;
    const int64_t at = row * p.outputs + column;
    const bool both = column + 1 < p.outputs;
    value = finish(p, value, column);
    if (both) next = finish(p, next, column + 1);
    if (p.pairs && both) {
      Float2 result{{value, next}};
      if (p.residual != nullptr) {
        const Float2 more = *reinterpret_cast<const Float2*>(p.residual + at);
        result = {{value + more.at[0], next + more.at[1]}};
      }
      *reinterpret_cast<Float2*>(p.out + at) = result;
      return;
    }
    p.out[at] = p.residual != nullptr ? value + p.residual[at] : value;
    if (both) p.out[at + 1] = p.residual != nullptr ? next + p.residual[at + 1] : next;
  });
}

template <class Tile, bool Wide>
void launch_tile(gatun_stream* stream, const Problem& p) {
  const int64_t down = (p.rows + Tile::kRows - 1) / Tile::kRows;
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  launch(stream, "linear", linear_tile<Tile, Wide>, {down * across}, Tile::kThreads, Tile::kSharedBytes, p);
}

template <class Precision>
void launch_precision(gatun_stream* stream, const Problem& p, bool wide) {
  if (!wide) return launch_tile<GemmTile<Precision, 64, 64, 2, 4>, false>(stream, p);
  switch (linear_plan(p.rows, p.outputs, limits(stream)).tile) {
    case LinearTile::large: return launch_tile<GemmTile<Precision, 128, 128, 2, 4>, true>(stream, p);
    case LinearTile::medium: return launch_tile<GemmTile<Precision, 128, 64, 4, 2>, true>(stream, p);
    case LinearTile::small: return launch_tile<GemmTile<Precision, 64, 64, 2, 4>, true>(stream, p);
    case LinearTile::least: return launch_tile<GemmTile<Precision, 32, 64, 2, 4>, true>(stream, p);
  }
}

bool aligned(const void* address, uintptr_t bytes) { return reinterpret_cast<uintptr_t>(address) % bytes == 0; }

}  // namespace

gatun_status linear(gatun_stream* stream, const LinearArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& weights = static_cast<const DeviceWeights&>(*args.weights);
    const int64_t outputs = weights.outputs, inputs = weights.inputs;
    const Problem problem{args.x, weights.memory, args.bias, args.residual, args.out, args.rows, outputs, inputs,
                          args.activation == GATUN_ACT_GELU,
                          outputs % 2 == 0 && aligned(args.residual, 8) && aligned(args.out, 8)};
    const bool wide = inputs % (weights.precision == GATUN_REDUCED ? 8 : 4) == 0 && aligned(args.x, 16);
    with_precision(weights.precision, [&]<class Precision>(Precision) {
      launch_precision<Precision>(stream, problem, wide);
    });
  });
}

}  // namespace gatun::cuda
