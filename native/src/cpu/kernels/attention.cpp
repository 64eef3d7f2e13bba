// SPDX-License-Identifier: Apache-2.0
// Self-attention over a block of queries and a stream of key blocks with a running softmax: no N x N matrix. Keys and
// values are first arranged in panels, once for each head. 4 N^2 E FLOP and 16 N E bytes a map: bound by arithmetic.
// In reduced precision queries, keys, values and weights are rounded to bf16, the weights' total is not.
// Of a few tokens, such as the months of a year, nothing is arranged: one dot product for each pair, in f32 always.
#include "gemm.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kQueries = 48, kKeys = 8 * kPanel;
constexpr int64_t kFew = 16, kFewTile = 512;  // tokens that are few, and how many of them make a tile

bool are_few(const AttentionArgs& args) { return args.tokens <= kFew; }

struct Geometry {
  int64_t head, head_depth, token_depth, key_panels, value_panels, head_floats, query_blocks, group;

  explicit Geometry(const AttentionArgs& args)
      : head(args.embed / args.heads), head_depth(depth(args, head)), token_depth(depth(args, args.tokens)),
        key_panels(panels(args.tokens)), value_panels(panels(head)),
        head_floats(key_panels * kPanel * head_depth + value_panels * token_depth * kPanel),
        query_blocks((args.tokens + kQueries - 1) / kQueries),
        // Short sequences: several heads make a tile.
        group(args.tokens == 0       ? 1
              : are_few(args)        ? kFewTile / args.tokens
              : args.tokens < kQueries ? kQueries / args.tokens
                                       : 1) {}

  float* keys(float* shared, int64_t unit) const { return shared + unit * head_floats; }
  float* values(float* shared, int64_t unit) const { return keys(shared, unit) + key_panels * kPanel * head_depth; }

  static int64_t depth(const AttentionArgs& args, int64_t factors) {
    return args.precision == GATUN_REDUCED ? elements<Pair>(factors) : factors;
  }
};

int64_t shared_floats(const AttentionArgs& args) {
  return are_few(args) ? 0 : args.batch * args.heads * Geometry(args).head_floats;
}

// Scores, the running sums of the block's rows, and queries in pairs.
int64_t scratch_floats(const AttentionArgs& args) {
  const Geometry g(args);
  return kQueries * (kKeys + g.value_panels * kPanel + (args.precision == GATUN_REDUCED ? g.head_depth : 0));
}

int64_t tiles(const AttentionArgs& args, int phase) {
  const Geometry g(args);
  if (phase == 0 && are_few(args)) return 0;
  const int64_t units = args.batch * args.heads * (phase == 0 ? 1 : g.query_blocks);
  return (units + g.group - 1) / g.group;
}

const float* row_of(const AttentionArgs& args, int64_t unit, int64_t token, int64_t part, int64_t head) {
  const int64_t batch = unit / args.heads, index = unit % args.heads;
  return args.qkv + (batch * args.tokens + token) * 3 * args.embed + part * args.embed + index * head;
}

