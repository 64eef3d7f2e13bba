// SPDX-License-Identifier: Apache-2.0
// Convolution on channels-last images: a product with one tap for each kernel cell, whose rows are the pixels of a
// line, a stride apart; no im2col. 2 kH kW I O FLOP a pixel, 4 (I + O) bytes with stride 1: bound by arithmetic.
// Large images with many channels take Winograd's form (conv_winograd.h).
#include "border.h"
#include "conv_winograd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

static_assert(kMaxTaps == gatun::kMaxTaps);

Border border(const Conv2dArgs& args) {
  return {args.height, args.width, depth_of(*args.weights), args.padding_h, args.padding_h, args.padding_w,
          args.padding_w};
}

int64_t shared_floats(const Conv2dArgs& args) {
  if (WinogradConv::serves(args)) return WinogradConv(args).shared_floats();
  const Border b = border(args);
  return takes_image(args.weights, b) ? 0 : args.batch * b.image_floats();
}

int64_t no_floats(const Conv2dArgs&) { return 0; }

// Tiles of one image.
int64_t pieces(const Conv2dArgs& args) {
  const int64_t lines = lines_of_tile(args.out_width);
  return (args.out_height + lines - 1) / lines;
}

int phases(const Conv2dArgs& args) { return WinogradConv::serves(args) ? WinogradConv(args).phases() : 2; }

int64_t tiles(const Conv2dArgs& args, int phase) {
  if (WinogradConv::serves(args)) return WinogradConv(args).tiles(phase);
  const Border b = border(args);
  if (phase == 0) return takes_image(args.weights, b) ? 0 : args.batch * b.rows();
  return args.batch * pieces(args);
}

// Lines [y, y + lines) of the output of one image.
template <class Element>
void convolve(const Conv2dArgs& args, const Element* image, int64_t y, int64_t lines, float* out) {
  const gatun_weights& weights = *args.weights;
  const Border b = border(args);
  Rows<Element> a;
  a.tap_count = 0;
  a.stride = args.stride_w * b.channels;
  a.depth = b.channels;
  for (int64_t dy = 0; dy < weights.kernel_h; ++dy) {
    for (int64_t dx = 0; dx < weights.kernel_w; ++dx) {
      a.taps[a.tap_count++] = image + (y * args.stride_h + dy * args.dilation_h) * b.row_floats() +
                               dx * args.dilation_w * b.channels;
    }
  }
  StoreSink sink{out, weights.outputs, weights.outputs, args.bias, args.activation, nullptr};
  product_of_lines(a, lines, args.stride_h * b.row_floats(), args.out_width, panels_of<Element>(args.weights),
                   weights.outputs, sink, args.out_width * weights.outputs);
}

template <class Element>
void tile_of_image(const Conv2dArgs& args, const TileContext& context, int phase, int64_t index) {
  const Border b = border(args);
  const int64_t per_image = phase == 0 ? b.rows() : pieces(args), batch = index / per_image, piece = index % per_image;
  const int64_t inputs = args.weights->inputs;
  const float* image = args.x + batch * args.height * args.width * inputs;
  if (phase == 0) {
    copy_row<Element>(b, image, inputs, piece, context.shared + batch * b.image_floats());
    return;
  }
  if (!takes_image(args.weights, b)) image = context.shared + batch * b.image_floats();
  const int64_t step = lines_of_tile(args.out_width), y = piece * step, lines = min(step, args.out_height - y);
  float* out = args.out + (batch * args.out_height + y) * args.out_width * args.weights->outputs;
  convolve(args, reinterpret_cast<const Element*>(image), y, lines, out);
}

void tile(const Conv2dArgs& args, const TileContext& context, int phase, int64_t index) {
  if (WinogradConv::serves(args)) {
    WinogradConv(args).tile(context.shared, phase, index);
    return;
  }
  with_elements(args.weights->precision,
                [&](auto element) { tile_of_image<decltype(element)>(args, context, phase, index); });
}

}  // namespace

const TiledKernel<Conv2dArgs> kConv2d = {0, shared_floats, no_floats, tiles, tile, phases};

}  // namespace gatun::cpu::GATUN_NS
