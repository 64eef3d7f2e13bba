// SPDX-License-Identifier: Apache-2.0
// Self-attention, qkv [B, N, 3E] to [B, N, E]: 4 B N^2 E FLOP, 16 B N E bytes.
//  - Streamed: a warp holds 16 queries, the block walks over the keys with a running softmax, so there is no N x N
//    matrix. Bound by the matrix units from N of some hundreds on (in strict three products in the place of one), and
//    by the exponentials for heads of 32.
//  - Packed (N <= 16): some sequences a block in shared memory, a thread for each query, f32 in each precision: 3 FLOP
//    a byte at N = 12, bound by memory.
// One (map, head) is summed in the same order wherever it lies in the batch.
#include "attention_plan.h"
#include "mma_tile.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

// head = embed / heads.
struct Problem {
  const float* qkv;
  float* out;
  int64_t batch, tokens, embed, heads;
  int head;
  float scale;
};

// Where a head's query, key or value (part 0, 1, 2) of a token begins.
GATUN_DEVICE const float* row_of(const Problem& p, int64_t map, int64_t head, int part, int64_t token) {
  return p.qkv + (map * p.tokens + token) * 3 * p.embed + part * p.embed + head * p.head;
}

GATUN_DEVICE Float4 load4(const float* from, int valid, bool wide) {
  if (wide && valid >= 4) return *reinterpret_cast<const Float4*>(from);
  Float4 value{};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (i < valid) value.at[i] = from[i];
  }
  return value;
}

// Head: the extent on chip, of which p.head count; the rest is zero.
template <class Precision, int Head, int Keys, int Warps>
struct Streamed {
  using Element = typename Precision::Element;
  static constexpr int kThreads = Warps * kWarp, kQueries = Warps * 16;
  // Rows in different banks: an odd number of 16 bytes.
  static constexpr int kSkew = 16 / static_cast<int>(sizeof(Element));
  static constexpr int kHeadPitch = Head + kSkew, kKeyPitch = Keys + kSkew;
  static constexpr int kSharedBytes =
      ((kQueries + Keys) * kHeadPitch + (Head + kQueries) * kKeyPitch) * static_cast<int>(sizeof(Element));
  static constexpr int kQuads = Keys * Head / 4 / kThreads;  // of keys, or of values, that a thread carries
  static_assert(kQuads * kThreads * 4 == Keys * Head && kThreads % (Head / 4) == 0 && kThreads % Keys == 0);

  // A block of keys or values on its way from memory through registers.
  struct Carried {
    Float4 quads[kQuads];

    // Each thread along a row: coalesced.
    GATUN_DEVICE void fetch_keys(const Problem& p, int64_t map, int64_t head, int64_t first, bool wide) {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads, key = at / (Head / 4), column = at % (Head / 4) * 4;
        quads[i] = first + key < p.tokens ? load4(row_of(p, map, head, 1, first + key) + column, p.head - column, wide)
                                          : Float4{};
      }
    }
    GATUN_DEVICE void store_keys(Element* rows) const {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads;
        store4(rows + at / (Head / 4) * kHeadPitch + at % (Head / 4) * 4, quads[i]);
      }
    }

    // Neighbouring threads take neighbouring tokens: written transposed without bank conflicts.
    GATUN_DEVICE void fetch_values(const Problem& p, int64_t map, int64_t head, int64_t first, bool wide) {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads, key = at % Keys, column = at / Keys * 4;
        quads[i] = first + key < p.tokens ? load4(row_of(p, map, head, 2, first + key) + column, p.head - column, wide)
                                          : Float4{};
      }
    }
    GATUN_DEVICE void store_values(Element* columns) const {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads;
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          columns[(at / Keys * 4 + c) * kKeyPitch + at % Keys] = from_float<Element>(quads[i].at[c]);
        }
      }
    }
  };
};