template <class Element>
void arrange(const AttentionArgs& args, const Geometry& g, float* shared, int64_t unit) {
  Element* keys = reinterpret_cast<Element*>(g.keys(shared, unit));
  Element* values = reinterpret_cast<Element*>(g.values(shared, unit));
  for (int64_t token = 0; token < g.key_panels * kPanel; ++token) {
    const float* from = token < args.tokens ? row_of(args, unit, token, 1, g.head) : nullptr;
    for (int64_t i = 0; i < g.head; ++i) put(keys, g.head, i, token, from != nullptr ? from[i] : 0.0f);
  }
  for (int64_t token = 0; token < args.tokens; ++token) {
    const float* from = row_of(args, unit, token, 2, g.head);
    for (int64_t i = 0; i < g.value_panels * kPanel; ++i) {
      put(values, args.tokens, token, i, i < g.head ? from[i] : 0.0f);
    }
  }
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
  const int64_t rows = min(kQueries, args.tokens - query), width = g.value_panels * kPanel;
  const float scale = 1.0f / sqrtf(static_cast<float>(g.head));
  float* scores = context.scratch;
  float* sums = scores + kQueries * kKeys;
  const Element* panels_of_keys = reinterpret_cast<const Element*>(g.keys(context.shared, unit));
  const Element* panels_of_values = reinterpret_cast<const Element*>(g.values(context.shared, unit));
  const auto queries = rows_of<Element>(row_of(args, unit, query, 0, g.head), 3 * args.embed, rows, g.head,
                                        sums + kQueries * width);
  float top[kQueries], total[kQueries];
  for (int64_t r = 0; r < rows; ++r) top[r] = -INFINITY, total[r] = 0.0f;
  memset(sums, 0, sizeof(float) * static_cast<size_t>(rows * width));
  for (int64_t key = 0; key < args.tokens; key += kKeys) {
    const int64_t keys = min(kKeys, args.tokens - key);
    StoreSink store_scores{scores, kKeys, panels(keys) * kPanel, nullptr, false, nullptr};
    product(queries, rows, panels_of_keys + key * g.head_depth, panels(keys) * kPanel, store_scores);
    for (int64_t r = 0; r < rows; ++r) {
      const float shrink = weigh(scores + r * kKeys, keys, scale, top[r], total[r]);
      if (key > 0 && shrink != 1.0f) {
        for (int64_t i = 0; i < width; ++i) sums[r * width + i] *= shrink;
      }
    }
    const auto weights = rows_of<Element>(scores, kKeys, rows, keys, scores);
    AddSink add{sums, width};
    for (int64_t panel = 0; panel < g.value_panels; ++panel) {
      const Element* values = panels_of_values + (panel * g.token_depth + elements<Element>(key)) * kPanel;
      panel_product(weights, rows, values, panel * kPanel, add);
    }
  }
  for (int64_t r = 0; r < rows; ++r) {
    float* to = args.out + (unit / args.heads * args.tokens + query + r) * args.embed + unit % args.heads * g.head;
    for (int64_t i = 0; i < g.head; ++i) to[i] = sums[r * width + i] / total[r];
  }
}

void attend_few(const AttentionArgs& args, const Geometry& g, int64_t unit) {
  const float scale = 1.0f / sqrtf(static_cast<float>(g.head));
  float weights[kFew];
  for (int64_t query = 0; query < args.tokens; ++query) {
    const float* q = row_of(args, unit, query, 0, g.head);
    Vec high = splat(-INFINITY), total = splat(0.0f);
    for (float& each : weights) each = -INFINITY;
    for (int64_t key = 0; key < args.tokens; ++key) {
      const float* k = row_of(args, unit, key, 1, g.head);
      Vec dot = splat(0.0f);
      for (int64_t i = 0; i < g.head; i += kWidth) dot += load_up_to(q + i, g.head - i) * load_up_to(k + i, g.head - i);
      weights[key] = sum(dot) * scale;
    }
    for (int64_t i = 0; i < kFew; i += kWidth) high = max(load(weights + i), high);
    const Vec top = splat(largest(high));
    for (int64_t i = 0; i < kFew; i += kWidth) {
      const Vec weight = exponential(load(weights + i) - top);
      store(weights + i, weight);
      total += weight;
    }
    const Vec whole = splat(sum(total));
    float* to = args.out + (unit / args.heads * args.tokens + query) * args.embed + unit % args.heads * g.head;
    for (int64_t i = 0; i < g.head; i += kWidth) {
      Vec value = splat(0.0f);
      for (int64_t key = 0; key < args.tokens; ++key) {
        value += splat(weights[key]) * load_up_to(row_of(args, unit, key, 2, g.head) + i, g.head - i);
      }
      store_up_to(to + i, value / whole, g.head - i);
    }
  }
}

template <class Element>
void tile_of_heads(const AttentionArgs& args, const TileContext& context, int phase, int64_t index) {
  const Geometry g(args);
  const int64_t units = args.batch * args.heads * (phase == 0 ? 1 : g.query_blocks);
  for (int64_t i = index * g.group; i < min(units, (index + 1) * g.group); ++i) {
    if (are_few(args)) {
      attend_few(args, g, i);
    } else if (phase == 0) {
      arrange<Element>(args, g, context.shared, i);
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
