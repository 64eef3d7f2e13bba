// SPDX-License-Identifier: Apache-2.0
// Attention, query [B, Nq, E], key and value [B, Nk, E] to [B, Nq, E]: 4 B Nq Nk E FLOP, 8 B (Nq + Nk) E bytes and
// B Nq Nk of the mask.
//  - Streamed: a warp holds 16 queries, the block walks over the keys with a running softmax, so there is no Nq x Nk
//    matrix. Bound by the matrix units from some hundred keys on (in strict three products in the place of one), and
//    by the exponentials for heads of 32.
//  - Sliced (heads beyond 256): the same, each block with 128 columns of the values; each makes the scores again, so
//    that a head of 512 takes 2.5 times the FLOP.
//  - Packed (Nq, Nk <= 16): some sequences a block in shared memory, a thread for each query, f32 in each precision:
//    3 FLOP a byte at N = 12, bound by memory.
// One (map, head) is summed in the same order wherever it lies in the batch.
#include "attention_plan.h"
#include "mma_tile.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

// head = embed / heads.
struct Problem {
  TokenView query, key, value;
  const uint8_t* mask;
  int64_t mask_map, mask_query;
  float* out;
  int64_t batch, queries, keys, embed, heads;
  int head;
  float scale;
};

// Where a token's part of a head begins.
GATUN_DEVICE const float* row_of(const Problem& p, const TokenView& view, int64_t map, int64_t head, int64_t token) {
  return view.data + map * view.map + token * view.token + head * p.head;
}

GATUN_DEVICE float* out_of(const Problem& p, int64_t map, int64_t head, int64_t query) {
  return p.out + (map * p.queries + query) * p.embed + head * p.head;
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

// Head: the extent on chip of a head, or of a slice of it that begins at column `from`; what p.head has not is zero.
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
    GATUN_DEVICE void fetch_keys(const Problem& p, int64_t map, int64_t head, int64_t first, int from, bool wide) {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads, key = at / (Head / 4), column = from + at % (Head / 4) * 4;
        quads[i] = first + key < p.keys
                       ? load4(row_of(p, p.key, map, head, first + key) + column, p.head - column, wide)
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
    GATUN_DEVICE void fetch_values(const Problem& p, int64_t map, int64_t head, int64_t first, int from, bool wide) {
#pragma unroll
      for (int i = 0; i < kQuads; ++i) {
        const int at = thread_index() + i * kThreads, key = at % Keys, column = from + at / Keys * 4;
        quads[i] = first + key < p.keys
                       ? load4(row_of(p, p.value, map, head, first + key) + column, p.head - column, wide)
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

  // The block's queries, or their slice.
  GATUN_DEVICE static void load_queries(const Problem& p, int64_t map, int64_t head, int64_t first, int from, bool wide,
                                        Element* queries) {
    for (int at = thread_index(); at < kQueries * (Head / 4); at += kThreads) {
      const int query = at / (Head / 4), place = at % (Head / 4) * 4, column = from + place;
      Float4 value{};
      if (first + query < p.queries) {
        value = load4(row_of(p, p.query, map, head, first + query) + column, p.head - column, wide);
      }
      store4(queries + query * kHeadPitch + place, value);
    }
  }
};

// The running softmax of a warp's 16 queries: each lane has rows lane / 4 and lane / 4 + 8.
template <bool Masked>
struct Softmax {
  const uint8_t* mask[2];
  float top[2] = {kLowestTop, kLowestTop}, total[2] = {0, 0};

  // Rows behind the last query repeat it.
  GATUN_DEVICE Softmax(const Problem& p, int64_t map, int64_t first_query) {
    for (int half = 0; half < 2; ++half) {
      const int64_t query = first_query + lane_index() / 4 + half * 8;
      mask[half] = Masked ? p.mask + map * p.mask_map + (query < p.queries ? query : p.queries - 1) * p.mask_query
                          : nullptr;
    }
  }

  // Turns the scores of the keys from `first` on into weights, and shrinks what was summed before.
  template <class Scores, class Sums, class Element>
  GATUN_DEVICE void weigh(const Problem& p, int64_t first, Scores& scores, Sums& sums, Element* weights, int pitch) {
    const int64_t valid = p.keys - first;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float highest = top[half];
#pragma unroll
      for (int j = 0; j < Scores::kColumns; ++j) {
#pragma unroll
        for (int r = half * 2; r < half * 2 + 2; ++r) {
          float& score = scores.at[0][j][r];
          const int column = scores.column_of(j, r);
          score = column < valid ? score * p.scale : -INFINITY;
          if constexpr (Masked) {
            if (column < valid && mask[half][first + column] == 0) score = kMaskedScore;
          }
          highest = fmaxf(highest, score);
        }
      }
      highest = warp_max<4>(highest);
      float sum = 0;
#pragma unroll
      for (int j = 0; j < Scores::kColumns; ++j) {
#pragma unroll
        for (int r = half * 2; r < half * 2 + 2; ++r) {
          const float weight = expf(scores.at[0][j][r] - highest);
          sum += weight;
          weights[scores.row_of(0, r) * pitch + scores.column_of(j, r)] = from_float<Element>(weight);
        }
      }
      const float shrink = expf(top[half] - highest);
      total[half] = total[half] * shrink + warp_sum<4>(sum);
      // No key so far took part: what the masked values sum up to may have overflowed.
      const bool nothing = Masked && top[half] == kMaskedScore && shrink == 0;
      top[half] = highest;
#pragma unroll
      for (int j = 0; j < Sums::kColumns; ++j) {
#pragma unroll
        for (int r = half * 2; r < half * 2 + 2; ++r) {
          sums.at[0][j][r] = nothing ? 0.0f : sums.at[0][j][r] * shrink;
        }
      }
    }
  }

  // The warp's rows from `first_query` on, columns from `from` on.
  template <class Sums>
  GATUN_DEVICE void store(const Problem& p, int64_t map, int64_t head, int64_t first_query, int from,
                          const Sums& sums) const {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t query = first_query + sums.row_of(0, half * 2);
      if (query >= p.queries) continue;
      float* to = out_of(p, map, head, query);
      const float share = 1.0f / total[half];
#pragma unroll
      for (int j = 0; j < Sums::kColumns; ++j) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const int column = from + sums.column_of(j, r);
          if (column < p.head) to[column] = sums.at[0][j][half * 2 + r] * share;
        }
      }
    }
  }
};

