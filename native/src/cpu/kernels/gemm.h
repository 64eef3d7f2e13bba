// SPDX-License-Identifier: Apache-2.0
// The one product all kernels share: a sum over taps of rows times packed columns,
//   out[r, n] = sum_tap sum_k taps[tap][r * stride + k] * B[tap, k, n].
// A linear layer has one tap; a convolution has one for each kernel cell, whose rows are the neighbouring pixels, so
// that no im2col copy exists. B is packed in panels of kPanel columns, [panel][tap][k][kPanel], zero-padded.
//
// In reduced precision a Pair of bf16 is in the place of each float of rows and panels, and depths and strides count
// pairs: [panel][tap][k / 2][kPanel][2], an odd k filled up with 0. Where the processor has no dot product of pairs,
// they are widened to f32. A product of two bf16 is exact in f32, so all levels sum the same numbers; the dot product
// takes a pair's second half first, and its result differs in the last bits. So does that of tiles, which sum up to 32
// numbers of a depth before they add them to the others.
//
// The register tile is kRowsOf x kPanel; a row's sum runs over tap and k in order, whatever tile it falls into, so
// results do not depend on how rows are cut.
#pragma once

#include "../kernels.h"
#include "activation.h"
#if GATUN_TILES
#include "tiles.h"
#endif

namespace gatun::cpu::GATUN_NS {

constexpr int kVectors = 2;
constexpr int kPanel = kVectors * kWidth;
constexpr int kMaxTaps = 256;

static inline int64_t panels(int64_t columns) { return (columns + kPanel - 1) / kPanel; }

// Elements, float or Pair, that hold a depth.
template <class Element>
constexpr int64_t kFactors = 1;
template <>
constexpr int64_t kFactors<Pair> = 2;

// Rows of the register tile; widened pairs need registers for both halves.
template <class Element>
constexpr int kRowsOf = kRows;
#if !GATUN_DOT
template <>
constexpr int kRowsOf<Pair> = kRows * 2 / 3;
#endif

template <class Element>
static inline int64_t elements(int64_t depth) {
  return (depth + kFactors<Element> - 1) / kFactors<Element>;
}

// Calls body(Element{}) with the element of a precision. Kernels with tiles run in reduced precision only.
template <class Body>
static inline __attribute__((always_inline)) void with_elements([[maybe_unused]] int32_t precision, const Body& body) {
#if !GATUN_TILES
  if (precision != GATUN_REDUCED) return body(float{});
#endif
  body(Pair{});
}
template <class Element>
static inline const Element* panels_of(const gatun_weights* weights) {
  return reinterpret_cast<const Element*>(packed(weights).packed);
}

// Element [k, n] of a packed matrix of that depth. A column's pairs are put in ascending order: the first half clears
// the second.
static inline void put(float* matrix, int64_t depth, int64_t k, int64_t n, float value) {
  matrix[(n / kPanel * depth + k) * kPanel + n % kPanel] = value;
}
static inline void put(Pair* matrix, int64_t depth, int64_t k, int64_t n, float value) {
  Pair& pair = matrix[(n / kPanel * elements<Pair>(depth) + k / 2) * kPanel + n % kPanel];
  const uint32_t half = to_bf16(value);
  pair.bits = k % 2 == 0 ? half : pair.bits | half << 16;
}
static inline float get(const float* matrix, int64_t depth, int64_t k, int64_t n) {
  return matrix[(n / kPanel * depth + k) * kPanel + n % kPanel];
}
static inline float get(const Pair* matrix, int64_t depth, int64_t k, int64_t n) {
  const uint32_t pair = matrix[(n / kPanel * elements<Pair>(depth) + k / 2) * kPanel + n % kPanel].bits;
  const uint32_t wide = k % 2 == 0 ? pair << 16 : pair & 0xffff0000u;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}

template <class Element>
struct Rows {
  const Element* taps[kMaxTaps];
  int64_t tap_count;
  int64_t stride;     // elements between two rows
  int64_t depth;      // elements of k
  int64_t shift = 0;  // of all taps, for a product of several lines
};

// `count` rows of `depth` floats, `stride` apart: floats as they are, pairs written to `room`, which may be `from`.
template <class Element>
static inline Rows<Element> rows_of(const float* from, int64_t stride, int64_t count, int64_t depth, float* room) {
  Rows<Element> a;
  a.tap_count = 1;
  a.depth = elements<Element>(depth);
  if constexpr (kFactors<Element> == 1) {
    a.taps[0] = from;
    a.stride = stride;
  } else {
    Pair* pairs = reinterpret_cast<Pair*>(room);
    for (int64_t i = 0; i < count; ++i) to_pairs(from + i * stride, depth, pairs + i * a.depth);
    a.taps[0] = pairs;
    a.stride = a.depth;
  }
  return a;
}
template <class Element>
static inline Rows<Element> rows_of(float* from, int64_t count, int64_t depth) {
  return rows_of<Element>(from, depth, count, depth, from);
}

// The elements of M lines at one depth. Two pointers and three distances reach twelve lines; a pointer for each would not
// stay in the registers, and those that the compiler keeps in vectors take the units from the products.
template <int M, class Element>
class Lines {
 public:
  Lines(const Element* from, int64_t stride)
      : top_(reinterpret_cast<const char*>(from)),
        below_(reinterpret_cast<const char*>(from + (M > 6 ? 6 * stride : 0))),
        one_(stride * static_cast<int64_t>(sizeof(Element))), three_(3 * one_), five_(5 * one_) {}

