// SPDX-License-Identifier: Apache-2.0
// Linear with bias, activation and residual in the epilogue: out [M, N] = act(x [M, K] w [N, K]^T + bias) + residual.
// 2 M N K FLOP; 4 (M K + M N (1 or 2)) + N K (4 or 2) bytes. A tile of 128 x 128 does 32 FLOP a byte of L2 traffic.
// On paper, at the sizes of the models (K 128 to 512): memory in fast and reduced, matrix units (three products in the
// place of one) in strict from K = 256 on.
#include "dense_output.h"
#include "gemm_tile.h"
#include "linear_plan.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

struct Problem {
  const float* x;
  const void* weights;
  int64_t rows, outputs, inputs;
  DenseOutput output;
};

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
      RowSource<Element>{static_cast<const Element*>(p.weights), first_column, p.outputs, p.inputs}, p.inputs,
      shared_memory());
  tile.for_pairs([&](int row, int column, float value, float next) {
    if (first_row + row < p.rows) p.output.put((first_row + row) * p.outputs, first_column + column, value, next);
  });
}

template <class Tile, bool Wide>
void launch_tile(gatun_stream* stream, const Problem& p) {
  launch(stream, "linear", linear_tile<Tile, Wide>,
         {blocks_for(p.rows, Tile::kRows) * blocks_for(p.outputs, Tile::kColumns)}, Tile::kThreads,
         Tile::kSharedBytes, p);
}

}  // namespace

gatun_status linear(gatun_stream* stream, const LinearArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& weights = static_cast<const DeviceWeights&>(*args.weights);
    const int64_t outputs = weights.outputs, inputs = weights.inputs;
    const Problem problem{args.x, weights.memory, args.rows, outputs, inputs,
                          {args.bias, args.residual, args.out, outputs, args.activation}};
    const bool wide = whole_lines(weights) && aligned(args.x);
    with_precision(weights.precision, [&]<class Precision>(Precision) {
      with_dense_tile<Precision>(args.rows, outputs, wide, limits(stream), [&]<class Tile, bool Wide>(
          Tile, std::bool_constant<Wide>) { launch_tile<Tile, Wide>(stream, problem); });
    });
  });
}

}  // namespace gatun::cuda
