// SPDX-License-Identifier: Apache-2.0
// Attention of a block of queries to a stream of key blocks with a running softmax: no Nq x Nk matrix. Keys and values
// are first arranged in panels, once for each head. 4 Nq Nk E FLOP, 8 (Nq + Nk) E bytes and Nq Nk of the mask for a
// map: bound by arithmetic. In reduced precision queries, keys, values and weights are rounded to bf16, the weights'
// total is not. Where that would not pay, of a few tokens such as the months of a year and of a few queries such as the
// next token of a sequence, nothing is arranged: one dot product for each pair, in f32 always.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kQueries = 48, kKeys = 8 * kPanel;
constexpr int64_t kArranged = 64;  // keys of a tile: whole panels of every level
constexpr int64_t kPairTile = 512;  // tokens of a tile where nothing is arranged
constexpr int64_t kFewQueries = 4;

bool goes_by_pairs(const AttentionArgs& args) { return args.are_few() || args.queries <= kFewQueries; }

// Places of a row of weights, whole vectors.
int64_t weights_of(const AttentionArgs& args) { return (args.keys + 15) / 16 * 16; }

struct Geometry {
  int64_t head, head_depth, token_depth, key_panels, value_panels, head_floats, query_blocks, key_blocks;

  explicit Geometry(const AttentionArgs& args)
      : head(args.embed / args.heads), head_depth(depth(args, head)), token_depth(depth(args, args.keys)),
        key_panels(panels(args.keys)), value_panels(panels(head)),
        head_floats(key_panels * kPanel * head_depth + value_panels * token_depth * kPanel),
        query_blocks((args.queries + kQueries - 1) / kQueries), key_blocks((args.keys + kArranged - 1) / kArranged) {}

  int64_t blocks(int phase) const { return phase == 0 ? key_blocks : query_blocks; }

  // Blocks that make a tile: several heads' of a short sequence.
  static int64_t group(const AttentionArgs& args, int phase) {
    const int64_t tokens = phase == 0 ? args.keys : args.queries, whole = phase == 0 ? kArranged : kQueries;
    if (goes_by_pairs(args)) return max(kPairTile / max(args.queries, args.keys), int64_t{1});
    return tokens < whole ? whole / tokens : 1;
  }

  float* keys(float* shared, int64_t unit) const { return shared + unit * head_floats; }
  float* values(float* shared, int64_t unit) const { return keys(shared, unit) + key_panels * kPanel * head_depth; }

  static int64_t depth(const AttentionArgs& args, int64_t factors) {
    return args.precision == GATUN_REDUCED ? elements<Pair>(factors) : factors;
  }
};

int64_t shared_floats(const AttentionArgs& args) {
  return goes_by_pairs(args) ? 0 : args.batch * args.heads * Geometry(args).head_floats;
}

// Scores, the running sums of the block's rows, and queries in pairs.
int64_t scratch_floats(const AttentionArgs& args) {
  const Geometry g(args);
  if (goes_by_pairs(args)) return weights_of(args);
  return kQueries * (kKeys + g.value_panels * kPanel + (args.precision == GATUN_REDUCED ? g.head_depth : 0));
}

int64_t tiles(const AttentionArgs& args, int phase) {
  if (phase == 0 && goes_by_pairs(args)) return 0;
  const int64_t units = args.batch * args.heads * Geometry(args).blocks(phase), group = Geometry::group(args, phase);
  return (units + group - 1) / group;
}

// A unit is a head of a map.
const float* row_of(const AttentionArgs& args, const TokenView& view, int64_t unit, int64_t token, int64_t head) {
  return view.data + unit / args.heads * view.map + token * view.token + unit % args.heads * head;
}

float* out_of(const AttentionArgs& args, int64_t unit, int64_t query, int64_t head) {
  return args.out + (unit / args.heads * args.queries + query) * args.embed + unit % args.heads * head;
}

const uint8_t* mask_of(const AttentionArgs& args, int64_t unit, int64_t query) {
  return args.mask + unit / args.heads * args.mask_map + query * args.mask_query;
}

