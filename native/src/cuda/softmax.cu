// SPDX-License-Identifier: Apache-2.0
// Softmax of rows, one warp a row: some 30 FLOP and 8 bytes an element; a row is read three times, from a cache after
// the first: bound by memory.
#include "launch.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;

GATUN_KERNEL(kThreads) softmax_rows(SoftmaxArgs args) {
  const int64_t row = block_index<0>() * kWarps + warp_index();
  if (row >= args.rows) return;  // the whole warp
  const float* x = args.x + row * args.width;
  float* out = args.out + row * args.width;
  float top = -INFINITY;
  for (int64_t i = lane_index(); i < args.width; i += kWarp) top = fmaxf(top, x[i]);
  top = warp_max(top);
  float sum = 0;
  for (int64_t i = lane_index(); i < args.width; i += kWarp) sum += expf(x[i] - top);
  sum = warp_sum(sum);
  for (int64_t i = lane_index(); i < args.width; i += kWarp) out[i] = expf(x[i] - top) / sum;
}

}  // namespace

gatun_status softmax(gatun_stream* stream, const SoftmaxArgs& args, gatun_error* error) {
  return guard(error, [&] {
    launch(stream, "softmax", softmax_rows, {blocks_for(args.rows, kWarps)}, kThreads, 0, args);
  });
}

}  // namespace gatun::cuda
