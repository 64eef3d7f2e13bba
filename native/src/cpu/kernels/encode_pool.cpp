// SPDX-License-Identifier: Apache-2.0
// Encode-and-pool: pixels in, month tokens out; a tile of 8 places and 32 days never leaves the second-level cache.
// Where a patch has few pixels, no day token is ever made (pixel_pool.h); else tokens are made in the tile and pooled as
// temporal_pool.cpp does. 5 C V + 4 E / T bytes a token: bound by arithmetic.
#include "pixel_pool.h"
#include "pooling.h"
#include "tables.h"
#include "unfold.h"

namespace gatun::cpu::GATUN_NS {

namespace {

// Products of a token with and without day tokens; the second form has more work beside the products.
bool without_tokens(const EncodePoolArgs& args) {
  const int64_t embed = args.pool.embed, inputs = packed(args.patch.weights).inputs + 1;
  return inputs <= embed && 10 * inputs * (2 * inputs + embed) <= 6 * embed * (inputs + embed);
}

// A double takes two floats.
int64_t shared_floats(const EncodePoolArgs& args) {
  if (!without_tokens(args)) return 0;
  const PixelPool s(args, nullptr);
  const int64_t floats = s.end() - static_cast<float*>(nullptr);
  return (floats + 15) / 16 * 16 + 2 * pixel_pool_doubles(s.inputs, s.embed);
}

double* doubles(const PixelPool& s) {
  return reinterpret_cast<double*>(s.memory + (s.end() - s.memory + 15) / 16 * 16);
}

int64_t scratch_floats(const EncodePoolArgs& args) {
  const int64_t embed = args.pool.embed, inputs = packed(args.patch.weights).inputs;
  if (!without_tokens(args)) return pool_scratch_floats(args.pool) + kTileTokens * inputs;
  int64_t tile = 0;
  with_elements(args.pool.weights->precision, [&](auto element) { tile = PixelTile<decltype(element)>::floats(args); });
  const int64_t rows = embed * (args.pool.time > inputs + 1 ? args.pool.time : inputs + 1);
  return tile > rows ? tile : rows;
}

int64_t tiles(const EncodePoolArgs& args, int phase) {
  if (phase == 2) return pool_tiles(args.pool);
  if (!without_tokens(args)) return 0;
  return phase == 0 ? 1 : 1 + args.pool.months;
}

// Tokens made for a block of days of a tile, in the place where PoolTile encodes them.
struct Embedded {
  const PatchEmbedArgs& patch;
  int64_t map, time, place, places;
  float *tokens, *pixels;
  int64_t first = 0;

  void prepare(int64_t first_day, int64_t days) {
    first = first_day;
    const PackedWeights& w = packed(patch.weights);
    const int64_t columns = patch.width / patch.patch_w, lines = patch.height / patch.patch_h;
    for (int64_t day = 0; day < days; ++day) {
      for (int64_t p = 0; p < places;) {
        const int64_t column = (place + p) % columns, count = min(places - p, columns - column);
        unfold(patch, (map * time + first_day + day) * lines + (place + p) / columns, column, count,
               pixels + (day * places + p) * w.inputs, w.inputs);
        p += count;
      }
    }
    StoreSink sink{tokens, w.outputs, w.outputs, patch.bias, GATUN_ACT_NONE, nullptr};
    const int64_t made = days * places;
    with_elements(patch.weights->precision, [&](auto element) {
      using Element = decltype(element);
      product(rows_of<Element>(pixels, made, w.inputs), made, panels_of<Element>(patch.weights), w.outputs, sink);
    });
    for (int64_t i = 0; i < made; ++i) {
      float* row = tokens + i * w.outputs;
      normalise_row(row, w.outputs, patch.norm_weight, patch.norm_bias, patch.eps, row);
    }
  }
  const float* token(int64_t t, int64_t p) const {
    return tokens + ((t - first) * places + p) * packed(patch.weights).outputs;
  }
};

void tile(const EncodePoolArgs& args, const TileContext& context, int phase, int64_t index) {
  if (!without_tokens(args)) {
    const int64_t place = index % pool_blocks(args.pool) * kPlaces;
    Embedded source{args.patch, index / pool_blocks(args.pool), args.pool.time, place,
                    min(kPlaces, args.pool.places - place), context.scratch,
                    context.scratch + pool_scratch_floats(args.pool)};
    pool_tile(args.pool, source, index, context.scratch).run();
    return;
  }
  const PixelPool s(args, context.shared);
  with_elements(args.pool.weights->precision, [&](auto element) {
    using Element = decltype(element);
    if (phase == 0) {
      prepare_weights<Element>(s, doubles(s));
    } else if (phase == 1) {
      if (index == 0) {
        prepare_scorer<Element>(s, context.scratch);
      } else {
        prepare_encodings<Element>(s, index - 1, context.scratch);
      }
    } else {
      PixelTile<Element>(s, index, context.scratch).run();
    }
  });
}

}  // namespace

const TiledKernel<EncodePoolArgs> kEncodePool = {3, shared_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