template <class Element>
void arrange(const AttentionArgs& args, const Geometry& g, float* shared, int64_t unit, int64_t first) {
  Element* keys = reinterpret_cast<Element*>(g.keys(shared, unit));
  Element* values = reinterpret_cast<Element*>(g.values(shared, unit));
  for (int64_t token = first; token < min(first + kArranged, g.key_panels * kPanel); ++token) {
    const float* from = token < args.keys ? row_of(args, args.key, unit, token, g.head) : nullptr;
    for (int64_t i = 0; i < g.head; ++i) put(keys, g.head, i, token, from != nullptr ? from[i] : 0.0f);
  }
  for (int64_t token = first; token < min(first + kArranged, args.keys); ++token) {
    const float* from = row_of(args, args.value, unit, token, g.head);
    for (int64_t i = 0; i < g.value_panels * kPanel; ++i) {
      put(values, args.keys, token, i, i < g.head ? from[i] : 0.0f);
    }
  }
}

void leave_out(const uint8_t* mask, int64_t keys, float* scores) {
  for (int64_t i = 0; i < keys; ++i) scores[i] = mask[i] != 0 ? scores[i] : kMaskedScore;
}

constexpr int kTogether = 4;

// Turns a row of scores into weights against the running maximum; returns the factor for what was summed before. The
// row is filled up to a multiple of kTogether vectors.
float weigh(float* scores, int64_t keys, float scale, float& top, float& total) {
  constexpr int64_t kStep = kTogether * kWidth;
  const int64_t whole = (keys + kStep - 1) / kStep * kStep;
  for (int64_t i = keys; i < whole; ++i) scores[i] = -INFINITY;
  Vec high[kTogether];
  for (Vec& each : high) each = splat(-INFINITY);
  for (int64_t i = 0; i < whole; i += kStep) {
#pragma GCC unroll 4
    for (int v = 0; v < kTogether; ++v) high[v] = max(load(scores + i + v * kWidth), high[v]);
  }
  const float highest = max(largest(max(max(high[0], high[1]), max(high[2], high[3]))) * scale, top);
  Vec sums[kTogether];
  for (Vec& each : sums) each = splat(0.0f);
  for (int64_t i = 0; i < whole; i += kStep) {
    Vec weights[kTogether];
#pragma GCC unroll 4
    for (int v = 0; v < kTogether; ++v) {
      weights[v] = load(scores + i + v * kWidth) * splat(scale) - splat(highest);
    }
    exponential(weights);
#pragma GCC unroll 4
    for (int v = 0; v < kTogether; ++v) {
      store(scores + i + v * kWidth, weights[v]);
      sums[v] += weights[v];
    }
  }
  const float shrink = exponential(splat(top - highest))[0];
  total = total * shrink + sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
  top = highest;
  return shrink;
}

template <class Element>
void attend(const AttentionArgs& args, const Geometry& g, const TileContext& context, int64_t unit, int64_t query) {
  const int64_t rows = min(kQueries, args.queries - query), width = g.value_panels * kPanel;
  const float scale = 1.0f / sqrtf(static_cast<float>(g.head));
  float* scores = context.scratch;
  float* sums = scores + kQueries * kKeys;
  const Element* panels_of_keys = reinterpret_cast<const Element*>(g.keys(context.shared, unit));
  const Element* panels_of_values = reinterpret_cast<const Element*>(g.values(context.shared, unit));
  const auto queries = rows_of<Element>(row_of(args, args.query, unit, query, g.head), args.query.token, rows, g.head,
                                        sums + kQueries * width);
  float top[kQueries], total[kQueries];
  for (int64_t r = 0; r < rows; ++r) top[r] = kLowestTop, total[r] = 0.0f;
  memset(sums, 0, sizeof(float) * static_cast<size_t>(rows * width));
  for (int64_t key = 0; key < args.keys; key += kKeys) {
    const int64_t keys = min(kKeys, args.keys - key);
    StoreSink store_scores{scores, kKeys, panels(keys) * kPanel, nullptr, false, nullptr};
    product(queries, rows, panels_of_keys + key * g.head_depth, panels(keys) * kPanel, store_scores);
    for (int64_t r = 0; r < rows; ++r) {
      if (args.mask != nullptr) leave_out(mask_of(args, unit, query + r) + key, keys, scores + r * kKeys);
      const bool nothing = top[r] == kMaskedScore * scale;  // no key so far took part
      const float shrink = weigh(scores + r * kKeys, keys, scale, top[r], total[r]);
      if (nothing && shrink == 0.0f) {  // what masked values sum up to may have overflowed
        memset(sums + r * width, 0, sizeof(float) * static_cast<size_t>(width));
      } else if (key > 0 && shrink != 1.0f) {
        for (int64_t i = 0; i < width; ++i) sums[r * width + i] *= shrink;
      }
    }
    const auto weights = rows_of<Element>(scores, kKeys, rows, keys, scores);
    AddSink add{sums, width};
    product(weights, rows, panels_of_values + elements<Element>(key) * kPanel, width, add, g.token_depth * kPanel);
  }
  for (int64_t r = 0; r < rows; ++r) {
    float* to = out_of(args, unit, query + r, g.head);
    for (int64_t i = 0; i < g.head; ++i) to[i] = sums[r * width + i] / total[r];
  }
}

