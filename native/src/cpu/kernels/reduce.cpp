// SPDX-License-Identifier: Apache-2.0
// Sum, mean, largest or smallest over the middle axis of [P, R, C]. 4 bytes and 1 FLOP an element: bound by memory.
// First chunks of kChunk rows, each on its own, then the results of the chunks: long sums lose less, and one long axis
// keeps every worker busy. Where C is 1 a chunk is a run of numbers, summed lane by lane.
#include "channels.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kChunk = 256;
constexpr int64_t kTileColumns = 2048;

int64_t chunks(const ReduceArgs& args) { return (args.count + kChunk - 1) / kChunk; }

// Results of the chunks, where there are several.
int64_t shared_floats(const ReduceArgs& args) {
  return chunks(args) > 1 ? args.outer * chunks(args) * args.inner : 0;
}

int64_t no_floats(const ReduceArgs&) { return 0; }

int64_t pieces(const ReduceArgs& args) { return (args.inner + kTileColumns - 1) / kTileColumns; }

int64_t tiles(const ReduceArgs& args, int phase) {
  if (phase == 0) return args.outer * chunks(args) * pieces(args);
  return chunks(args) > 1 ? args.outer * pieces(args) : 0;
}

struct Add {
  template <class V>
  __attribute__((always_inline)) V operator()(V a, V b) const {
    return a + b;
  }
};
struct Larger {
  template <class V>
  __attribute__((always_inline)) V operator()(V a, V b) const {
    return larger(a, b);
  }
};
struct Smaller {
  template <class V>
  __attribute__((always_inline)) V operator()(V a, V b) const {
    return smaller(a, b);
  }
};

// Rows of `columns` numbers, `pitch` apart.
template <class Combine>
void combine_rows(const float* rows, int64_t count, int64_t pitch, int64_t columns, const Combine& combine,
                  float* out) {
  for_channels(columns, [&]<class V>(int64_t c) __attribute__((always_inline)) {
    V value = get<V>(rows + c);
    for (int64_t row = 1; row < count; ++row) value = combine(value, get<V>(rows + row * pitch + c));
    put(out + c, value);
  });
}

template <class Combine>
float combine_run(const float* x, int64_t count, const Combine& combine) {
  int64_t i = kWidth;
  float value = x[0];
  if (count >= kWidth) {
    Vec lanes = load(x);
    for (; i + kWidth <= count; i += kWidth) lanes = combine(lanes, load(x + i));
    float part[kWidth];
    store(part, lanes);
    value = part[0];
    for (int lane = 1; lane < kWidth; ++lane) value = combine(value, part[lane]);
  } else {
    i = 1;
  }
  for (; i < count; ++i) value = combine(value, x[i]);
  return value;
}

template <class Combine>
void reduce(const ReduceArgs& args, float* partial, int phase, int64_t index, const Combine& combine) {
  const int64_t several = chunks(args), group = index / pieces(args), first = index % pieces(args) * kTileColumns;
  const int64_t columns = min(kTileColumns, args.inner - first);
  const bool last = phase == 1 || several == 1;
  const float* rows = partial + group * several * args.inner;
  float* out = args.out + group * args.inner;
  int64_t count = several;
  if (phase == 0) {
    const int64_t row = group % several * kChunk;
    count = min(kChunk, args.count - row);
    rows = args.x + (group / several * args.count + row) * args.inner;
    if (!last) out = partial + group * args.inner;
  }
  if (args.inner == 1) {
    *out = combine_run(rows, count, combine);
  } else {
    combine_rows(rows + first, count, args.inner, columns, combine, out + first);
  }
  if (last && args.reduction == GATUN_REDUCE_MEAN) {
    const float length = static_cast<float>(args.count);
    for (int64_t c = first; c < first + columns; ++c) out[c] /= length;
  }
}

void tile(const ReduceArgs& args, const TileContext& context, int phase, int64_t index) {
  switch (args.reduction) {
    case GATUN_REDUCE_MAX: return reduce(args, context.shared, phase, index, Larger{});
    case GATUN_REDUCE_MIN: return reduce(args, context.shared, phase, index, Smaller{});
    default: return reduce(args, context.shared, phase, index, Add{});
  }
}

}  // namespace

const TiledKernel<ReduceArgs> kReduce = {2, shared_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
