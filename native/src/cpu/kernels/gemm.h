// SPDX-License-Identifier: Apache-2.0
// The one product all kernels share: a sum over taps of rows times packed columns,
//   out[r, n] = sum_tap sum_k taps[tap][r * stride + k] * B[tap, k, n].
// A linear layer has one tap; a convolution has one for each kernel cell, whose rows are the neighbouring pixels, so
// that no im2col copy exists. B is packed in panels of kPanel columns, [panel][tap][k][kPanel], zero-padded.
//
// The register tile is kRows x kPanel; a row's sum runs over tap and k in order, whatever tile it falls into, so results
// do not depend on how rows are cut.
#pragma once

#include "activation.h"

namespace gatun::cpu::GATUN_NS {

constexpr int kVectors = 2;
constexpr int kPanel = kVectors * kWidth;
constexpr int kMaxTaps = 256;

static inline int64_t panels(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

struct Rows {
  const float* taps[kMaxTaps];
  int64_t tap_count;
  int64_t stride;     // floats between two rows
  int64_t depth;      // k
  int64_t shift = 0;  // of all taps, for a product of several lines
};

template <int M>
static inline __attribute__((always_inline)) void multiply(const Rows& a, int64_t row, const float* b,
                                                           Vec (&sums)[M][kVectors]) {
  for (int64_t tap = 0; tap < a.tap_count; ++tap) {
    const float* from = a.taps[tap] + a.shift + row * a.stride;
    const float* line[M];
#pragma GCC unroll 12
    for (int r = 0; r < M; ++r) line[r] = from + r * a.stride;
    for (int64_t k = 0; k < a.depth; ++k) {
      const Vec b0 = load(b), b1 = load(b + kWidth);
      b += kPanel;
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) {
        const Vec x = splat(line[r][k]);
        sums[r][0] += x * b0;
        sums[r][1] += x * b1;
      }
    }
  }
}

// One register tile: starts from 0, ends in sink.template tile<M>(row, column, sums).
template <int M, class Sink>
static inline void tile_of(const Rows& a, int64_t row, const float* b, int64_t column, Sink& sink) {
  Vec sums[M][kVectors];
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) sums[r][0] = sums[r][1] = splat(0.0f);
  multiply<M>(a, row, b, sums);
  sink.template tile<M>(row, column, sums);
}

// Rows that make no whole tile. A tile of one or two rows leaves the units waiting for each other's sums, so the narrow
// vectors have a tile for every number of rows; of the wide ones' twelve, a few do.
constexpr int kLargestTail = kRows > 8 ? 8 : kRows - 1;

template <int M, class Sink>
static inline void tail_of(const Rows& a, int64_t row, int64_t left, const float* b, int64_t column, Sink& sink) {
  if (left >= M) {
    tile_of<M>(a, row, b, column, sink);
    row += M;
    left -= M;
  }
  if constexpr (M > 1) tail_of<M == 8 ? 4 : M - 1>(a, row, left, b, column, sink);
}

// All rows of one panel.
template <class Sink>
static inline void panel_product(const Rows& a, int64_t rows, const float* b, int64_t column, Sink& sink) {
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) tile_of<kRows>(a, row, b, column, sink);
  tail_of<kLargestTail>(a, row, rows - row, b, column, sink);
}

// All rows and columns: a panel of B stays in the first-level cache while the rows pass.
template <class Sink>
static inline void product(const Rows& a, int64_t rows, const float* b, int64_t columns, Sink& sink) {
  for (int64_t column = 0; column < columns; column += kPanel) {
    panel_product(a, rows, b, column, sink);
    b += a.tap_count * a.depth * kPanel;
  }
}

// The same for several lines of an image, whose taps lie `line_floats` apart and whose results `out_floats`: all
// weights of a convolution are larger than the second-level cache, a panel is not.
template <class Sink>
static inline void product_of_lines(Rows& a, int64_t lines, int64_t line_floats, int64_t rows, const float* b,
                                    int64_t columns, Sink& sink, int64_t out_floats) {
  float* const out = sink.out;
  for (int64_t column = 0; column < columns; column += kPanel) {
    for (int64_t line = 0; line < lines; ++line) {
      a.shift = line * line_floats;
      sink.out = out + line * out_floats;
      panel_product(a, rows, b, column, sink);
    }
    b += a.tap_count * a.depth * kPanel;
  }
}

// Lines that make a tile of a convolution: enough rows to pay for reading the weights from the second-level cache.
static inline int64_t lines_of_tile(int64_t rows_of_line) {
  constexpr int64_t kTileRows = 256;
  return rows_of_line >= kTileRows ? 1 : (kTileRows + rows_of_line - 1) / rows_of_line;
}

// out = activation(sums + bias) + residual, rows `stride` floats apart.
struct StoreSink {
  float* out;
  int64_t stride;
  int64_t columns;
  const float* bias;      // may be null
  int32_t activation;     // GATUN_ACT_NONE, GELU or RELU
  const float* residual;  // may be null; rows as out

  // Inlined, or the linker would be left a copy to choose among the files of one level.
  template <int M>
  __attribute__((always_inline)) void tile(int64_t row, int64_t column, Vec (&sums)[M][kVectors]) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = column + v * kWidth, count = columns - at;
      if (count <= 0) return;
      const Vec shift = bias != nullptr ? load_up_to(bias + at, count) : splat(0.0f);
      Vec values[M];
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) values[r] = sums[r][v] + shift;
      finish_product(activation, values);
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) {
        const int64_t place = (row + r) * stride + at;
        if (residual != nullptr) values[r] += load_up_to(residual + place, count);
        store_up_to(out + place, values[r], count);
      }
    }
  }
};

// out += sums, whole panels of rows `stride` floats apart.
struct AddSink {
  float* out;
  int64_t stride;

  template <int M>
  void tile(int64_t row, int64_t column, Vec (&sums)[M][kVectors]) {
    for (int r = 0; r < M; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        float* to = out + (row + r) * stride + column + v * kWidth;
        store(to, load(to) + sums[r][v]);
      }
    }
  }
};

}  // namespace gatun::cpu::GATUN_NS