// Few: of both queries and keys.
template <bool Few>
void attend_by_pairs(const AttentionArgs& args, const Geometry& g, float* scratch, int64_t unit) {
  const float scale = 1.0f / sqrtf(static_cast<float>(g.head));
  const int64_t places = Few ? AttentionArgs::kFew : weights_of(args);
  float few[AttentionArgs::kFew];
  float* const weights = Few ? few : scratch;
  const float* const keys = row_of(args, args.key, unit, 0, g.head);
  const float* const values = row_of(args, args.value, unit, 0, g.head);
  const int64_t key_count = args.keys, key_step = args.key.token, value_step = args.value.token, head = g.head;
  for (int64_t query = 0; query < args.queries; ++query) {
    const float* q = row_of(args, args.query, unit, query, head);
    Vec high = splat(-INFINITY), total = splat(0.0f);
    for (int64_t key = key_count; key < places; ++key) weights[key] = -INFINITY;
    for (int64_t key = 0; key < key_count; ++key) {
      const float* k = keys + key * key_step;
      Vec dot = splat(0.0f);
      for (int64_t i = 0; i < head; i += kWidth) dot += load_up_to(q + i, head - i) * load_up_to(k + i, head - i);
      weights[key] = sum(dot) * scale;
    }
    if (args.mask != nullptr) leave_out(mask_of(args, unit, query), key_count, weights);
    for (int64_t i = 0; i < places; i += kWidth) high = max(load(weights + i), high);
    const Vec top = splat(largest(high));
    for (int64_t i = 0; i < places; i += kWidth) {
      const Vec weight = exponential(load(weights + i) - top);
      store(weights + i, weight);
      total += weight;
    }
    const Vec whole = splat(sum(total));
    float* to = out_of(args, unit, query, head);
    for (int64_t i = 0; i < head; i += kWidth) {
      Vec value = splat(0.0f);
      for (int64_t key = 0; key < key_count; ++key) {
        value += splat(weights[key]) * load_up_to(values + key * value_step + i, head - i);
      }
      store_up_to(to + i, value / whole, head - i);
    }
  }
}

template <class Element>
void tile_of_heads(const AttentionArgs& args, const TileContext& context, int phase, int64_t index) {
  const Geometry g(args);
  const int64_t group = Geometry::group(args, phase), units = args.batch * args.heads * g.blocks(phase);
  for (int64_t i = index * group; i < min(units, (index + 1) * group); ++i) {
    if (args.are_few()) {
      attend_by_pairs<true>(args, g, context.scratch, i);
    } else if (goes_by_pairs(args)) {
      attend_by_pairs<false>(args, g, context.scratch, i);
    } else if (phase == 0) {
      arrange<Element>(args, g, context.shared, i / g.key_blocks, i % g.key_blocks * kArranged);
    } else {
      attend<Element>(args, g, context, i / g.query_blocks, i % g.query_blocks * kQueries);
    }
  }
}

void tile(const AttentionArgs& args, const TileContext& context, int phase, int64_t index) {
  with_elements(args.precision, [&](auto element) { tile_of_heads<decltype(element)>(args, context, phase, index); });
}

}  // namespace

const TiledKernel<AttentionArgs> kAttention = {2, shared_floats, scratch_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
