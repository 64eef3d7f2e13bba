// SPDX-License-Identifier: Apache-2.0
// Folds a decoder's linear beginning when its weights are loaded: first the projection into the transposed convolution,
// then both into the 3x3 convolution, for each class of output pixels. Products in f32 whatever the precision: reduced
// weights are rounded when they are folded. For the default decoder (E 128, hidden 256, kernel 6) 0.3 + 2.4 GFLOP.
#include "../decoder_fold.h"
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kCells = 9;

// Memory of the phases.
struct Parts {
  int64_t inputs, hidden, channels, cells;  // inputs with the one for the bias

  explicit Parts(const DecoderFoldArgs& args)
      : inputs(args.source.embed + 1), hidden(args.source.hidden), channels(args.source.channels),
        cells(args.shape.kernel_h * args.shape.kernel_w) {}

  int64_t up_floats() const { return panels(channels) * kPanel * hidden; }
  int64_t conv_floats(const DecoderFoldArgs& args) const { return panels(args.shape.outputs) * kPanel * channels; }

  float* proj(float* shared) const { return shared; }
  float* up(float* shared, int64_t cell) const { return shared + inputs * hidden + cell * up_floats(); }
  float* projected(float* shared, int64_t cell) const { return up(shared, cells) + cell * inputs * channels; }
  float* conv(const DecoderFoldArgs& args, float* shared, int64_t cell) const {
    return projected(shared, cells) + cell * conv_floats(args);
  }
};

int64_t shared_floats(const DecoderFoldArgs& args) {
  return Parts(args).conv(args, nullptr, kCells) - static_cast<float*>(nullptr);
}

// A class's weights before they are rounded.
int64_t scratch_floats(const DecoderFoldArgs& args) {
  if (args.shape.precision != GATUN_REDUCED) return 0;
  const FoldedDecoder f(args.shape, kPanel);
  const int64_t down = (args.shape.kernel_h + 1) / args.shape.stride_h + 1;
  const int64_t across = (args.shape.kernel_w + 1) / args.shape.stride_w + 1;
  return panels(f.outputs) * kPanel * down * across * f.inputs;
}

int64_t class_pairs(const FoldedDecoder& f) { return f.rows.classes() * f.columns.classes(); }

int64_t tiles(const DecoderFoldArgs& args, int phase) {
  const Parts parts(args);
  if (phase == 0) return 1 + parts.cells + kCells;
  return phase == 1 ? parts.cells : class_pairs({args.shape, kPanel});
}

// A matrix [depth, columns] at any strides to panels.
void arrange(const float* from, int64_t depth, int64_t depth_stride, int64_t columns, int64_t column_stride, float* to) {
  for (int64_t first = 0; first < columns; first += kPanel) {
    for (int64_t k = 0; k < depth; ++k) {
      for (int64_t n = 0; n < kPanel; ++n) {
        *to++ = first + n < columns ? from[k * depth_stride + (first + n) * column_stride] : 0.0f;
      }
    }
  }
}

void prepare(const DecoderFoldArgs& args, const Parts& parts, float* shared, int64_t index) {
  const DecoderSource& s = args.source;
  if (index == 0) {
    for (int64_t h = 0; h < parts.hidden; ++h) {
      for (int64_t e = 0; e < s.embed; ++e) parts.proj(shared)[e * parts.hidden + h] = s.proj_weight[h * s.embed + e];
      parts.proj(shared)[s.embed * parts.hidden + h] = s.proj_bias[h];
    }
  } else if (index <= parts.cells) {
    const int64_t cell = index - 1;
    arrange(s.up_weight + cell, parts.hidden, parts.channels * parts.cells, parts.channels, parts.cells,
            parts.up(shared, cell));
  } else {
    const int64_t cell = index - 1 - parts.cells;
    arrange(s.conv_weight + cell, parts.channels, kCells, args.shape.outputs, parts.channels * kCells,
            parts.conv(args, shared, cell));
  }
}

