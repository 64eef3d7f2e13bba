// SPDX-License-Identifier: Apache-2.0
// Group normalisation of channels-last places, and an activation. The image is read twice and written once, 12 bytes an
// element for about 10 FLOP: bound by memory. A block measures a group's share of a chunk of places, its mean and the
// sum of squared distances from it; the chunks are merged in their order.
#include "activation.h"
#include "image_walk.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int64_t kChunk = 512;

struct Moments {
  float mean, squares;
};

// In every thread, in the same order.
GATUN_DEVICE float block_sum(float value, float* parts) {
  value = warp_sum(value);
  if (lane_index() == 0) parts[warp_index()] = value;
  sync_block();
  float sum = 0;
  for (int warp = 0; warp < kThreads / kWarp; ++warp) sum += parts[warp];
  sync_block();
  return sum;
}

// out [sample][chunk][group]
GATUN_KERNEL(kThreads) measure_groups(GroupNormArgs args, int64_t chunks, Moments* out) {
  auto* parts = reinterpret_cast<float*>(shared_memory());
  const int64_t block = block_index<0>(), group = block % args.groups, chunk = block / args.groups % chunks;
  const int64_t sample = block / args.groups / chunks, width = args.channels / args.groups, first = chunk * kChunk;
  const int64_t places = args.places - first < kChunk ? args.places - first : kChunk, count = places * width;
  const float* x = args.x + (sample * args.places + first) * args.channels + group * width;
  float sum = 0;
  for (int64_t i = thread_index(); i < count; i += kThreads) sum += x[i / width * args.channels + i % width];
  const float mean = block_sum(sum, parts) / static_cast<float>(count);
  float squares = 0;
  for (int64_t i = thread_index(); i < count; i += kThreads) {
    const float apart = x[i / width * args.channels + i % width] - mean;
    squares += apart * apart;
  }
  squares = block_sum(squares, parts);
  if (thread_index() == 0) out[block] = {mean, squares};
}

// out [sample][group]: the mean, and what distances from it are multiplied with.
GATUN_KERNEL(kThreads) merge_chunks(GroupNormArgs args, int64_t chunks, const Moments* parts, Moments* out) {
  const int64_t index = block_index<0>() * kThreads + thread_index();
  if (index >= args.batch * args.groups) return;
  const int64_t sample = index / args.groups, group = index % args.groups;
  const float width = static_cast<float>(args.channels / args.groups);
  Moments all{0, 0};
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const Moments part = parts[(sample * chunks + chunk) * args.groups + group];
    const int64_t before = chunk * kChunk, fresh = args.places - before < kChunk ? args.places - before : kChunk;
    const float share = static_cast<float>(fresh) / static_cast<float>(before + fresh), apart = part.mean - all.mean;
    all.mean += apart * share;
    all.squares += part.squares + apart * apart * (1.0f - share) * static_cast<float>(fresh) * width;
  }
  out[index] = {all.mean, 1.0f / sqrtf(all.squares / (static_cast<float>(args.places) * width) + args.eps)};
}

GATUN_KERNEL(kWalkThreads) normalise_groups(GroupNormArgs args, ImageWalk walk, const Moments* moments) {
  const int64_t index = ImageWalk::index();
  if (index >= walk.count) return;
  const ImagePlace place = walk.place(index);
  const Moments m = moments[place.image * args.groups + place.word / (args.channels / args.groups)];
  const float value = (args.x[index] - m.mean) * m.squares * args.weight[place.word] + args.bias[place.word];
  args.out[index] = activated(args.activation, value);
}

}  // namespace

gatun_status group_norm(gatun_stream* stream, const GroupNormArgs& args, gatun_error* error) {
  return guard(error, [&] {
    want_image("group_norm", args.batch, 1, args.places);
    const int64_t chunks = blocks_for(args.places, kChunk), groups = args.batch * args.groups;
    const Scratch parts(stream, groups * chunks * static_cast<int64_t>(sizeof(Moments)));
    const Scratch moments(stream, groups * static_cast<int64_t>(sizeof(Moments)));
    launch(stream, "group_norm", measure_groups, {groups * chunks}, kThreads, kThreads / kWarp * 4, args, chunks,
           parts.as<Moments>());
    launch(stream, "group_norm", merge_chunks, {blocks_for(groups, kThreads)}, kThreads, 0, args, chunks,
           parts.as<Moments>(), moments.as<Moments>());
    const ImageWalk walk(args.batch, 1, args.places, args.channels);
    launch(stream, "group_norm", normalise_groups, walk.grid(), kWalkThreads, 0, args, walk, moments.as<Moments>());
  });
}

}  // namespace gatun::cuda
