// SPDX-License-Identifier: Apache-2.0
// Overlap-aware transposed convolution in gather form. The output pixels of one phase (y mod stride, x mod stride) draw
// on the same neighbouring patches through the same kernel cells, so a phase of a line is one product with at most
// ceil(k/s)^2 taps. 2 I O kH kW / (sH sW) FLOP an output pixel, 4 (I / (sH sW) + O) bytes: bound by arithmetic.
#include "border.h"
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

Border border(const ConvTranspose2dArgs& args) {
  const gatun_weights& w = *args.weights;
  Border b{args.height, args.width, depth_of(w), 0, 0, 0, 0};
  reach(args.height, args.out_height, w.kernel_h, w.stride_h, w.padding_h, b.top, b.bottom);
  reach(args.width, args.out_width, w.kernel_w, w.stride_w, w.padding_w, b.left, b.right);
  return b;
}

int64_t shared_floats(const ConvTranspose2dArgs& args) {
  const Border b = border(args);
  return takes_image(args.weights, b) ? 0 : args.batch * b.image_floats();
}

// A tile is a group of output lines of one phase, `stride` apart: they share their weights.
struct Cut {
  int64_t lines;   // of a tile
  int64_t groups;  // of a phase; the last phases may have a line less

  explicit Cut(const ConvTranspose2dArgs& args) {
    const PackedWeights& w = packed(args.weights);
    lines = lines_of_tile((args.out_width + w.stride_w - 1) / w.stride_w);
    groups = ((args.out_height + w.stride_h - 1) / w.stride_h + lines - 1) / lines;
  }
};

int64_t no_floats(const ConvTranspose2dArgs&) { return 0; }

int64_t tiles(const ConvTranspose2dArgs& args, int phase) {
  const Border b = border(args);
  if (phase == 0) return takes_image(args.weights, b) ? 0 : args.batch * b.rows();
  return args.batch * packed(args.weights).stride_h * Cut(args).groups;
}

// Output lines y, y + stride, ... of one image.
template <class Element>
void convolve(const ConvTranspose2dArgs& args, const Border& b, const Element* image, int64_t y, int64_t lines,
              float* out) {
  const gatun_weights& w = *args.weights;
  const int64_t cell_elements = b.channels * kPanel * panels(w.outputs), line_floats = args.out_width * w.outputs;
  const int64_t row_phase = y % w.stride_h;
  const GatherAxis rows(row_phase, w.kernel_h, w.stride_h, w.padding_h);
  // Phases lie after each other, each with its own number of taps; those of the lines before this one add up to
  // all kernel columns for each of their kernel rows.
  const Element* weights = panels_of<Element>(args.weights);
  for (int64_t phase = 0; phase < row_phase; ++phase) {
    weights += GatherAxis(phase, w.kernel_h, w.stride_h, w.padding_h).taps * w.kernel_w * cell_elements;
  }
  for (int64_t phase = 0; phase < w.stride_w && phase < args.out_width; ++phase) {
    const GatherAxis columns(phase, w.kernel_w, w.stride_w, w.padding_w);
    Rows<Element> a;
    a.tap_count = 0;
    a.stride = a.depth = b.channels;
    for (int64_t ty = 0; ty < rows.taps; ++ty) {
      for (int64_t tx = 0; tx < columns.taps; ++tx) {
        a.taps[a.tap_count++] = image + (b.top + y / w.stride_h + rows.offset(ty)) * b.row_floats() +
                                (b.left + columns.offset(tx)) * b.channels;
      }
    }
    StoreSink sink{out + phase * w.outputs, w.stride_w * w.outputs, w.outputs, args.bias, GATUN_ACT_NONE, nullptr};
    product_of_lines(a, lines, b.row_floats(), (args.out_width - phase + w.stride_w - 1) / w.stride_w, weights,
                     w.outputs, sink, w.stride_h * line_floats);
    weights += a.tap_count * cell_elements;
  }
}

template <class Element>
void tile_of_image(const ConvTranspose2dArgs& args, const TileContext& context, int phase, int64_t index) {
  const gatun_weights& w = *args.weights;
  const Border b = border(args);
  const Cut cut(args);
  const int64_t per_image = phase == 0 ? b.rows() : w.stride_h * cut.groups;
  const int64_t batch = index / per_image, piece = index % per_image;
  const float* image = args.x + batch * args.height * args.width * w.inputs;
  if (phase == 0) {
    copy_row<Element>(b, image, w.inputs, piece, context.shared + batch * b.image_floats());
    return;
  }
  if (!takes_image(args.weights, b)) image = context.shared + batch * b.image_floats();
  const int64_t y = piece / cut.groups + piece % cut.groups * cut.lines * w.stride_h;
  const int64_t lines = min(cut.lines, (args.out_height - y + w.stride_h - 1) / w.stride_h);
  if (y >= args.out_height) return;  // this phase has a group less
  convolve(args, b, reinterpret_cast<const Element*>(image), y, lines,
           args.out + (batch * args.out_height + y) * args.out_width * w.outputs);
}

void tile(const ConvTranspose2dArgs& args, const TileContext& context, int phase, int64_t index) {
  with_elements(args.weights->precision,
                [&](auto element) { tile_of_image<decltype(element)>(args, context, phase, index); });
}

}  // namespace

const TiledKernel<ConvTranspose2dArgs> kConvTranspose2d = {2, shared_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
