// SPDX-License-Identifier: Apache-2.0
// The decoder's linear beginning as one gather product: each output pixel sums its nearest patches, at most
// ceil((k+2)/s)^2 of them, through the weights of its class (decoder_fold.h); activation follows in the registers.
// 2 (E + 1) O ceil((k+2)/s)^2 FLOP a pixel, 4 (E / s^2 + O) bytes: bound by arithmetic.
#include "../decoder_fold.h"
#include "border.h"
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

FoldedDecoder folded(const gatun_weights* weights) { return {*weights, kPanel}; }

Border border(const DecoderPrefixArgs& args) {
  const gatun_weights& w = *args.weights;
  const FoldedDecoder f = folded(args.weights);
  Border b{args.height, args.width, f.depth, 0, 0, 0, 0};
  reach(args.height, f.rows.outputs(args.height), w.kernel_h + 2, w.stride_h, w.padding_h + 1, b.top, b.bottom);
  reach(args.width, f.columns.outputs(args.width), w.kernel_w + 2, w.stride_w, w.padding_w + 1, b.left, b.right);
  return b;
}

int64_t shared_floats(const DecoderPrefixArgs& args) { return args.batch * border(args).image_floats(); }

int64_t no_floats(const DecoderPrefixArgs&) { return 0; }

// Positions of one class along an axis: first, first + stride, ...
struct Run {
  int64_t cls, first, count;
};

// Inner positions of a phase leave out the first and the last of the axis.
Run inner_run(const FoldedAxis& axis, int64_t phase, int64_t outputs) {
  const int64_t first = phase == 0 ? axis.stride : phase;
  return {phase, first, first <= outputs - 2 ? (outputs - 2 - first) / axis.stride + 1 : 0};
}

// A tile is a border line, or a group of inner lines of one phase, which share their weights.
struct Cut {
  int64_t outputs, borders, lines, groups, per_image;

  explicit Cut(const DecoderPrefixArgs& args) {
    const FoldedDecoder f = folded(args.weights);
    outputs = f.rows.outputs(args.height);
    borders = outputs == 1 ? 1 : 2;
    lines = lines_of_tile((f.columns.outputs(args.width) + f.columns.stride - 1) / f.columns.stride);
    groups = ((outputs + f.rows.stride - 1) / f.rows.stride + lines - 1) / lines;
    per_image = borders + f.rows.stride * groups;
  }

  Run rows(const FoldedAxis& axis, int64_t index) const {
    if (index < borders) return {axis.border_class(index, outputs), index == 0 ? 0 : outputs - 1, 1};
    const int64_t phase = (index - borders) / groups, skipped = (index - borders) % groups * lines;
    const Run all = inner_run(axis, phase, outputs);
    const int64_t left = all.count - skipped;
    return {phase, all.first + skipped * axis.stride, left < 0 ? 0 : min(left, lines)};
  }
};

int64_t tiles(const DecoderPrefixArgs& args, int phase) {
  return args.batch * (phase == 0 ? border(args).rows() : Cut(args).per_image);
}

// Tokens with a 1 behind each, and zeros around. A pair that the 1 shares with a token's last number is made first.
template <class Element>
void copy_row(const DecoderPrefixArgs& args, const Border& b, const float* image, int64_t row, float* out) {
  memset(out, 0, sizeof(float) * static_cast<size_t>(b.row_floats()));
  if (row < b.top || row >= b.top + b.height) return;
  const int64_t embed = args.weights->inputs;
  const float* from = image + (row - b.top) * args.width * embed;
  out += b.left * b.channels;
  for (int64_t x = 0; x < args.width; ++x, from += embed, out += b.channels) {
    if constexpr (kFactors<Element> == 1) {
      memcpy(out, from, sizeof(float) * static_cast<size_t>(embed));
      out[embed] = 1.0f;
    } else {
      const float last[2] = {embed % 2 == 0 ? 1.0f : from[embed - 1], 1.0f};
      to_pairs(from, embed / 2 * 2, reinterpret_cast<Pair*>(out));
      to_pairs(last, embed % 2 + 1, reinterpret_cast<Pair*>(out + embed / 2));
    }
  }
}

// The pixels of one class: `rows` lines of `columns` pixels.
template <class Element>
void draw(const DecoderPrefixArgs& args, const FoldedDecoder& f, const Border& b, const Element* image,
          const Run& rows, const Run& columns, float* out) {
  if (rows.count == 0 || columns.count == 0) return;
  const float* weights = packed(args.weights).packed;
  const GatherAxis down = f.rows.gather(rows.cls), across = f.columns.gather(columns.cls);
  Rows<Element> a;
  a.tap_count = 0;
  a.depth = f.depth;
  for (int64_t ty = 0; ty < down.taps; ++ty) {
    for (int64_t tx = 0; tx < across.taps; ++tx) {
      a.taps[a.tap_count++] = image + (b.top + rows.first / f.rows.stride + down.offset(ty)) * b.row_floats() +
                              (b.left + columns.first / f.columns.stride + across.offset(tx)) * b.channels;
    }
  }
  const int64_t width = f.columns.outputs(args.width), line_floats = f.rows.stride * width * f.outputs;
  StoreSink sink{out + (rows.first * width + columns.first) * f.outputs, f.columns.stride * f.outputs, f.outputs,
                 weights + f.bias_at(rows.cls, columns.cls), args.activation, nullptr};
  const Element* block = panels_of<Element>(args.weights) + f.block_at(rows.cls, columns.cls);
  if (columns.count > 1) {
    a.stride = b.channels;
    product_of_lines(a, rows.count, b.row_floats(), columns.count, block, f.outputs, sink, line_floats);
  } else {
    a.stride = b.row_floats();  // one pixel of each line: the lines are the rows of the product
    sink.stride = line_floats;
    product(a, rows.count, block, f.outputs, sink);
  }
}

template <class Element>
void tile_of_image(const DecoderPrefixArgs& args, const TileContext& context, int phase, int64_t index) {
  const FoldedDecoder f = folded(args.weights);
  const Border b = border(args);
  const Cut cut(args);
  const int64_t per_image = phase == 0 ? b.rows() : cut.per_image;
  const int64_t batch = index / per_image, piece = index % per_image;
  float* image = context.shared + batch * b.image_floats();
  if (phase == 0) {
    copy_row<Element>(args, b, args.x + batch * args.height * args.width * args.weights->inputs, piece,
                      image + piece * b.row_floats());
    return;
  }
  const int64_t width = f.columns.outputs(args.width);
  float* out = args.out + batch * cut.outputs * width * f.outputs;
  const Run rows = cut.rows(f.rows, piece);
  const Element* pixels = reinterpret_cast<const Element*>(image);
  for (int64_t at = 0; at < width; at += width > 1 ? width - 1 : 1) {  // the first and the last
    draw(args, f, b, pixels, rows, {f.columns.border_class(at, width), at, 1}, out);
  }
  for (int64_t cls = 0; cls < f.columns.stride; ++cls) {
    draw(args, f, b, pixels, rows, inner_run(f.columns, cls, width), out);
  }
}

void tile(const DecoderPrefixArgs& args, const TileContext& context, int phase, int64_t index) {
  with_elements(args.weights->precision,
                [&](auto element) { tile_of_image<decltype(element)>(args, context, phase, index); });
}

}  // namespace

const TiledKernel<DecoderPrefixArgs> kDecoderPrefix = {2, shared_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
