// SPDX-License-Identifier: Apache-2.0
// Temporal attention pooling: a tile holds up to 32 days of 8 places. Encoded tokens, their normalised form and the
// scores live in the tile only; the hidden layer of the scorer lives in registers only. Longer series run block by block
// with a running softmax. A token costs 2 E^2 + about 40 E FLOP and 4 E bytes: bound by arithmetic.
#include "gemm.h"
#include "norm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kPlaces = 8, kDays = 32, kTileTokens = kPlaces * kDays;

int64_t no_floats(const TemporalPoolArgs&) { return 0; }

// Encoded tokens, normalised tokens, score vectors, and the running sums.
int64_t scratch_floats(const TemporalPoolArgs& args) {
  return 2 * kTileTokens * args.embed + kTileTokens * kWidth + kPlaces * args.embed;
}

int64_t blocks(const TemporalPoolArgs& args) { return (args.places + kPlaces - 1) / kPlaces; }

int64_t tiles(const TemporalPoolArgs& args, int) { return args.batch * args.months * blocks(args); }

// score += gelu(hidden + bias) * weight, a vector of partial sums for each token.
struct ScoreSink {
  const float *bias, *weight;
  int64_t columns;
  float* scores;

  template <int M>
  void tile(int64_t row, int64_t column, Vec (&sums)[M][kVectors]) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = column + v * kWidth, count = columns - at;
      if (count <= 0) return;
      const Vec shift = load_up_to(bias + at, count), factor = load_up_to(weight + at, count);
      for (int r = 0; r < M; ++r) {
        float* score = scores + (row + r) * kWidth;
        store(score, load(score) + gelu(sums[r][v] + shift) * factor);
      }
    }
  }
};

struct Tile {
  const TemporalPoolArgs& args;
  int64_t batch, month, place, places;
  float *encoded, *normalised, *scores, *sums;
  float top[kPlaces], weight_sum[kPlaces];

  const uint8_t* padded() const {
    return args.padded == nullptr ? nullptr : args.padded + (batch * args.months + month) * args.time;
  }

  // Day after day, place after place: the order in which the rows of the product lie.
  void encode(int64_t first_day, int64_t days) {
    const int64_t embed = args.embed;
    const float* month_row = args.month_encoding + month * embed;
    for (int64_t day = 0; day < days; ++day) {
      const int64_t t = first_day + day;
      const float* day_row = args.day_encoding + t * embed;
      const float* tokens =
          args.x + (((batch * args.months + month) * args.time + t) * args.places + place) * embed;
      for (int64_t p = 0; p < places; ++p) {
        float* to = encoded + (day * places + p) * embed;
        add_row(tokens + p * embed, day_row, embed, to);
        add_row(to, month_row, embed, to);
        normalise_row(to, embed, args.norm_weight, args.norm_bias, args.eps, normalised + (day * places + p) * embed);
      }
    }
  }

  void score(int64_t days) {
    const int64_t rows = days * places;
    memset(scores, 0, sizeof(float) * static_cast<size_t>(rows * kWidth));
    Rows a;
    a.taps[0] = normalised;
    a.tap_count = 1;
    a.stride = a.depth = args.embed;
    ScoreSink sink{args.hidden_bias, args.score_weight, args.embed, scores};
    product(a, rows, packed(args.weights).packed, args.embed, sink);
    for (int64_t row = 0; row < rows; ++row) {
      scores[row * kWidth] = sum(load(scores + row * kWidth)) + args.score_bias[0];
    }
  }

  // Adds a block of days to the running softmax of one place.
  void pool(int64_t p, int64_t first_day, int64_t days) {
    const int64_t embed = args.embed;
    const uint8_t* skip = padded() == nullptr ? nullptr : padded() + first_day;
    float highest = top[p];
    for (int64_t day = 0; day < days; ++day) {
      if (skip == nullptr || skip[day] == 0) highest = max(highest, scores[(day * places + p) * kWidth]);
    }
    float* pooled = sums + p * embed;
    if (highest > top[p]) {
      const float shrink = first_day == 0 ? 0.0f : exponential(splat(top[p] - highest))[0];
      weight_sum[p] *= shrink;
      for (int64_t i = 0; i < embed; ++i) pooled[i] *= shrink;
      top[p] = highest;
    }
    for (int64_t day = 0; day < days; ++day) {
      if (skip != nullptr && skip[day] != 0) continue;
      const float* row = encoded + (day * places + p) * embed;
      const float weight = exponential(splat(scores[(day * places + p) * kWidth] - highest))[0];
      weight_sum[p] += weight;
      for (int64_t i = 0; i < embed; i += kWidth) {
        const int64_t left = embed - i;
        store_up_to(pooled + i, load_up_to(pooled + i, left) + splat(weight) * load_up_to(row + i, left), left);
      }
    }
  }

  void write() {
    for (int64_t p = 0; p < places; ++p) {
      // Without a single day the sum is 0 / 0: NaN, as the softmax of nothing is upstream.
      const float scale = 1.0f / weight_sum[p];
      float* to = args.out + ((batch * args.places + place + p) * args.months + month) * args.embed;
      for (int64_t i = 0; i < args.embed; ++i) to[i] = sums[p * args.embed + i] * scale;
    }
  }
};

void tile(const TemporalPoolArgs& args, const TileContext& context, int, int64_t index) {
  const int64_t map = index / blocks(args), place = index % blocks(args) * kPlaces;
  float* normalised = context.scratch + kTileTokens * args.embed;
  float* scores = normalised + kTileTokens * args.embed;
  Tile tile{args, map / args.months, map % args.months, place, min(kPlaces, args.places - place), context.scratch,
            normalised, scores, scores + kTileTokens * kWidth, {}, {}};
  memset(tile.sums, 0, sizeof(float) * static_cast<size_t>(kPlaces * args.embed));
  for (int64_t p = 0; p < kPlaces; ++p) tile.top[p] = -INFINITY;
  for (int64_t day = 0; day < args.time; day += kDays) {
    const int64_t days = min(kDays, args.time - day);
    tile.encode(day, days);
    tile.score(days);
    for (int64_t p = 0; p < tile.places; ++p) tile.pool(p, day, days);
  }
  tile.write();
}

}  // namespace

const TiledKernel<TemporalPoolArgs> kTemporalPool = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