void project(const Parts& parts, float* shared, int64_t cell) {
  StoreSink sink{parts.projected(shared, cell), parts.channels, parts.channels, nullptr, GATUN_ACT_NONE, nullptr};
  product(rows_of<float>(parts.proj(shared), parts.inputs, parts.hidden), parts.inputs,
          parts.up(shared, cell), parts.channels, sink);
}

void add_bias(const DecoderFoldArgs& args, const FoldedDecoder& f, int64_t row_class, int64_t column_class) {
  const DecoderSource& s = args.source;
  float* bias = args.packed + f.bias_at(row_class, column_class);
  for (int64_t o = 0; o < f.outputs; ++o) {
    double sum = s.conv_bias[o];
    for (int64_t cell = 0; cell < kCells; ++cell) {
      if (!f.rows.takes_part(row_class, cell / 3) || !f.columns.takes_part(column_class, cell % 3)) continue;
      for (int64_t c = 0; c < s.channels; ++c) {
        sum += static_cast<double>(s.conv_weight[(o * s.channels + c) * kCells + cell]) * s.up_bias[c];
      }
    }
    bias[o] = static_cast<float>(sum);
  }
}

// Folded cell (u, v) is the sum over the 3x3's taps (a, b) of cell (u - 2 + a, v - 2 + b) times tap (a, b).
void fold(const DecoderFoldArgs& args, const Parts& parts, const TileContext& context, int64_t row_class,
          int64_t column_class) {
  const FoldedDecoder f(args.shape, kPanel);
  const gatun_weights& w = args.shape;
  const GatherAxis down = f.rows.gather(row_class), across = f.columns.gather(column_class);
  const int64_t taps = down.taps * across.taps;
  const bool rounds = args.shape.precision == GATUN_REDUCED;
  float* const folded = args.packed + f.block_at(row_class, column_class);
  float* const block = rounds ? context.scratch : folded;
  memset(block, 0, sizeof(float) * static_cast<size_t>(panels(f.outputs) * kPanel * taps * f.inputs));
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int64_t u = down.kernel_cell(tap / across.taps, w.stride_h), v = across.kernel_cell(tap % across.taps, w.stride_w);
    for (int64_t cell = 0; cell < kCells; ++cell) {
      const int64_t a = cell / 3, b = cell % 3, i = u - 2 + a, j = v - 2 + b;
      if (i < 0 || i >= w.kernel_h || j < 0 || j >= w.kernel_w || !f.rows.takes_part(row_class, a) ||
          !f.columns.takes_part(column_class, b)) {
        continue;
      }
      float* projected = parts.projected(context.shared, i * w.kernel_w + j);
      const auto rows = rows_of<float>(projected, f.inputs, parts.channels);
      const float* conv = parts.conv(args, context.shared, cell);
      for (int64_t panel = 0; panel < panels(f.outputs); ++panel) {
        AddSink sink{block + (panel * taps + tap) * f.inputs * kPanel, kPanel};
        panel_product(rows, f.inputs, conv + panel * parts.channels * kPanel, 0, sink);
      }
    }
  }
  if (!rounds) return;
  for (int64_t each = 0; each < panels(f.outputs) * taps; ++each) {
    Pair* to = reinterpret_cast<Pair*>(folded) + each * f.depth * kPanel;
    const float* from = block + each * f.inputs * kPanel;
    for (int64_t i = 0; i < f.inputs * kPanel; ++i) put(to, f.inputs, i / kPanel, i % kPanel, from[i]);
  }
}

void tile(const DecoderFoldArgs& args, const TileContext& context, int phase, int64_t index) {
  const Parts parts(args);
  if (phase == 0) {
    prepare(args, parts, context.shared, index);
  } else if (phase == 1) {
    project(parts, context.shared, index);
  } else {
    const FoldedDecoder f(args.shape, kPanel);
    const int64_t row_class = index / f.columns.classes(), column_class = index % f.columns.classes();
    if (f.block_floats(row_class, column_class) == 0) return;
    add_bias(args, f, row_class, column_class);
    fold(args, parts, context, row_class, column_class);
  }
}

}  // namespace

const TiledKernel<DecoderFoldArgs> kDecoderFold = {3, shared_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
