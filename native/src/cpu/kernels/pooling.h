// SPDX-License-Identifier: Apache-2.0
// Temporal attention pooling of a tile of places, from tokens in memory or made on the spot.
#pragma once

#include "../kernels.h"
#include "gemm.h"
#include "norm.h"

namespace gatun::cpu::GATUN_NS {

constexpr int64_t kPlaces = 8, kDays = 32, kTileTokens = kPlaces * kDays;

static inline int64_t pool_blocks(const TemporalPoolArgs& args) { return (args.places + kPlaces - 1) / kPlaces; }

static inline int64_t pool_tiles(const TemporalPoolArgs& args) {
  return args.batch * args.months * pool_blocks(args);
}

// Encoded tokens, normalised tokens, score vectors, and the running sums.
static inline int64_t pool_scratch_floats(const TemporalPoolArgs& args) {
  return 2 * kTileTokens * args.embed + kTileTokens * kWidth + kPlaces * args.embed;
}

namespace {  // or the linker would be left copies of its functions to choose among

// score += gelu(hidden + bias) * weight, a vector of partial sums for each token.
struct ScoreSink {
  const float *bias, *weight;
  int64_t columns;
  float* scores;

  template <int M>
  __attribute__((always_inline)) void tile(int64_t row, int64_t column, Vec (&sums)[M][kVectors]) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = column + v * kWidth, count = columns - at;
      if (count <= 0) return;
      const Vec shift = load_up_to(bias + at, count), factor = load_up_to(weight + at, count);
      Vec hidden[M];
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) hidden[r] = sums[r][v] + shift;
      gelu(hidden);
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) {
        float* score = scores + (row + r) * kWidth;
        store(score, load(score) + hidden[r] * factor);
      }
    }
  }
};

// The running softmax of one place over blocks of days.
struct RunningSoftmax {
  float top = kLowestTop, total = 0.0f;
  // Of the last block: its days that take part, and their weights.
  int64_t days[kDays], count = 0;
  float weights[kDays];

  // Takes in a block of days, whose scores are `stride` floats apart; returns the factor for everything summed so far.
  float take(const float* scores, int64_t stride, const uint8_t* skip, int64_t block) {
    count = 0;
    for (int64_t day = 0; day < block; ++day) {
      if (skip != nullptr && skip[day] != 0) continue;
      weights[count] = scores[day * stride];
      days[count++] = day;
    }
    for (int64_t i = count; i < kDays; ++i) weights[i] = -INFINITY;
    constexpr int kAll = kDays / kWidth;
    Vec values[kAll], high = splat(top);
    for (int i = 0; i < kAll; ++i) {
      values[i] = load(weights + i * kWidth);
      high = max(values[i], high);
    }
    const float highest = largest(high), shrink = exponential(splat(top - highest))[0];
    for (Vec& each : values) each -= splat(highest);
    exponential(values);
    Vec sums = splat(0.0f);
    for (int i = 0; i < kAll; ++i) {
      store(weights + i * kWidth, values[i]);
      sums += values[i];
    }
    total = total * shrink + sum(sums);
    top = highest;
    return shrink;
  }

  // to = to * shrink + the weighted sum of the last block's rows, `stride` floats apart.
  void add(const float* rows, int64_t stride, int64_t width, float shrink, float* to) const {
    int64_t at = add_vectors<8>(rows, stride, 0, width, shrink, to);
    at = add_vectors<4>(rows, stride, at, width, shrink, to);
    at = add_vectors<1>(rows, stride, at, width, shrink, to);
    for (; at < width; ++at) {
      to[at] *= shrink;
      for (int64_t d = 0; d < count; ++d) to[at] += weights[d] * rows[days[d] * stride + at];
    }
  }

 private:
  // As many times Count vectors, in registers, as there are from `at` on; returns where they end.
  template <int Count>
  int64_t add_vectors(const float* rows, int64_t stride, int64_t at, int64_t width, float shrink, float* to) const {
    for (; at + Count * kWidth <= width; at += Count * kWidth) {
      Vec sums[Count];
      for (int i = 0; i < Count; ++i) sums[i] = splat(shrink) * load(to + at + i * kWidth);
      for (int64_t d = 0; d < count; ++d) {
        const float* row = rows + days[d] * stride + at;
        const Vec weight = splat(weights[d]);
        for (int i = 0; i < Count; ++i) sums[i] += weight * load(row + i * kWidth);
      }
      for (int i = 0; i < Count; ++i) keep_in_register(sums[i]), store(to + at + i * kWidth, sums[i]);
    }
    return at;
  }
};