template <class Precision, int Head, int Keys, int Warps, bool Masked>
GATUN_KERNEL(Warps * kWarp)
attention_streamed(Problem p, bool wide) {
  using Shape = Streamed<Precision, Head, Keys, Warps>;
  using Element = typename Shape::Element;
  constexpr int kHeadPitch = Shape::kHeadPitch, kKeyPitch = Shape::kKeyPitch;
  auto* queries = reinterpret_cast<Element*>(shared_memory());
  Element* keys = queries + Shape::kQueries * kHeadPitch;
  Element* values = keys + Keys * kHeadPitch;       // transposed: [Head][Keys]
  Element* weights = values + Head * kKeyPitch;     // [kQueries][Keys], each warp its own rows
  const int64_t query_blocks = (p.queries + Shape::kQueries - 1) / Shape::kQueries;
  const int64_t unit = block_index<0>() / query_blocks, map = unit / p.heads, head = unit % p.heads;
  const int64_t first_query = block_index<0>() % query_blocks * Shape::kQueries;

  typename Shape::Carried carried;
  carried.fetch_keys(p, map, head, 0, 0, wide);
  Shape::load_queries(p, map, head, first_query, 0, wide, queries);

  const Element* my_queries = queries + warp_index() * 16 * kHeadPitch;
  Element* my_weights = weights + warp_index() * 16 * kKeyPitch;
  WarpTile<Precision, 16, Head> sums;
  sums.clear();
  Softmax<Masked> softmax(p, map, first_query + warp_index() * 16);
  for (int64_t first = 0; first < p.keys; first += Keys) {
    carried.store_keys(keys);  // all have read the block before: they have passed the barrier behind its values
    sync_block();
    carried.fetch_values(p, map, head, first, 0, wide);
    WarpTile<Precision, 16, Keys> scores;
    scores.clear();
    scores.multiply(my_queries, kHeadPitch, keys, kHeadPitch, Head);
    softmax.weigh(p, first, scores, sums, my_weights, kKeyPitch);
    carried.store_values(values);
    sync_block();
    if (first + Keys < p.keys) carried.fetch_keys(p, map, head, first + Keys, 0, wide);
    sums.multiply(my_weights, kKeyPitch, values, kKeyPitch, Keys);
  }
  softmax.store(p, map, head, first_query + warp_index() * 16, 0, sums);
}

