// SPDX-License-Identifier: Apache-2.0
// The decoder's last step: 1x1 convolution to one channel, the month's scale and shift, land. 2 C FLOP and 4 C + 5 bytes
// a pixel: bound by memory.
#include "tables.h"
#include "simd.h"

namespace gatun::cpu::GATUN_NS {

namespace {

int64_t no_floats(const MapHeadArgs&) { return 0; }

int64_t tiles(const MapHeadArgs& args, int) { return args.batch * args.months * args.height; }

void tile(const MapHeadArgs& args, const TileContext&, int, int64_t index) {
  const int64_t map = index / args.height, row = index % args.height;
  const int64_t batch = map / args.months, month = map % args.months;
  const uint8_t* land = args.land == nullptr ? nullptr : args.land + (batch * args.height + row) * args.width;
  const float* pixel = args.x + index * args.width * args.channels;
  for (int64_t x = 0; x < args.width; ++x, pixel += args.channels) {
    Vec dot = splat(0.0f);
    for (int64_t c = 0; c < args.channels; c += kWidth) {
      const int64_t left = args.channels - c;
      dot += load_up_to(pixel + c, left) * load_up_to(args.weight + c, left);
    }
    const float value = (sum(dot) + args.bias[0]) * args.scale[month] + args.shift[month];
    args.out[index * args.width + x] = land != nullptr && land[x] != 0 ? 0.0f : value;
  }
}

}  // namespace

const TiledKernel<MapHeadArgs> kMapHead = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