template <class Precision, int Head, int Keys, int Warps>
GATUN_KERNEL(Warps * kWarp)
attention_streamed(Problem p, bool wide) {
  using Shape = Streamed<Precision, Head, Keys, Warps>;
  using Element = typename Shape::Element;
  constexpr int kHeadPitch = Shape::kHeadPitch, kKeyPitch = Shape::kKeyPitch;
  auto* queries = reinterpret_cast<Element*>(shared_memory());
  Element* keys = queries + Shape::kQueries * kHeadPitch;
  Element* values = keys + Keys * kHeadPitch;       // transposed: [Head][Keys]
  Element* weights = values + Head * kKeyPitch;     // [kQueries][Keys], each warp its own rows
  const int64_t query_blocks = (p.tokens + Shape::kQueries - 1) / Shape::kQueries;
  const int64_t unit = block_index<0>() / query_blocks, map = unit / p.heads, head = unit % p.heads;
  const int64_t first_query = block_index<0>() % query_blocks * Shape::kQueries;

  typename Shape::Carried carried;
  carried.fetch_keys(p, map, head, 0, wide);
  for (int at = thread_index(); at < Shape::kQueries * (Head / 4); at += Shape::kThreads) {
    const int query = at / (Head / 4), column = at % (Head / 4) * 4;
    Float4 value{};
    if (first_query + query < p.tokens) {
      value = load4(row_of(p, map, head, 0, first_query + query) + column, p.head - column, wide);
    }
    store4(queries + query * kHeadPitch + column, value);
  }

  const Element* my_queries = queries + warp_index() * 16 * kHeadPitch;
  Element* my_weights = weights + warp_index() * 16 * kKeyPitch;
  WarpTile<Precision, 16, Head> sums;
  sums.clear();
  float top[2] = {-INFINITY, -INFINITY}, total[2] = {0, 0};  // of rows lane / 4 and lane / 4 + 8
  for (int64_t first = 0; first < p.tokens; first += Keys) {
    carried.store_keys(keys);  // all have read the block before: they have passed the barrier behind its values
    sync_block();
    carried.fetch_values(p, map, head, first, wide);
    WarpTile<Precision, 16, Keys> scores;
    scores.clear();
    scores.multiply(my_queries, kHeadPitch, keys, kHeadPitch, Head);
    const int64_t valid = p.tokens - first;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float highest = top[half];
#pragma unroll
      for (int j = 0; j < scores.kColumns; ++j) {
#pragma unroll
        for (int r = half * 2; r < half * 2 + 2; ++r) {
          float& score = scores.at[0][j][r];
          score = scores.column_of(j, r) < valid ? score * p.scale : -INFINITY;
          highest = fmaxf(highest, score);
        }
      }
      highest = warp_max<4>(highest);
      float sum = 0;
#pragma unroll
      for (int j = 0; j < scores.kColumns; ++j) {
#pragma unroll
        for (int r = half * 2; r < half * 2 + 2; ++r) {
          const float weight = expf(scores.at[0][j][r] - highest);
          sum += weight;
          my_weights[scores.row_of(0, r) * kKeyPitch + scores.column_of(j, r)] = from_float<Element>(weight);
        }
      }
      const float shrink = expf(top[half] - highest);
      total[half] = total[half] * shrink + warp_sum<4>(sum);
      top[half] = highest;
#pragma unroll
      for (int j = 0; j < sums.kColumns; ++j) {
        sums.at[0][j][half * 2] *= shrink;
        sums.at[0][j][half * 2 + 1] *= shrink;
      }
    }
    carried.store_values(values);
    sync_block();
    if (first + Keys < p.tokens) carried.fetch_keys(p, map, head, first + Keys, wide);
    sums.multiply(my_weights, kKeyPitch, values, kKeyPitch, Keys);
  }
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int64_t query = first_query + warp_index() * 16 + sums.row_of(0, half * 2);
    if (query >= p.tokens) continue;
    float* to = p.out + (map * p.tokens + query) * p.embed + head * p.head;
    const float share = 1.0f / total[half];
#pragma unroll
    for (int j = 0; j < sums.kColumns; ++j) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const int column = sums.column_of(j, r);
        if (column < p.head) to[column] = sums.at[0][j][half * 2 + r] * share;
      }
    }
  }
}

// Vector: elements of an access, 4 or 1.
template <int Vector>
GATUN_DEVICE void move(float* to, const float* from) {
  if constexpr (Vector == 4) {
    *reinterpret_cast<Float4*>(to) = *reinterpret_cast<const Float4*>(from);
  } else {
    *to = *from;
  }
}

