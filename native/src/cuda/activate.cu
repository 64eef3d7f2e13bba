// SPDX-License-Identifier: Apache-2.0
// An activation of each element: 8 bytes, 1 (ReLU) to some 40 FLOP an element: bound by memory.
#include "activation.h"
#include "launch.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;

GATUN_KERNEL(kThreads) activate_fours(int64_t count, int32_t activation, const Float4* x, Float4* out) {
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at >= count) return;
  Float4 value = x[at];
  for (int i = 0; i < 4; ++i) value.at[i] = activated(activation, value.at[i]);
  out[at] = value;
}

GATUN_KERNEL(kThreads) activate_ones(int64_t count, int32_t activation, const float* x, float* out) {
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at < count) out[at] = activated(activation, x[at]);
}

}  // namespace

gatun_status activate(gatun_stream* stream, const ActivateArgs& args, gatun_error* error) {
  return guard(error, [&] {
    if (args.count % 4 == 0 && aligned(args.x) && aligned(args.out)) {
      launch(stream, "activate", activate_fours, {blocks_for(args.count / 4, kThreads)}, kThreads, 0, args.count / 4,
             args.activation, reinterpret_cast<const Float4*>(args.x), reinterpret_cast<Float4*>(args.out));
    } else {
      launch(stream, "activate", activate_ones, {blocks_for(args.count, kThreads)}, kThreads, 0, args.count,
             args.activation, args.x, args.out);
    }
  });
}

}  // namespace gatun::cuda
