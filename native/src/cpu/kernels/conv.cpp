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

// Tiles: lines of an image, and of them columns where lines make few.
struct Cut {
  int64_t lines, pieces, columns, column_tiles;

  explicit Cut(const Conv2dArgs& args) : lines(lines_of_tile(args.out_width)) {
    const PackedWeights& w = packed(args.weights);
    const int64_t pixels = min(lines, args.out_height) * args.out_width;
    pieces = (args.out_height + lines - 1) / lines;
    columns = columns_of_tile(w.outputs, args.batch * pieces, pixels * w.kernel_h * w.kernel_w * w.inputs);
    column_tiles = (w.outputs + columns - 1) / columns;
  }
};

int phases(const Conv2dArgs& args) { return WinogradConv::serves(args) ? WinogradConv(args).phases() : 2; }

int64_t tiles(const Conv2dArgs& args, int phase) {
  if (WinogradConv::serves(args)) return WinogradConv(args).tiles(phase);
  const Border b = border(args);
  if (phase == 0) return takes_image(args.weights, b) ? 0 : args.batch * b.rows();
  const Cut cut(args);
  return args.batch * cut.pieces * cut.column_tiles;
}

// Lines [y, y + lines) and columns from `column` on of the output of one image.
template <class Element>
void convolve(const Conv2dArgs& args, const Element* image, int64_t y, int64_t lines, int64_t column, int64_t columns,
              float* out) {
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
  const float* bias = args.bias != nullptr ? args.bias + column : nullptr;
  StoreSink sink{out + column, weights.outputs, columns, bias, args.activation, nullptr};
  product_of_lines(a, lines, args.stride_h * b.row_floats(), args.out_width,
                   panels_of<Element>(args.weights) + column * a.tap_count * a.depth, columns, sink,
                   args.out_width * weights.outputs);
}

template <class Element>
void tile_of_image(const Conv2dArgs& args, const TileContext& context, int phase, int64_t index) {
  const Border b = border(args);
  const int64_t inputs = args.weights->inputs, outputs = args.weights->outputs;
  if (phase == 0) {
    const int64_t image = index / b.rows();
    copy_row<Element>(b, args.x + image * args.height * args.width * inputs, inputs, index % b.rows(),
                      context.shared + image * b.image_floats());
    return;
  }
  // Tiles of the same columns follow each other: they share their weights.
  const Cut cut(args);
  const int64_t images = args.batch * cut.pieces, batch = index % images / cut.pieces;
  const int64_t y = index % cut.pieces * cut.lines, lines = min(cut.lines, args.out_height - y);
  const int64_t column = index / images * cut.columns, columns = min(cut.columns, outputs - column);
  const float* image = takes_image(args.weights, b) ? args.x + batch * args.height * args.width * inputs
                                                    : context.shared + batch * b.image_floats();
  float* out = args.out + (batch * args.out_height + y) * args.out_width * outputs;
  convolve(args, reinterpret_cast<const Element*>(image), y, lines, column, columns, out);
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
