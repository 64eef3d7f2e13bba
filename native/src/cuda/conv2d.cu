// SPDX-License-Identifier: Apache-2.0
// Convolution with bias and activation, channels last, as a product over (tap, input): 2 P O I k^2 FLOP for P output
// pixels, 4 P (I + O) bytes with stride 1: bound by the matrix units from I = 64 on.
#include "dense_output.h"
#include "gather.h"
#include "gemm_tile.h"
#include "linear_plan.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

struct Problem {
  const float* x;
  const void* weights;
  int64_t pixels, outputs;
  int height, width, inputs, out_height, out_width, kernel_h, kernel_w;
  int stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
  DenseOutput output;
};

template <class Tile, bool Wide>
GATUN_KERNEL(Tile::kThreads)
conv2d_tile(Problem p) {
  using Element = typename Tile::Element;
  auto* places = reinterpret_cast<Place*>(shared_memory() + Tile::kSharedBytes);
  const int64_t across = (p.outputs + Tile::kColumns - 1) / Tile::kColumns;
  const int64_t first_row = block_index<0>() / across * Tile::kRows;
  const int64_t first_column = block_index<0>() % across * Tile::kColumns;
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    const int64_t pixel = first_row + row, line = pixel / p.out_width;
    places[row] = pixel < p.pixels ? Place{static_cast<int>(line / p.out_height),
                                           static_cast<int>(line % p.out_height) * p.stride_h - p.padding_h,
                                           static_cast<int>(pixel % p.out_width) * p.stride_w - p.padding_w}
                                   : Place::nowhere();
  }
  sync_block();
  const int64_t depth = static_cast<int64_t>(p.kernel_h) * p.kernel_w * p.inputs;
  Tile tile;
  tile.template multiply<Wide>(
      GatherSource{p.x, places, p.height, p.width, p.inputs, p.kernel_w, p.dilation_h, p.dilation_w, depth},
      RowSource<Element>{static_cast<const Element*>(p.weights), first_column, p.outputs, depth}, depth,
      shared_memory());
  tile.for_pairs([&](int row, int column, float value, float next) {
    if (first_row + row < p.pixels) p.output.put((first_row + row) * p.outputs, first_column + column, value, next);
  });
}

template <class Tile, bool Wide>
void launch_tile(gatun_stream* stream, const Problem& p) {
  launch(stream, "conv2d", conv2d_tile<Tile, Wide>,
         {blocks_for(p.pixels, Tile::kRows) * blocks_for(p.outputs, Tile::kColumns)}, Tile::kThreads,
         Tile::kSharedBytes + Tile::kRows * sizeof(Place), p);
}

}  // namespace

gatun_status conv2d(gatun_stream* stream, const Conv2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    want_image("conv2d", args.batch, args.height + 2 * args.padding_h, args.width + 2 * args.padding_w);
    const Problem problem{args.x, w.memory, args.batch * args.out_height * args.out_width, w.outputs,
                          static_cast<int>(args.height), static_cast<int>(args.width), static_cast<int>(w.inputs),
                          static_cast<int>(args.out_height), static_cast<int>(args.out_width),
                          static_cast<int>(w.kernel_h), static_cast<int>(w.kernel_w), static_cast<int>(args.stride_h),
                          static_cast<int>(args.stride_w), static_cast<int>(args.padding_h),
                          static_cast<int>(args.padding_w), static_cast<int>(args.dilation_h),
                          static_cast<int>(args.dilation_w),
                          {args.bias, nullptr, args.out, w.outputs, args.activation}};
    const bool wide = whole_lines(w) && aligned(args.x);
    with_precision(w.precision, [&]<class Precision>(Precision) {
      with_dense_tile<Precision>(problem.pixels, w.outputs, wide, limits(stream), [&]<class Tile, bool Wide>(
          Tile, std::bool_constant<Wide>) { launch_tile<Tile, Wide>(stream, problem); });
    });
  });
}

}  // namespace gatun::cuda
