// SPDX-License-Identifier: Apache-2.0
// Overlap-aware transposed convolution in gather form. The output pixels of one phase (y mod stride, x mod stride) draw
// on the same neighbouring patches through the same kernel cells, so a phase of a line is one product with at most
// ceil(k/s)^2 taps. 2 I O kH kW / (sH sW) FLOP an output pixel, 4 (I / (sH sW) + O) bytes: bound by arithmetic.
#include "border.h"
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

// Inputs that are read before and after an axis of `in` inputs to make `out` outputs.
void reach(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t& before, int64_t& after) {
  before = after = 0;
  for (int64_t phase = 0; phase < stride && phase < out; ++phase) {
    const GatherAxis axis(phase, kernel, stride, padding);
    const int64_t lowest = axis.offset(axis.taps - 1), highest = (out - 1 - phase) / stride + axis.base;
    if (-lowest > before) before = -lowest;
    if (highest - (in - 1) > after) after = highest - (in - 1);
  }
}

Border border(const ConvTranspose2dArgs& args) {
  const PackedWeights& w = packed(args.weights);
  Border b{args.height, args.width, w.inputs, 0, 0, 0, 0};
  reach(args.height, args.out_height, w.kernel_h, w.stride_h, w.padding_h, b.top, b.bottom);
  reach(args.width, args.out_width, w.kernel_w, w.stride_w, w.padding_w, b.left, b.right);
  return b;
}

int64_t shared_floats(const ConvTranspose2dArgs& args) {
  const Border b = border(args);
  return b.empty() ? 0 : args.batch * b.image_floats();
}

int64_t no_floats(const ConvTranspose2dArgs&) { return 0; }

int64_t tiles(const ConvTranspose2dArgs& args, int phase) {
  const Border b = border(args);
  if (phase == 0) return b.empty() ? 0 : args.batch * b.rows();
  return args.batch * args.out_height;
}

// All pixels of one output line, phase after phase.
void line(const ConvTranspose2dArgs& args, const Border& b, const float* image, int64_t y, float* out) {
  const PackedWeights& w = packed(args.weights);
  const int64_t panel_count = panels(w.outputs), cell_floats = w.inputs * kPanel * panel_count;
  const GatherAxis rows(y % w.stride_h, w.kernel_h, w.stride_h, w.padding_h);
  // Phases lie after each other, each with its own number of taps; those of the lines before this one add up to
  // all kernel columns for each of their kernel rows.
  const float* weights = w.packed;
  for (int64_t phase = 0; phase < y % w.stride_h; ++phase) {
    weights += GatherAxis(phase, w.kernel_h, w.stride_h, w.padding_h).taps * w.kernel_w * cell_floats;
  }
  for (int64_t phase = 0; phase < w.stride_w && phase < args.out_width; ++phase) {
    const GatherAxis columns(phase, w.kernel_w, w.stride_w, w.padding_w);
    Rows a;
    a.tap_count = 0;
    a.stride = a.depth = w.inputs;
    for (int64_t ty = 0; ty < rows.taps; ++ty) {
      for (int64_t tx = 0; tx < columns.taps; ++tx) {
        a.taps[a.tap_count++] = image + (b.top + y / w.stride_h + rows.offset(ty)) * b.row_floats() +
                                (b.left + columns.offset(tx)) * b.channels;
      }
    }
    StoreSink sink{out + phase * w.outputs, w.stride_w * w.outputs, w.outputs, args.bias, false, nullptr};
    product(a, (args.out_width - phase + w.stride_w - 1) / w.stride_w, weights, w.outputs, sink);
    weights += a.tap_count * cell_floats;
  }
}

void tile(const ConvTranspose2dArgs& args, const TileContext& context, int phase, int64_t index) {
  const Border b = border(args);
  const int64_t rows = phase == 0 ? b.rows() : args.out_height;
  const int64_t batch = index / rows, row = index % rows;
  const float* image = args.x + batch * args.height * args.width * b.channels;
  if (phase == 0) {
    b.copy_row(image, row, context.shared + batch * b.image_floats());
    return;
  }
  line(args, b, b.empty() ? image : context.shared + batch * b.image_floats(), row,
       args.out + index * args.out_width * packed(args.weights).outputs);
}

}  // namespace

const TiledKernel<ConvTranspose2dArgs> kConvTranspose2d = {2, shared_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
