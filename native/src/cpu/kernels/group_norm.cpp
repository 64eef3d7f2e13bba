// SPDX-License-Identifier: Apache-2.0
// Group normalisation of channels-last places, and an activation. The image is read twice and written once, 12 bytes an
// element for about 8 FLOP: bound by memory. Chunks of places give each group's mean and sum of squared distances from
// it, which are merged in the order of the chunks.
#include "activation.h"
#include "channels.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kChunk = 256;

int64_t chunks(const GroupNormArgs& args) { return (args.places + kChunk - 1) / kChunk; }

// Mean and squares of each chunk and group, then mean and scale of each sample and channel.
int64_t shared_floats(const GroupNormArgs& args) {
  return args.batch * (chunks(args) * args.groups * 2 + args.channels * 2);
}

// Sums and means of each channel.
int64_t scratch_floats(const GroupNormArgs& args) { return 2 * args.channels; }

int64_t tiles(const GroupNormArgs& args, int phase) { return phase == 1 ? args.batch : args.batch * chunks(args); }

float sum_of(const float* values, int64_t count) {
  float sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

// sums[c] = the sum over the places of term(x, means[c]). Several vectors of a place at a time: whole lines of memory.
template <class Term>
void sum_places(const float* x, int64_t places, int64_t channels, const float* means, float* sums, const Term& term) {
  constexpr int kBeside = 4;
  int64_t first = 0;
  for (; first + kBeside * kWidth <= channels; first += kBeside * kWidth) {
    Vec mean[kBeside], sum[kBeside];
#pragma GCC unroll 4
    for (int v = 0; v < kBeside; ++v) mean[v] = load(means + first + v * kWidth), sum[v] = splat(0.0f);
    for (int64_t place = 0; place < places; ++place) {
      const float* from = x + place * channels + first;
#pragma GCC unroll 4
      for (int v = 0; v < kBeside; ++v) sum[v] += term(load(from + v * kWidth), mean[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < kBeside; ++v) store(sums + first + v * kWidth, sum[v]);
  }
  for_channels(channels - first, [&]<class V>(int64_t c) __attribute__((always_inline)) {
    const V mean = get<V>(means + first + c);
    V sum{};
    for (int64_t place = 0; place < places; ++place) sum += term(get<V>(x + place * channels + first + c), mean);
    put(sums + first + c, sum);
  });
}

void measure(const GroupNormArgs& args, const float* x, int64_t places, float* scratch, float* statistics) {
  const int64_t channels = args.channels, width = channels / args.groups;
  const float count = static_cast<float>(places * width);
  float *sums = scratch, *means = scratch + channels;
  memset(means, 0, sizeof(float) * static_cast<size_t>(channels));  // not looked at yet
  sum_places(x, places, channels, means, sums,
             []<class V>(V value, V) __attribute__((always_inline)) { return value; });
  for (int64_t group = 0; group < args.groups; ++group) {
    const float mean = sum_of(sums + group * width, width) / count;
    statistics[2 * group] = mean;
    for (int64_t c = group * width; c < (group + 1) * width; ++c) means[c] = mean;
  }
  sum_places(x, places, channels, means, sums, []<class V>(V value, V mean) __attribute__((always_inline)) {
    return (value - mean) * (value - mean);
  });
  for (int64_t group = 0; group < args.groups; ++group) {
    statistics[2 * group + 1] = sum_of(sums + group * width, width);
  }
}

void merge(const GroupNormArgs& args, const float* statistics, float* affine) {
  const int64_t width = args.channels / args.groups;
  for (int64_t group = 0; group < args.groups; ++group) {
    float mean = 0, squares = 0;
    for (int64_t chunk = 0; chunk < chunks(args); ++chunk) {
      const float* part = statistics + (chunk * args.groups + group) * 2;
      const float fresh = static_cast<float>(min(kChunk, args.places - chunk * kChunk));
      const float share = fresh / (static_cast<float>(chunk * kChunk) + fresh), apart = part[0] - mean;
      mean += apart * share;
      squares += part[1] + apart * apart * (1.0f - share) * fresh * static_cast<float>(width);
    }
    const float count = static_cast<float>(args.places) * static_cast<float>(width);
    const float scale = 1.0f / sqrtf(squares / count + args.eps);
    for (int64_t c = group * width; c < (group + 1) * width; ++c) {
      affine[c] = mean;
      affine[args.channels + c] = scale;
    }
  }
}

void apply(const GroupNormArgs& args, const float* x, int64_t places, const float* affine, float* out) {
  for (int64_t place = 0; place < places; ++place, x += args.channels, out += args.channels) {
    for (int64_t c = 0; c < args.channels; c += kWidth) {
      const int64_t left = args.channels - c;
      Vec value = load_up_to(x + c, left) - load_up_to(affine + c, left);
      value = value * load_up_to(affine + args.channels + c, left);
      value = value * load_up_to(args.weight + c, left) + load_up_to(args.bias + c, left);
      if (args.activation == GATUN_ACT_GELU) value = gelu(value);
      if (args.activation == GATUN_ACT_SILU) value = value * sigmoid(value);
      store_up_to(out + c, value, left);
    }
  }
}

void tile(const GroupNormArgs& args, const TileContext& context, int phase, int64_t index) {
  const int64_t per_sample = chunks(args) * args.groups * 2;
  float* const affines = context.shared + args.batch * per_sample;
  if (phase == 1) return merge(args, context.shared + index * per_sample, affines + index * args.channels * 2);
  const int64_t sample = index / chunks(args), first = index % chunks(args) * kChunk;
  const int64_t places = min(kChunk, args.places - first), at = (sample * args.places + first) * args.channels;
  if (phase == 0) {
    measure(args, args.x + at, places, context.scratch, context.shared + index * args.groups * 2);
  } else {
    apply(args, args.x + at, places, affines + sample * args.channels * 2, args.out + at);
  }
}

}  // namespace

const TiledKernel<GroupNormArgs> kGroupNorm = {3, shared_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