  const Element* operator[](int line) const {
    const int64_t down[] = {0, one_, 2 * one_, three_, 4 * one_, five_};
    return reinterpret_cast<const Element*>((line < 6 ? top_ : below_) + down[line % 6]);
  }

  void next() {
    top_ += sizeof(Element), below_ += sizeof(Element);
    // They may have changed, so that the compiler makes no pointers of them, and are in registers.
    if constexpr (M > 6) {
      asm("" : "+r"(top_), "+r"(below_), "+r"(one_), "+r"(three_), "+r"(five_));
    } else if constexpr (M > 3) {
      asm("" : "+r"(top_), "+r"(one_), "+r"(three_), "+r"(five_));
    }
  }

 private:
  const char *top_, *below_;    // lines 0 and 6
  int64_t one_, three_, five_;  // bytes
};

// sums += an element of each line times a row of a panel.
template <int M>
static inline __attribute__((always_inline)) void step(const Lines<M, float>& line, const float* b,
                                                       Vec (&sums)[M][kVectors]) {
  const Vec b0 = load(b), b1 = load(b + kWidth);
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) {
    const Vec x = splat(*line[r]);
    sums[r][0] += x * b0;
    sums[r][1] += x * b1;
  }
}

template <int M>
static inline __attribute__((always_inline)) void step(const Lines<M, Pair>& line, const Pair* b,
                                                       Vec (&sums)[M][kVectors]) {
  const Int b0 = load(b), b1 = load(b + kWidth);
#if GATUN_DOT
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) {
    const Int x = splat_pair(line[r]);
    sums[r][0] = dot(sums[r][0], x, b0);
    sums[r][1] = dot(sums[r][1], x, b1);
  }
#else
  const Vec first0 = first_of(b0), first1 = first_of(b1), second0 = second_of(b0), second1 = second_of(b1);
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) {
    const Int x = splat_pair(line[r]);
    sums[r][0] += first_of(x) * first0;
    sums[r][1] += first_of(x) * first1;
    sums[r][0] += second_of(x) * second0;
    sums[r][1] += second_of(x) * second1;
  }
#endif
}

template <int M, class Element>
static inline __attribute__((always_inline)) void multiply(const Rows<Element>& a, int64_t row, const Element* b,
                                                           Vec (&sums)[M][kVectors]) {
  for (int64_t tap = 0; tap < a.tap_count; ++tap) {
    Lines<M, Element> line(a.taps[tap] + a.shift + row * a.stride, a.stride);
    for (int64_t left = a.depth; left > 0; --left, b += kPanel) {
      step(line, b, sums);
      line.next();
      asm("" : "+r"(left), "+r"(b));
    }
  }
}

// One register tile: starts from 0, ends in sink.template tile<M>(row, column, sums).
template <int M, class Element, class Sink>
static inline void tile_of(const Rows<Element>& a, int64_t row, const Element* b, int64_t column, Sink& sink) {
  Vec sums[M][kVectors];
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) sums[r][0] = sums[r][1] = splat(0.0f);
  multiply<M>(a, row, b, sums);
#pragma GCC unroll 12
  for (int r = 0; r < M; ++r) keep_in_register(sums[r][0]), keep_in_register(sums[r][1]);
  sink.template tile<M>(row, column, sums);
}

// Rows that make no whole tile. A tile of one or two rows leaves the units waiting for each other's sums, so the narrow
// vectors have a tile for every number of rows; of the wide ones' twelve, a few do.
static constexpr int largest_tail(int rows) { return rows > 8 ? 8 : rows == 8 ? 4 : rows - 1; }