// units: (map, head) pairs of a block. Shared memory [unit][part][token][pitch].
template <int Vector>
GATUN_KERNEL(kPackedThreads)
attention_packed(Problem p, int units) {
  auto* shared = reinterpret_cast<float*>(shared_memory());
  const int tokens = static_cast<int>(p.tokens), pitch = packed_pitch(p.head), part_floats = tokens * pitch;
  const int64_t first = block_index<0>() * units, all = p.batch * p.heads;
  const int here = static_cast<int>(all - first < units ? all - first : units), per_row = p.head / Vector;
  for (int at = thread_index(); at < here * 3 * tokens * per_row; at += kPackedThreads) {
    const int column = at % per_row * Vector, row = at / per_row;  // row: [unit][part][token]
    const int64_t unit = first + row / tokens / 3;
    move<Vector>(shared + row * pitch + column,
                 row_of(p, unit / p.heads, unit % p.heads, row / tokens % 3, row % tokens) + column);
  }
  sync_block();
  if (thread_index() < here * tokens) {
    float* query = shared + thread_index() / tokens * 3 * part_floats + thread_index() % tokens * pitch;
    const float* keys = shared + thread_index() / tokens * 3 * part_floats + part_floats;
    const float* values = keys + part_floats;
    float weights[kPackedTokens] = {};
    for (int i = 0; i < p.head; i += Vector) {
      float mine[Vector];
      for (int v = 0; v < Vector; ++v) mine[v] = query[i + v];
#pragma unroll
      for (int key = 0; key < kPackedTokens; ++key) {
        if (key >= tokens) break;
        for (int v = 0; v < Vector; ++v) weights[key] += mine[v] * keys[key * pitch + i + v];
      }
    }
    float top = -INFINITY, total = 0;
#pragma unroll
    for (int key = 0; key < kPackedTokens; ++key) {
      weights[key] = key < tokens ? weights[key] * p.scale : -INFINITY;
      top = fmaxf(top, weights[key]);
    }
#pragma unroll
    for (int key = 0; key < kPackedTokens; ++key) {
      if (key < tokens) total += weights[key] = expf(weights[key] - top);
    }
    const float share = 1.0f / total;
    for (int i = 0; i < p.head; i += Vector) {
      float sum[Vector] = {};
#pragma unroll
      for (int key = 0; key < kPackedTokens; ++key) {
        if (key >= tokens) break;
        for (int v = 0; v < Vector; ++v) sum[v] += weights[key] * values[key * pitch + i + v];
      }
      for (int v = 0; v < Vector; ++v) query[i + v] = sum[v] * share;  // nobody else reads this query
    }
  }
  sync_block();
  for (int at = thread_index(); at < here * tokens * per_row; at += kPackedThreads) {
    const int column = at % per_row * Vector, row = at / per_row;  // row: [unit][token]
    const int64_t unit = first + row / tokens;
    move<Vector>(p.out + (unit / p.heads * p.tokens + row % tokens) * p.embed + unit % p.heads * p.head + column,
                 shared + (row / tokens * 3 * tokens + row % tokens) * pitch + column);
  }
}

template <class Precision, int Head, int Keys, int Warps>
void launch_streamed(gatun_stream* stream, const Problem& p, bool wide) {
  using Shape = Streamed<Precision, Head, Keys, Warps>;
  static_assert(Shape::kSharedBytes <= 163 << 10);
  const int64_t blocks = p.batch * p.heads * ((p.tokens + Shape::kQueries - 1) / Shape::kQueries);
  launch(stream, "attention", attention_streamed<Precision, Head, Keys, Warps>, {blocks}, Shape::kThreads,
         Shape::kSharedBytes, p, wide);
}

template <class Precision>
void launch_precision(gatun_stream* stream, const Problem& p, const AttentionPlan& plan, bool wide) {
  switch (plan.head) {
    case 16: return launch_streamed<Precision, 16, 64, 4>(stream, p, wide);
    case 32: return launch_streamed<Precision, 32, 64, 4>(stream, p, wide);
    case 64: return launch_streamed<Precision, 64, 32, 4>(stream, p, wide);
    case 128: return launch_streamed<Precision, 128, 32, 8>(stream, p, wide);
    default: return launch_streamed<Precision, 256, 16, 4>(stream, p, wide);
  }
}

}  // namespace

gatun_status attention(gatun_stream* stream, const AttentionArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const int64_t head = args.embed / args.heads;
    const AttentionPlan plan = attention_plan(args.tokens, head);
    const Problem problem{args.qkv, args.out, args.batch, args.tokens, args.embed, args.heads,
                          static_cast<int>(head), 1.0f / std::sqrt(static_cast<float>(head))};
    const bool wide = head % 4 == 0 && reinterpret_cast<uintptr_t>(args.qkv) % 16 == 0 &&
                      reinterpret_cast<uintptr_t>(args.out) % 16 == 0;
    if (args.batch == 0 || args.tokens == 0 || head == 0) return;
    if (plan.units > 0) {
      launch(stream, "attention", wide ? attention_packed<4> : attention_packed<1>,
             {(args.batch * args.heads + plan.units - 1) / plan.units}, kPackedThreads, plan.shared_bytes, problem,
             plan.units);
      return;
    }
    with_precision(args.precision, [&]<class Precision>(Precision) {
      launch_precision<Precision>(stream, problem, plan, wide);
    });
  });
}

}  // namespace gatun::cuda
