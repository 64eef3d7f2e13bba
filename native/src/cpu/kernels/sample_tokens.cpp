// SPDX-License-Identifier: Apache-2.0
// A token for each row of logits: filters by order and by mass, then one draw. 4 bytes an element from memory, and from
// the cache some 25 integer operations for a weight, at one temperature or two, and three counts of 11 bits for each
// filter: bound by arithmetic. Thresholds come from counts of the ordered bits, most significant first: nothing is
// sorted.
#include "../../sampling.h"
#include "simd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileElements = 1 << 14, kBins = 1 << 11;

int64_t no_floats(const SampleTokensArgs&) { return 0; }

// 64 bits each: a row's weights, and the bins.
int64_t scratch_floats(const SampleTokensArgs& args) { return 2 * (args.width + kBins); }

int64_t rows_of_tile(const SampleTokensArgs& args) {
  return args.width < kTileElements ? kTileElements / args.width : 1;
}

int64_t tiles(const SampleTokensArgs& args, int) { return (args.rows + rows_of_tile(args) - 1) / rows_of_tile(args); }

// NaN if one is.
float largest_of(const float* x, int64_t width) {
  Vec top = splat(-INFINITY);
  Int missing = splat_int(0);
  int64_t i = 0;
  for (; i + kWidth <= width; i += kWidth) {
    const Vec part = load(x + i);
    top = max(part, top);
    missing |= part != part;
  }
  float result = largest(top);
  for (; i < width; ++i) {
    result = max(x[i], result);
    missing[0] |= x[i] != x[i];
  }
  for (int lane = 0; lane < kWidth; ++lane) {
    if (missing[lane] != 0) return NAN;
  }
  return result;
}

struct Threshold {
  uint32_t order;
  uint64_t above;  // what all above it have together
};

// Where the mass from the largest down crosses `limit`, which is less than all: above <= limit < above + its own.
template <class Mass>
Threshold threshold_of(const float* x, int64_t width, uint64_t limit, uint64_t* bins, const Mass& mass) {
  constexpr int kShifts[] = {21, 10, 0};
  Threshold found{0, 0};
  uint32_t known = 0;
  for (const int shift : kShifts) {
    const uint32_t digits = (shift > 0 ? kBins : kBins / 2) - 1;
    memset(bins, 0, sizeof(uint64_t) * kBins);
    for (int64_t i = 0; i < width; ++i) {
      const uint32_t order = sampling::order_of(x[i]);
      if ((order & known) == found.order) bins[order >> shift & digits] += mass(i);
    }
    uint32_t bin = digits;
    while (found.above + bins[bin] <= limit) found.above += bins[bin--];
    found.order |= bin << shift;
    known |= digits << shift;
  }
  return found;
}

// Of what is not below `least`; the rest has none. Returns the sum.
uint64_t weigh(const float* x, int64_t width, float top, float inverse_temperature, uint32_t least,
               uint64_t* weights) {
  uint64_t total = 0;
  for (int64_t i = 0; i < width; ++i) {
    const uint64_t weight = sampling::weight_of(x[i], top, inverse_temperature);
    weights[i] = sampling::order_of(x[i]) >= least ? weight : 0;
    total += weights[i];
  }
  return total;
}

// Leaves the first `count` of those at the threshold their weight.
uint64_t drop_equals(const float* x, int64_t width, uint32_t threshold, uint64_t count, uint64_t* weights) {
  uint64_t dropped = 0;
  for (int64_t i = 0; i < width; ++i) {
    if (sampling::order_of(x[i]) != threshold) continue;
    if (count > 0) {
      --count;
    } else {
      dropped += weights[i];
      weights[i] = 0;
    }
  }
  return dropped;
}

int64_t token_of(const SampleTokensArgs& args, int64_t row, uint64_t* weights, uint64_t* bins) {
  const float* x = args.logits + row * args.width;
  const float top = largest_of(x, args.width);
  if (top != top) return -1;
  uint32_t least = 0;
  if (args.keep < args.width) {
    const auto each = [](int64_t) { return uint64_t{1}; };
    least = threshold_of(x, args.width, static_cast<uint64_t>(args.keep - 1), bins, each).order;
  }
  uint64_t total = 0;
  if (args.top_p < 1) {
    total = weigh(x, args.width, top, 1.0f, least, weights);
    const uint64_t limit = sampling::limit_of(args.top_p, total);
    const Threshold last =
        threshold_of(x, args.width, limit, bins, [weights](int64_t i) { return weights[i]; });
    least = last.order;
    const uint64_t own = sampling::weight_of(sampling::value_of(least), top, 1.0f);
    total = weigh(x, args.width, top, args.inverse_temperature, least, weights);
    total -= drop_equals(x, args.width, least, (limit - last.above) / own + 1, weights);
  } else {
    total = weigh(x, args.width, top, args.inverse_temperature, least, weights);
  }
  const auto counter = static_cast<uint64_t>(args.counters[row]);
  uint64_t left = sampling::draw_of(total, sampling::philox(args.seed, counter));
  int64_t token = 0;
  while (left >= weights[token]) left -= weights[token++];
  return token;
}

void tile(const SampleTokensArgs& args, const TileContext& context, int, int64_t index) {
  auto* weights = reinterpret_cast<uint64_t*>(context.scratch);
  const int64_t step = rows_of_tile(args), last = min(args.rows, (index + 1) * step);
  for (int64_t row = index * step; row < last; ++row) {
    args.out[row] = token_of(args, row, weights, weights + args.width);
  }
}

}  // namespace

const TiledKernel<SampleTokensArgs> kSampleTokens = {1, no_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