template <int M, class Element, class Sink>
static inline void tail_of(const Rows<Element>& a, int64_t row, int64_t left, const Element* b, int64_t column,
                           Sink& sink) {
  if (left >= M) {
    tile_of<M>(a, row, b, column, sink);
    row += M;
    left -= M;
  }
  if constexpr (M > 1) tail_of<M == 8 ? 4 : M - 1>(a, row, left, b, column, sink);
}

// All rows of one panel.
template <class Element, class Sink>
static inline void panel_product(const Rows<Element>& a, int64_t rows, const Element* b, int64_t column, Sink& sink) {
  constexpr int kTile = kRowsOf<Element>;
  int64_t row = 0;
  for (; row + kTile <= rows; row += kTile) tile_of<kTile>(a, row, b, column, sink);
  tail_of<largest_tail(kTile)>(a, row, rows - row, b, column, sink);
}

// Around the panels of a product.
template <class Element>
static inline void begin_product(const Rows<Element>&, int64_t) {}
template <class Element>
static inline void end_product(const Rows<Element>&) {}

#if GATUN_TILES
// The sums of up to 32 rows and a panel are four tiles, 0 and 1 above 2 and 3. Rows are loaded to tiles 4 and 6, pairs
// of a panel to 5 and 7: where the depth is no multiple of kTilePairs, 6 and 7 have the shape of what is left over.
// Rows that make no whole tile are taken with some before them, whose results are then dropped: so a product has one
// configuration, which is slow to load and clears the sums.
static inline void begin_product(const Rows<Pair>& a, int64_t rows) {
  const int64_t height = min(max(rows, int64_t{1}), kTileRows), rest = a.depth % kTilePairs;
  const int64_t last = rest == 0 ? kTilePairs : rest;
  TileShapes shapes;
  for (int sums = 0; sums < 4; ++sums) set_shape(shapes, sums, height, kTilePairs);
  set_shape(shapes, 4, height, kTilePairs);
  set_shape(shapes, 5, kTilePairs, kTilePairs);
  set_shape(shapes, 6, height, last);
  set_shape(shapes, 7, last, kTilePairs);
  configure(shapes);
}
static inline void end_product(const Rows<Pair>&) { release_tiles(); }

// Sums += a step of rows `top`, and if Both of rows `bottom`, times a step of a panel. Tiles may be given twice.
template <bool Both, int A0, int B0, int A1, int B1>
static inline void tile_step(const Pair* top, const Pair* bottom, int64_t stride, const Pair* b) {
  constexpr int64_t kPitch = kPanel * sizeof(Pair);
  load_tile<A0>(top, stride);
  load_tile<B0>(b, kPitch);
  multiply_tiles<0, A0, B0>();
  load_tile<B1>(b + kWidth, kPitch);
  multiply_tiles<1, A0, B1>();
  if constexpr (Both) {
    load_tile<A1>(bottom, stride);
    multiply_tiles<3, A1, B1>();
    if constexpr (B0 == B1) load_tile<B0>(b, kPitch);
    multiply_tiles<2, A1, B0>();
  }
}

// The sums of the rows from `top` on and, if Both, from `bottom` on: a tile's height of each.
template <bool Both>
static inline void tile_sums(const Rows<Pair>& a, int64_t top, int64_t bottom, const Pair* b, float* sums) {
  const int64_t stride = a.stride * static_cast<int64_t>(sizeof(Pair)), rest = a.depth % kTilePairs;
  clear_tile<0>(), clear_tile<1>();
  if constexpr (Both) clear_tile<2>(), clear_tile<3>();
  for (int64_t tap = 0; tap < a.tap_count; ++tap) {
    const Pair* from = a.taps[tap] + a.shift;
    const Pair *high = from + top * a.stride, *low = from + bottom * a.stride, *const end = high + a.depth - rest;
    for (; high < end; high += kTilePairs, low += kTilePairs, b += kTilePairs * kPanel) {
      if (rest == 0) {
        tile_step<Both, 4, 5, 6, 7>(high, low, stride, b);
      } else {
        tile_step<Both, 4, 5, 4, 5>(high, low, stride, b);
      }
    }
    if (rest > 0) tile_step<Both, 6, 7, 6, 7>(high, low, stride, b);
    b += rest * kPanel;
  }
  constexpr int64_t kPitch = kPanel * sizeof(float);
  store_tile<0>(sums, kPitch), store_tile<1>(sums + kWidth, kPitch);
  sums += kTileRows * kPanel;
  if constexpr (Both) store_tile<2>(sums, kPitch), store_tile<3>(sums + kWidth, kPitch);
}