// A block has 64 queries and kSlice columns of the values. Queries and keys pass by in slices of as many columns.
template <class Precision, bool Masked>
GATUN_KERNEL(kSliceThreads)
attention_sliced(Problem p, bool wide) {
  using Shape = Streamed<Precision, kSlice, kSliceKeys, kSliceThreads / kWarp>;
  using Element = typename Shape::Element;
  constexpr int kHeadPitch = Shape::kHeadPitch, kKeyPitch = Shape::kKeyPitch;
  auto* queries = reinterpret_cast<Element*>(shared_memory());
  Element* keys = queries + Shape::kQueries * kHeadPitch;
  Element* values = keys + kSliceKeys * kHeadPitch;
  Element* weights = values + kSlice * kKeyPitch;
  const int64_t query_blocks = (p.queries + Shape::kQueries - 1) / Shape::kQueries;
  const int slices = (p.head + kSlice - 1) / kSlice, from = static_cast<int>(block_index<0>() % slices) * kSlice;
  const int64_t block = block_index<0>() / slices, unit = block / query_blocks;
  const int64_t map = unit / p.heads, head = unit % p.heads, first_query = block % query_blocks * Shape::kQueries;

  const Element* my_queries = queries + warp_index() * 16 * kHeadPitch;
  Element* my_weights = weights + warp_index() * 16 * kKeyPitch;
  WarpTile<Precision, 16, kSlice> sums;
  sums.clear();
  Softmax<Masked> softmax(p, map, first_query + warp_index() * 16);
  for (int64_t first = 0; first < p.keys; first += kSliceKeys) {
    WarpTile<Precision, 16, kSliceKeys> scores;
    scores.clear();
    typename Shape::Carried carried;
    for (int column = 0; column < p.head; column += kSlice) {
      carried.fetch_keys(p, map, head, first, column, wide);
      sync_block();  // all have read what was here before
      Shape::load_queries(p, map, head, first_query, column, wide, queries);
      carried.store_keys(keys);
      sync_block();
      scores.multiply(my_queries, kHeadPitch, keys, kHeadPitch, kSlice);
    }
    carried.fetch_values(p, map, head, first, from, wide);
    softmax.weigh(p, first, scores, sums, my_weights, kKeyPitch);
    carried.store_values(values);
    sync_block();
    sums.multiply(my_weights, kKeyPitch, values, kKeyPitch, kSliceKeys);
  }
  softmax.store(p, map, head, first_query + warp_index() * 16, from, sums);
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

// units: (map, head) pairs of a block. Shared memory [unit][queries, then keys, then values][pitch].
template <int Vector>
GATUN_KERNEL(kPackedThreads)
attention_packed(Problem p, int units) {
  auto* shared = reinterpret_cast<float*>(shared_memory());
  const int queries = static_cast<int>(p.queries), tokens = static_cast<int>(p.keys), rows = queries + 2 * tokens;
  const int pitch = packed_pitch(p.head), per_row = p.head / Vector;
  const int64_t first = block_index<0>() * units, all = p.batch * p.heads;
  const int here = static_cast<int>(all - first < units ? all - first : units);
  for (int at = thread_index(); at < here * rows * per_row; at += kPackedThreads) {
    const int column = at % per_row * Vector, row = at / per_row, place = row % rows;
    const int64_t unit = first + row / rows;
    const int64_t map = unit / p.heads, head = unit % p.heads;
    const float* from = place < queries            ? row_of(p, p.query, map, head, place)
                        : place < queries + tokens ? row_of(p, p.key, map, head, place - queries)
                                                   : row_of(p, p.value, map, head, place - queries - tokens);
    move<Vector>(shared + row * pitch + column, from + column);
  }
  sync_block();
  if (thread_index() < here * queries) {
    const int unit = thread_index() / queries, place = thread_index() % queries;
    float* query = shared + (unit * rows + place) * pitch;
    const float* keys = shared + (unit * rows + queries) * pitch;
    const float* values = keys + tokens * pitch;
    const uint8_t* mask =
        p.mask != nullptr ? p.mask + (first + unit) / p.heads * p.mask_map + place * p.mask_query : nullptr;
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
      if (mask != nullptr && key < tokens && mask[key] == 0) weights[key] = kMaskedScore;
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
  for (int at = thread_index(); at < here * queries * per_row; at += kPackedThreads) {
    const int column = at % per_row * Vector, row = at / per_row;  // row: [unit][query]
    const int64_t unit = first + row / queries;
    move<Vector>(out_of(p, unit / p.heads, unit % p.heads, row % queries) + column,
                 shared + (row / queries * rows + row % queries) * pitch + column);
  }
}

template <class Precision, int Head, int Keys, int Warps>
void launch_streamed(gatun_stream* stream, const Problem& p, bool wide) {
  using Shape = Streamed<Precision, Head, Keys, Warps>;
  static_assert(Shape::kSharedBytes <= 163 << 10);
  launch(stream, "attention",
         p.mask != nullptr ? attention_streamed<Precision, Head, Keys, Warps, true>
                           : attention_streamed<Precision, Head, Keys, Warps, false>,
         {p.batch * p.heads * blocks_for(p.queries, Shape::kQueries)}, Shape::kThreads, Shape::kSharedBytes, p, wide);
}

template <class Precision>
void launch_sliced(gatun_stream* stream, const Problem& p, bool wide) {
  using Shape = Streamed<Precision, kSlice, kSliceKeys, kSliceThreads / kWarp>;
  static_assert(Shape::kSharedBytes <= 99 << 10);
  launch(stream, "attention",
         p.mask != nullptr ? attention_sliced<Precision, true> : attention_sliced<Precision, false>,
         {p.batch * p.heads * blocks_for(p.queries, Shape::kQueries) * blocks_for(p.head, kSlice)}, kSliceThreads,
         Shape::kSharedBytes, p, wide);
}

// To 16 bytes, wherever a token's head begins.
bool aligned(const TokenView& view) {
  return cuda::aligned(view.data) && view.map % 4 == 0 && view.token % 4 == 0;
}

template <class Precision>
void launch_precision(gatun_stream* stream, const Problem& p, const AttentionPlan& plan, bool wide) {
  switch (plan.head) {
    case 16: return launch_streamed<Precision, 16, 64, 4>(stream, p, wide);
    case 32: return launch_streamed<Precision, 32, 64, 4>(stream, p, wide);
    case 64: return launch_streamed<Precision, 64, 32, 4>(stream, p, wide);
    case 128: return launch_streamed<Precision, 128, 32, 8>(stream, p, wide);
    case 256: return launch_streamed<Precision, 256, 16, 4>(stream, p, wide);
    default: return launch_sliced<Precision>(stream, p, wide);
  }
}

}  // namespace

gatun_status attention(gatun_stream* stream, const AttentionArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const int64_t head = args.embed / args.heads;
    const AttentionPlan plan = attention_plan(args, head);
    const Problem problem{args.query, args.key, args.value, args.mask, args.mask_map, args.mask_query, args.out,
                          args.batch, args.queries, args.keys, args.embed, args.heads, static_cast<int>(head),
                          1.0f / std::sqrt(static_cast<float>(head))};
    const bool wide = head % 4 == 0 && aligned(args.query) && aligned(args.key) && aligned(args.value) &&
                      cuda::aligned(args.out);
    if (plan.units > 0) {
      launch(stream, "attention", wide ? attention_packed<4> : attention_packed<1>,
             {(args.batch * args.heads + plan.units - 1) / plan.units}, kPackedThreads, plan.shared_bytes, problem,
             plan.units);
      return;
    }
    with_precision(args.are_few() ? int32_t{GATUN_STRICT} : args.precision, [&]<class Precision>(Precision) {
      launch_precision<Precision>(stream, problem, plan, wide);
    });
  });
}

}  // namespace gatun::cuda
