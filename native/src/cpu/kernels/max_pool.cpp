// SPDX-License-Identifier: Apache-2.0
// The largest of each window, channels last. kH kW FLOP and 4 (sH sW + 1) bytes an output for strides sH, sW up to the
// kernel: bound by memory.
#include "channels.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

int64_t no_floats(const MaxPool2dArgs&) { return 0; }

int64_t tiles(const MaxPool2dArgs& args, int) { return args.batch * args.out_height; }

void tile(const MaxPool2dArgs& args, const TileContext&, int, int64_t index) {
  const int64_t batch = index / args.out_height, top = index % args.out_height * args.stride_h;
  const float* line = args.x + (batch * args.height + top) * args.width * args.channels;
  float* out = args.out + index * args.out_width * args.channels;
  for (int64_t x = 0; x < args.out_width; ++x, out += args.channels) {
    const float* window = line + x * args.stride_w * args.channels;
    for_channels(args.channels, [&]<class V>(int64_t c) __attribute__((always_inline)) {
      V best = get<V>(window + c);
      for (int64_t dy = 0; dy < args.kernel_h; ++dy) {
        for (int64_t dx = 0; dx < args.kernel_w; ++dx) {
          best = larger(best, get<V>(window + (dy * args.width + dx) * args.channels + c));
        }
      }
      put(out + c, best);
    });
  }
}

}  // namespace

const TiledKernel<MaxPool2dArgs> kMaxPool2d = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