// Gives `count` rows of sums to the sink.
template <int M, class Sink>
static inline void pass_on(const float* from, int64_t row, int64_t count, int64_t column, Sink& sink) {
  for (; count >= M; count -= M, row += M, from += M * kPanel) {
    Vec sums[M][kVectors];
#pragma GCC unroll 12
    for (int r = 0; r < M; ++r) sums[r][0] = load(from + r * kPanel), sums[r][1] = load(from + r * kPanel + kWidth);
    sink.template tile<M>(row, column, sums);
  }
  if constexpr (M > 1) pass_on<M / 2>(from, row, count, column, sink);
}

template <class Sink>
static inline void panel_product(const Rows<Pair>& a, int64_t rows, const Pair* b, int64_t column, Sink& sink) {
  static_assert(kPanel == 2 * kTilePairs);
  alignas(64) float sums[2 * kTileRows * kPanel];
  const int64_t last = max(rows - kTileRows, int64_t{0});  // the last whole tile begins here
  for (int64_t row = 0; row < rows; row += 2 * kTileRows) {
    const int64_t top = min(row, last), bottom = min(row + kTileRows, last), left = rows - row - kTileRows;
    if (left > 0) {
      tile_sums<true>(a, top, bottom, b, sums);
    } else {
      tile_sums<false>(a, top, top, b, sums);
    }
    pass_on<8>(sums + (row - top) * kPanel, row, min(rows - row, kTileRows), column, sink);
    const float* below = sums + (row + 2 * kTileRows - bottom) * kPanel;
    if (left > 0) pass_on<8>(below, row + kTileRows, min(left, kTileRows), column, sink);
  }
}
#endif

// All rows and columns: a panel of B, `panel` elements before the next, stays in the first-level cache while the rows
// pass.
template <class Element, class Sink>
static inline void product(const Rows<Element>& a, int64_t rows, const Element* b, int64_t columns, Sink& sink,
                           int64_t panel) {
  begin_product(a, rows);
  for (int64_t column = 0; column < columns; column += kPanel, b += panel) panel_product(a, rows, b, column, sink);
  end_product(a);
}
template <class Element, class Sink>
static inline void product(const Rows<Element>& a, int64_t rows, const Element* b, int64_t columns, Sink& sink) {
  product(a, rows, b, columns, sink, a.tap_count * a.depth * kPanel);
}

// The same for several lines of an image, whose taps lie `line_elements` apart and whose results `out_floats`: all
// weights of a convolution are larger than the second-level cache, a panel is not.
template <class Element, class Sink>
static inline void product_of_lines(Rows<Element>& a, int64_t lines, int64_t line_elements, int64_t rows,
                                    const Element* b, int64_t columns, Sink& sink, int64_t out_floats) {
  float* const out = sink.out;
  begin_product(a, rows);
  for (int64_t column = 0; column < columns; column += kPanel) {
    for (int64_t line = 0; line < lines; ++line) {
      a.shift = line * line_elements;
      sink.out = out + line * out_floats;
      panel_product(a, rows, b, column, sink);
    }
    b += a.tap_count * a.depth * kPanel;
  }
  end_product(a);
}

// Rows of equal tiles of about 96: a few rows left over would read all of B for themselves.
static inline int64_t rows_of_tile(int64_t rows) {
  constexpr int64_t kTileRows = 96, kStep = 12;  // whole register tiles of every level
  const int64_t tiles = max((rows + kTileRows / 2) / kTileRows, int64_t{1}) * kStep;
  return max((rows + tiles - 1) / tiles, int64_t{1}) * kStep;
}

// Columns of equal tiles, where `row_tiles` tiles of rows are too few: several workers are to have some, and to end at
// nearly the same time. A tile has enough products to pay for taking it, some 10 us.
static inline int64_t columns_of_tile(int64_t columns, int64_t row_tiles, int64_t products_of_column) {
  constexpr int64_t kTileProducts = 1 << 19, kManyTiles = 96;
  const int64_t all = max(panels(columns), int64_t{1}), of_rows = max(row_tiles, int64_t{1});
  const int64_t paying = all * products_of_column * kPanel / kTileProducts;
  const int64_t tiles = max(min((kManyTiles + of_rows - 1) / of_rows, min(paying, all)), int64_t{1});
  return (all + tiles - 1) / tiles * kPanel;
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
