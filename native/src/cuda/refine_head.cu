// SPDX-License-Identifier: Apache-2.0
// The decoder's end. refine_head: 3x3 convolution, GELU, 1x1 head, scale, shift and land in one kernel; the hidden map
// exists in registers only. 18 I O FLOP and 4 I + 4 bytes a pixel: bound by the matrix units. map_head: the head alone,
// 2 C FLOP and 4 C + 4 bytes a pixel: bound by memory.
#include "gather.h"
#include "gemm_tile.h"
#include "launch.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kHeadThreads = 256;

// What follows the head's dot product at a pixel of [batch, months, pixels].
struct Drawing {
  const float *bias, *scale, *shift;
  const uint8_t* land;
  float* out;
  int64_t months, pixels;

  GATUN_DEVICE void put(int64_t at, float value) const {
    const int64_t map = at / pixels, month = map % months;
    const bool dry = land != nullptr && land[map / months * pixels + at % pixels] != 0;
    out[at] = dry ? 0.0f : (value + bias[0]) * scale[month] + shift[month];
  }
};

// A warp a pixel.
GATUN_KERNEL(kHeadThreads) head_of_pixels(int64_t pixels, int64_t channels, const float* x, const float* weight, Drawing drawing) {
  const int64_t pixel = block_index<0>() * (kHeadThreads / kWarp) + warp_index();
  if (pixel >= pixels) return;  // the whole warp
  float sum = 0;
  for (int64_t c = lane_index(); c < channels; c += kWarp) sum += x[pixel * channels + c] * weight[c];
  sum = warp_sum(sum);
  if (lane_index() == 0) drawing.put(pixel, sum);
}

struct Problem {
  const float* x;
  const void* weights;
  const float *bias, *head;
  int64_t pixels;
  int height, width, inputs, outputs;
  Drawing drawing;
};

template <class Tile, bool Wide>
GATUN_KERNEL(Tile::kThreads)
refine_tile(Problem p) {
  using Element = typename Tile::Element;
  auto* places = reinterpret_cast<Place*>(shared_memory() + Tile::kSharedBytes);
  auto* parts = reinterpret_cast<float*>(places + Tile::kRows);
  const int64_t first_row = block_index<0>() * Tile::kRows;
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    const int64_t pixel = first_row + row, line = pixel / p.width;
    places[row] = pixel < p.pixels ? Place{static_cast<int>(line / p.height), static_cast<int>(line % p.height) - 1,
                                           static_cast<int>(pixel % p.width) - 1}
                                   : Place::nowhere();
  }
  Tile::clear_parts(parts);
  sync_block();
  const int64_t depth = 9 * static_cast<int64_t>(p.inputs);
  for (int first_column = 0; first_column < p.outputs; first_column += Tile::kColumns) {
    Tile tile;
    tile.template multiply<Wide>(
        GatherSource{p.x, places, p.height, p.width, p.inputs, 3, 1, 1, depth},
        RowSource<Element>{static_cast<const Element*>(p.weights), first_column, p.outputs, depth}, depth,
        shared_memory());
    tile.add_row_parts(parts, [&](int, int column, float value) {
      const int at = first_column + column;
      return at < p.outputs ? gelu(value + p.bias[at]) * p.head[at] : 0.0f;
    });
  }
  sync_block();
  for (int row = thread_index(); row < Tile::kRows; row += Tile::kThreads) {
    if (first_row + row < p.pixels) p.drawing.put(first_row + row, Tile::total(parts, row));
  }
}

template <class Tile, bool Wide>
void launch_tile(gatun_stream* stream, const Problem& p) {
  launch(stream, "refine_head", refine_tile<Tile, Wide>, {blocks_for(p.pixels, Tile::kRows)}, Tile::kThreads,
         Tile::kSharedBytes + Tile::kRows * sizeof(Place) + Tile::kPartsBytes, p);
}

template <class Precision>
void launch_precision(gatun_stream* stream, const Problem& p, bool wide) {
  if (!wide) return launch_tile<GemmTile<Precision, 64, 64, 2, 4>, false>(stream, p);
  if (p.outputs > 64) return launch_tile<GemmTile<Precision, 128, 128, 2, 4>, true>(stream, p);
  launch_tile<GemmTile<Precision, 128, 64, 4, 2>, true>(stream, p);
}

}  // namespace

gatun_status map_head(gatun_stream* stream, const MapHeadArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const int64_t pixels = args.batch * args.months * args.height * args.width;
    const Drawing drawing{args.bias, args.scale, args.shift, args.land, args.out, args.months,
                          args.height * args.width};
    launch(stream, "map_head", head_of_pixels, {blocks_for(pixels, kHeadThreads / kWarp)}, kHeadThreads, 0, pixels,
           args.channels, args.x, args.weight, drawing);
  });
}

gatun_status refine_head(gatun_stream* stream, const RefineHeadArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    want_image("refine_head", args.batch * args.months, args.height, args.width);
    const Problem problem{args.x, w.memory, args.conv_bias, args.head_weight,
                          args.batch * args.months * args.height * args.width, static_cast<int>(args.height),
                          static_cast<int>(args.width), static_cast<int>(w.inputs), static_cast<int>(w.outputs),
                          {args.head_bias, args.scale, args.shift, args.land, args.out, args.months,
                           args.height * args.width}};
    const bool wide = whole_lines(w) && aligned(args.x);
    with_precision(w.precision, [&]<class Precision>(Precision) { launch_precision<Precision>(stream, problem, wide); });
  });
}

}  // namespace gatun::cuda
