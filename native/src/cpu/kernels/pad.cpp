// SPDX-License-Identifier: Apache-2.0
// A border around channels-last images. 4 bytes read, 4 written an element, no FLOP: bound by memory.
#include "simd.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

int64_t no_floats(const Pad2dArgs&) { return 0; }

int64_t tiles(const Pad2dArgs& args, int) { return args.batch * args.out_height; }

// Where an output at `place` from the image's first pixel is taken from; -1: the constant.
int64_t source(int32_t mode, int64_t place, int64_t extent) {
  if (place >= 0 && place < extent) return place;
  switch (mode) {
    case GATUN_PAD_REFLECT: return place < 0 ? -place : 2 * (extent - 1) - place;
    case GATUN_PAD_REPLICATE: return place < 0 ? 0 : extent - 1;
    case GATUN_PAD_CIRCULAR: return place < 0 ? place + extent : place - extent;
    default: return -1;
  }
}

void fill(float value, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = value;
}

void tile(const Pad2dArgs& args, const TileContext&, int, int64_t index) {
  const int64_t channels = args.channels, row = source(args.mode, index % args.out_height - args.top, args.height);
  float* out = args.out + index * args.out_width * channels;
  if (row < 0) return fill(args.value, args.out_width * channels, out);
  const float* line = args.x + (index / args.out_height * args.height + row) * args.width * channels;
  memcpy(out + args.left * channels, line, sizeof(float) * static_cast<size_t>(args.width * channels));
  const auto border = [&](int64_t first, int64_t last) {
    for (int64_t x = first; x < last; ++x) {
      const int64_t column = source(args.mode, x - args.left, args.width);
      if (column < 0) {
        fill(args.value, channels, out + x * channels);
      } else {
        memcpy(out + x * channels, line + column * channels, sizeof(float) * static_cast<size_t>(channels));
      }
    }
  };
  border(0, args.left);
  border(args.left + args.width, args.out_width);
}

}  // namespace

const TiledKernel<Pad2dArgs> kPad2d = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
