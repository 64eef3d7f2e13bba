// SPDX-License-Identifier: Apache-2.0
// Place of the largest element of each row, one warp a row: 4 bytes and a few comparisons an element: bound by memory.
#include "launch.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256, kWarps = kThreads / kWarp;

struct Best {
  float value;
  uint32_t place;

  // A NaN is largest, and the first among equals is kept.
  GATUN_DEVICE void keep(const Best& other) {
    const bool missing = value != value, other_missing = other.value != other.value;
    const bool equal = missing ? other_missing : other.value == value;
    const bool greater = missing ? false : other_missing || other.value > value;
    if (greater || (equal && other.place < place)) *this = other;
  }
};

GATUN_KERNEL(kThreads) argmax_rows(ArgmaxArgs args) {
  const int64_t row = block_index<0>() * kWarps + warp_index();
  if (row >= args.rows) return;  // the whole warp
  const float* x = args.x + row * args.width;
  Best best{-INFINITY, UINT32_MAX};
  for (int64_t i = lane_index(); i < args.width; i += kWarp) best.keep({x[i], static_cast<uint32_t>(i)});
  for (int mask = kWarp / 2; mask > 0; mask /= 2) {
    best.keep({shuffle_xor(best.value, mask), as_bits(shuffle_xor(as_float(best.place), mask))});
  }
  if (lane_index() == 0) args.out[row] = best.place;
}

}  // namespace

gatun_status argmax(gatun_stream* stream, const ArgmaxArgs& args, gatun_error* error) {
  return guard(error, [&] {
    if (args.width >= UINT32_MAX) {
      fail(GATUN_SHAPE_MISMATCH, "argmax: a row has ", args.width, " elements; on CUDA it may have ", UINT32_MAX - 1);
    }
    launch(stream, "argmax", argmax_rows, {blocks_for(args.rows, kWarps)}, kThreads, 0, args);
  });
}

}  // namespace gatun::cuda
