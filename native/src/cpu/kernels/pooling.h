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
  float top = -INFINITY, total = 0.0f;

  // Takes in the scores of a block of days, `stride` floats apart; returns the factor for everything summed so far.
  float rise(const float* scores, int64_t stride, const uint8_t* skip, int64_t days) {
    float highest = top;
    for (int64_t day = 0; day < days; ++day) {
      if (skip == nullptr || skip[day] == 0) highest = max(highest, scores[day * stride]);
    }
    if (!(highest > top)) return 1.0f;
    const float shrink = top == -INFINITY ? 0.0f : exponential(splat(top - highest))[0];
    total *= shrink;
    top = highest;
    return shrink;
  }
  // The weight of a day, which is added to the total.
  float weigh(float score) {
    const float weight = exponential(splat(score - top))[0];
    total += weight;
    return weight;
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
    const int64_t embed = args.embed;
    const uint8_t* skip = padded() == nullptr ? nullptr : padded() + first_day;
    float* pooled = sums + p * embed;
    const float shrink = softmax[p].rise(scores + p * kWidth, places * kWidth, skip, days);
    if (shrink != 1.0f) {
      for (int64_t i = 0; i < embed; ++i) pooled[i] *= shrink;
    }
    for (int64_t day = 0; day < days; ++day) {
      if (skip != nullptr && skip[day] != 0) continue;
      const float* row = encoded + (day * places + p) * embed;
      const float weight = softmax[p].weigh(scores[(day * places + p) * kWidth]);
      for (int64_t i = 0; i < embed; i += kWidth) {
        const int64_t left = embed - i;
        store_up_to(pooled + i, load_up_to(pooled + i, left) + splat(weight) * load_up_to(row + i, left), left);
      }
    }
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

}  // namespace gatun::cpu::GATUN_NS
