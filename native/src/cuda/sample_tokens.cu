// SPDX-License-Identifier: Apache-2.0
// A token for each row of logits, one block a row: filters by order and by mass, then one draw. 4 bytes an element from
// memory; a row is read some ten times more, eight for each filter, from a cache, with some 30 integer operations for a
// weight: bound by arithmetic. Thresholds come from counts of the ordered bits, four at a time, the most significant
// first: nothing is sorted. Each thread counts for itself, so there are no atomics.
#include "launch.h"
#include "operations.h"

#include "../sampling.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256, kBins = 16, kShare = kThreads / kBins;
constexpr int64_t kSharedBytes = (kBins * kThreads + kThreads + kBins) * int64_t{8};

struct Row {
  const float* x;
  int width;
  float top;
  // In shared memory: [kBins][kThreads], [kThreads], [kBins].
  uint64_t *counts, *parts, *bins;
};

// What top-k and top-p leave: all above `least`, and the first `equals` of those that are at it.
struct Left {
  uint32_t least;
  uint64_t equals;
};

struct Threshold {
  uint32_t order;
  uint64_t above;  // what all above it have together
};

// Each thread's value to all, in order.
GATUN_DEVICE void share(uint64_t value, uint64_t* parts) {
  sync_block();  // the last values have been read
  parts[thread_index()] = value;
  sync_block();
}

GATUN_DEVICE uint64_t sum_of(const uint64_t* parts, int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += parts[i];
  return sum;
}

// Largest of the row, NaN if one is.
GATUN_DEVICE float largest_of(const float* x, int width, uint64_t* parts) {
  float top = -INFINITY;
  bool missing = false;
  for (int i = thread_index(); i < width; i += kThreads) {
    top = fmaxf(top, x[i]);
    missing = missing || x[i] != x[i];
  }
  top = warp_max(top);
  missing = any(missing);
  share(as_bits(missing ? NAN : top), parts);
  for (int warp = 0; warp < kThreads / kWarp; ++warp) {
    const float other = as_float(static_cast<uint32_t>(parts[warp * kWarp]));
    if (other != other) return NAN;
    top = fmaxf(top, other);
  }
  return top;
}

// Where the mass from the largest down crosses `limit`, which is less than all: above <= limit < above + its own.
template <class Mass>
GATUN_DEVICE Threshold threshold_of(const Row& row, uint64_t limit, const Mass& mass) {
  Threshold found{0, 0};
  uint32_t known = 0;
  for (int shift = 28; shift >= 0; shift -= 4) {
    uint64_t* mine = row.counts + thread_index();
    for (int bin = 0; bin < kBins; ++bin) mine[bin * kThreads] = 0;
    for (int i = thread_index(); i < row.width; i += kThreads) {
      const float x = row.x[i];
      const uint32_t order = sampling::order_of(x);
      if ((order & known) == found.order) mine[(order >> shift & 15) * kThreads] += mass(x, order);
    }
    sync_block();
    // Neighbours read neighbours.
    const uint64_t* others = row.counts + thread_index() / kShare * kThreads + thread_index() % kShare;
    uint64_t part = 0;
    for (int i = 0; i < kThreads; i += kShare) part += others[i];
    share(part, row.parts);
    if (thread_index() < kBins) row.bins[thread_index()] = sum_of(row.parts + thread_index() * kShare, kShare);
    sync_block();
    uint32_t bin = kBins - 1;
    while (found.above + row.bins[bin] <= limit) found.above += row.bins[bin--];
    found.order |= bin << shift;
    known |= 15u << shift;
  }
  return found;
}

// Weight of an element at temperature 1, of those from `least` on.
struct Mass {
  float top;
  uint32_t least;

  GATUN_DEVICE uint64_t operator()(float x, uint32_t order) const {
    return order >= least ? sampling::weight_of(x, top, 1.0f) : 0;
  }
};

GATUN_DEVICE Left filtered(const SampleTokensArgs& args, const Row& row) {
  Left left{0, UINT64_MAX};
  if (args.keep < args.width) {
    const auto each = [](float, uint32_t) { return uint64_t{1}; };
    left.least = threshold_of(row, static_cast<uint64_t>(args.keep - 1), each).order;
  }
  if (args.top_p < 1) {
    const Mass mass{row.top, left.least};
    uint64_t own = 0;
    for (int i = thread_index(); i < row.width; i += kThreads) own += mass(row.x[i], sampling::order_of(row.x[i]));
    share(own, row.parts);
    const uint64_t limit = sampling::limit_of(args.top_p, sum_of(row.parts, kThreads));
    const Threshold last = threshold_of(row, limit, mass);
    left = {last.order, (limit - last.above) / sampling::weight_of(sampling::value_of(last.order), row.top, 1.0f) + 1};
  }
  return left;
}

// Calls body(place, weight) for what is left of a thread's elements, in order; `equals` of those at the threshold stay.
template <class Body>
GATUN_DEVICE void for_left(const Row& row, float inverse_temperature, uint32_t least, uint64_t equals, int first,
                           int last, const Body& body) {
  for (int i = first; i < last; ++i) {
    const uint32_t order = sampling::order_of(row.x[i]);
    if (order < least || (order == least && equals == 0)) continue;
    if (order == least) --equals;
    body(i, sampling::weight_of(row.x[i], row.top, inverse_temperature));
  }
}

GATUN_KERNEL(kThreads) sample_rows(SampleTokensArgs args) {
  auto* counts = reinterpret_cast<uint64_t*>(shared_memory());
  uint64_t *parts = counts + kBins * kThreads, *bins = parts + kThreads;
  const int64_t index = block_index<0>();
  const float* x = args.logits + index * args.width;
  const int width = static_cast<int>(args.width);
  const Row row{x, width, largest_of(x, width, parts), counts, parts, bins};
  if (row.top != row.top) {  // of all threads
    if (thread_index() == 0) args.out[index] = -1;
    return;
  }
  Left left = filtered(args, row);

  // From here each thread has neighbouring elements: the draw goes by place.
  const int step = (width + kThreads - 1) / kThreads, first = thread_index() * step;
  const int last = first + step < width ? first + step : width;
  uint64_t equals = 0;
  for (int i = first; i < last; ++i) equals += sampling::order_of(x[i]) == left.least;
  share(equals, parts);
  const uint64_t before = sum_of(parts, thread_index());
  equals = left.equals > before ? left.equals - before : 0;

  uint64_t own = 0;
  for_left(row, args.inverse_temperature, left.least, equals, first, last,
           [&](int, uint64_t weight) { own += weight; });
  share(own, parts);
  const auto counter = static_cast<uint64_t>(args.counters[index]);
  const uint64_t drawn = sampling::draw_of(sum_of(parts, kThreads), sampling::philox(args.seed, counter));
  uint64_t passed = sum_of(parts, thread_index());
  if (drawn < passed || drawn - passed >= own) return;
  for_left(row, args.inverse_temperature, left.least, equals, first, last, [&](int place, uint64_t weight) {
    if (drawn >= passed && drawn - passed < weight) args.out[index] = place;
    passed += weight;
  });
}

}  // namespace

gatun_status sample_tokens(gatun_stream* stream, const SampleTokensArgs& args, gatun_error* error) {
  return guard(error, [&] {
    launch(stream, "sample_tokens", sample_rows, {args.rows}, kThreads, kSharedBytes, args);
  });
}

}  // namespace gatun::cuda