// A tile of places. Source says where the tokens come from: prepare(first_day, days) comes before token(t, p), a row of E
// floats for day t and place p of the tile.
template <class Source>
struct PoolTile {
  const TemporalPoolArgs& args;
  Source& source;
  int64_t batch, month, place, places;
  float *encoded, *normalised, *scores, *sums;
  RunningSoftmax softmax[kPlaces];

  const uint8_t* padded() const {
    return args.padded == nullptr ? nullptr : args.padded + (batch * args.months + month) * args.time;
  }

  // Day after day, place after place: the order in which the rows of the product lie.
  void encode(int64_t first_day, int64_t days) {
    const int64_t embed = args.embed;
    const float* month_row = args.month_encoding + month * embed;
    source.prepare(first_day, days);
    for (int64_t day = 0; day < days; ++day) {
      const int64_t t = first_day + day;
      const float* day_row = args.day_encoding + t * embed;
      for (int64_t p = 0; p < places; ++p) {
        const int64_t at = (day * places + p) * embed;
        add_and_normalise_row(source.token(t, p), day_row, month_row, embed, args.norm_weight, args.norm_bias, args.eps,
                              encoded + at, normalised + at);
      }
    }
  }

  void score(int64_t days) {
    const int64_t rows = days * places;
    memset(scores, 0, sizeof(float) * static_cast<size_t>(rows * kWidth));
    ScoreSink sink{args.hidden_bias, args.score_weight, args.embed, scores};
    with_elements(args.weights->precision, [&](auto element) {
      using Element = decltype(element);
      product(rows_of<Element>(normalised, rows, args.embed), rows, panels_of<Element>(args.weights), args.embed, sink);
    });
    for (int64_t row = 0; row < rows; ++row) {
      scores[row * kWidth] = sum(load(scores + row * kWidth)) + args.score_bias[0];
    }
  }

  // Adds a block of days to the running softmax of one place.
  void pool(int64_t p, int64_t first_day, int64_t days) {
    const uint8_t* skip = padded() == nullptr ? nullptr : padded() + first_day;
    const float shrink = softmax[p].take(scores + p * kWidth, places * kWidth, skip, days);
    softmax[p].add(encoded + p * args.embed, places * args.embed, args.embed, shrink, sums + p * args.embed);
  }

  void run() {
    memset(sums, 0, sizeof(float) * static_cast<size_t>(kPlaces * args.embed));
    for (int64_t day = 0; day < args.time; day += kDays) {
      const int64_t days = min(kDays, args.time - day);
      encode(day, days);
      score(days);
      for (int64_t p = 0; p < places; ++p) pool(p, day, days);
    }
    write();
  }

  void write() {
    for (int64_t p = 0; p < places; ++p) {
      // Without a single day the sum is 0 / 0: NaN, as the softmax of nothing is upstream.
      const float scale = 1.0f / softmax[p].total;
      float* to = args.out + ((batch * args.places + place + p) * args.months + month) * args.embed;
      for (int64_t i = 0; i < args.embed; ++i) to[i] = sums[p * args.embed + i] * scale;
    }
  }
};

// Tile `index` with the memory of pool_scratch_floats.
template <class Source>
static inline PoolTile<Source> pool_tile(const TemporalPoolArgs& args, Source& source, int64_t index, float* scratch) {
  const int64_t map = index / pool_blocks(args), place = index % pool_blocks(args) * kPlaces;
  float* normalised = scratch + kTileTokens * args.embed;
  float* scores = normalised + kTileTokens * args.embed;
  return {args, source, map / args.months, map % args.months, place, min(kPlaces, args.places - place), scratch,
          normalised, scores, scores + kTileTokens * kWidth, {}};
}

}  // namespace

}  // namespace gatun::cpu::GATUN_NS
