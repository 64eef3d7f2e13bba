// SPDX-License-Identifier: Apache-2.0
// Temporal attention pooling: a tile holds up to 32 days of 8 places. Encoded tokens, their normalised form and the
// scores live in the tile only; the hidden layer of the scorer lives in registers only. Longer series run block by block
// with a running softmax. A token costs 2 E^2 + about 40 E FLOP and 4 E bytes: bound by arithmetic.
#include "pooling.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

int64_t no_floats(const TemporalPoolArgs&) { return 0; }

int64_t tiles(const TemporalPoolArgs& args, int) { return pool_tiles(args); }

// Tokens in memory, [B, M, T, S, E].
struct Stored {
  const TemporalPoolArgs& args;
  int64_t map, place;

  void prepare(int64_t, int64_t) {}
  const float* token(int64_t t, int64_t p) const {
    return args.x + ((map * args.time + t) * args.places + place + p) * args.embed;
  }
};

void tile(const TemporalPoolArgs& args, const TileContext& context, int, int64_t index) {
  Stored source{args, index / pool_blocks(args), index % pool_blocks(args) * kPlaces};
  pool_tile(args, source, index, context.scratch).run();
}

}  // namespace

const TiledKernel<TemporalPoolArgs> kTemporalPool = {1, no_floats, pool_scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
