// SPDX-License-Identifier: Apache-2.0
// Encode-and-pool without day tokens: the scorer is composed with the patch convolution, and pixels are pooled before
// they are embedded. With x the K pixels of a patch on one day and a 1, A the patch convolution with its bias, C the
// removal of a vector's mean, g and b the affine part of the embedding's LayerNorm, p[m, t] the encodings:
//   token   = r g C A x + b,                              r = (|C A x|^2 / E + eps)^(-1/2)
//   scorer  = W (s (r D x + q[m, t]) g2 + b2) + bias,     D = C g C A, q[m, t] = C (b + p[m, t]),
//                                                         s = (|r D x + q[m, t]|^2 / E + eps2)^(-1/2)
//   pooled  = g C A (sum_t w_t r_t x_t) + b + sum_t w_t p[m, t]
// Triangular factors make short sums of squares of them: C A = U R gives |C A x| = |R x|; D = V S gives
// |r D x + q|^2 = |r S x + y|^2 + c with y = V^T q and c = |q|^2 - |y|^2, so that nothing cancels for any x.
//
// Two short launches prepare what depends on weights and encodings alone; a block then keeps R, S and W g2 D in shared
// memory and takes one group of places after the other. 2 K (2 K + E) FLOP a token on the matrix units in the place of
// 2 E (K + E), 2 E (K + T) a pooled one; 5 C V + 4 E / T bytes a token of C V pixels: bound by the lanes' GELU.
#include "operations.h"
#include "pixel_plan.h"
#include "pixels.h"
#include "pool_tile.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 1024;
constexpr int kWarps = kThreads / kWarp;

// What the preparations read and make, in scratch. n = K + 1: the pixels' columns and that of their 1, the bias.
template <class Element>
struct PixelPool {
  int inputs, embed, depth;  // K, E, and K in whole 16 bytes
  int64_t time, encodings;   // encodings: months * time
  const Element *patch, *hidden;
  const float *patch_bias, *token_weight, *token_bias, *day_encoding, *month_encoding, *norm_weight, *norm_bias,
      *hidden_bias;
  float eps;
  Element *factors, *scorer;  // R and S [2 K][depth], W g2 D [E][depth]
  float* edges;               // [2][n], last columns of R and S
  float* columns;             // [2][E], last column of W g2 D, and W b2 + bias
  float* encoded;             // [encodings][E], W g2 q
  float* offsets;             // [encodings][n + 1], y and c
  float* embedding;           // [n][E], g C A
  float* centred;             // [E][n], C A
  float* vectors;             // [E][n + encodings], D and behind it q

  PixelPool(const EncodePoolArgs& args, int64_t inputs_of_patch)
      : inputs(static_cast<int>(inputs_of_patch)), embed(static_cast<int>(args.pool.embed)),
        depth(static_cast<int>(blocks_for(inputs, kVector) * kVector)), time(args.pool.time),
        encodings(args.pool.months * time), patch(packed(args.patch.weights)), hidden(packed(args.pool.weights)),
        patch_bias(args.patch.bias), token_weight(args.patch.norm_weight), token_bias(args.patch.norm_bias),
        day_encoding(args.pool.day_encoding), month_encoding(args.pool.month_encoding),
        norm_weight(args.pool.norm_weight), norm_bias(args.pool.norm_bias), hidden_bias(args.pool.hidden_bias),
        eps(args.patch.eps) {}

  GATUN_BOTH int size() const { return inputs + 1; }
  GATUN_BOTH int64_t all() const { return size() + encodings; }

  // Bytes from `memory` on; NULL: counts only.
  int64_t place(char* memory) {
    int64_t end = 0;
    const auto take = [&]<class Value>(Value*& part, int64_t count) {
      part = memory != nullptr ? reinterpret_cast<Value*>(memory + end) : nullptr;
      end += (count * static_cast<int64_t>(sizeof(Value)) + 15) / 16 * 16;
    };
    take(factors, int64_t{2} * inputs * depth);
    take(scorer, int64_t{embed} * depth);
    take(edges, 2 * size());
    take(columns, 2 * embed);
    take(encoded, encodings * embed);
    take(offsets, encodings * (size() + 1));
    take(embedding, int64_t{size()} * embed);
    take(centred, int64_t{size()} * embed);
    take(vectors, all() * embed);
    return end;
  }

 private:
  static constexpr int64_t kVector = 16 / static_cast<int64_t>(sizeof(Element));
  static const Element* packed(const gatun_weights* weights) {
    return reinterpret_cast<const Element*>(static_cast<const DeviceWeights*>(weights)->memory);
  }
};

// Every lane owns elements lane, lane + 32, ... of the vector. The second turn takes what rounding left of the mean.
GATUN_DEVICE void remove_mean(float* vector, int64_t pitch, int count) {
  for (int turn = 0; turn < 2; ++turn) {
    float sum = 0;
    for (int e = lane_index(); e < count; e += kWarp) sum += vector[e * pitch];
    const float mean = warp_sum(sum) / static_cast<float>(count);
    for (int e = lane_index(); e < count; e += kWarp) vector[e * pitch] -= mean;
  }
}

// C A, g C A, D and q, a vector a warp.
template <class Element>
GATUN_KERNEL(kThreads)
centre(PixelPool<Element> s) {
  const int64_t item = block_index<0>() * kWarps + warp_index();
  if (item >= s.all()) return;
  float* vector = s.vectors + item;
  if (item < s.size()) {
    float* column = s.centred + item;
    for (int e = lane_index(); e < s.embed; e += kWarp) {
      column[static_cast<int64_t>(e) * s.size()] = item < s.inputs ? to_float(s.patch[e * s.inputs + item])
                                                   : s.patch_bias != nullptr ? s.patch_bias[e] : 0.0f;
    }
    remove_mean(column, s.size(), s.embed);
    for (int e = lane_index(); e < s.embed; e += kWarp) {
      const float scaled = s.token_weight[e] * column[static_cast<int64_t>(e) * s.size()];
      s.embedding[item * s.embed + e] = scaled;
      vector[e * s.all()] = scaled;
    }
  } else {
    const float* day = s.day_encoding + (item - s.size()) % s.time * s.embed;
    const float* month = s.month_encoding + (item - s.size()) / s.time * s.embed;
    for (int e = lane_index(); e < s.embed; e += kWarp) vector[e * s.all()] = s.token_bias[e] + day[e] + month[e];
  }
  remove_mean(vector, s.all(), s.embed);
}

// The triangular factor of C A (`second`: of D, with y and c of some encodings) by one block: elimination in the square
// of the vectors, in double precision, which keeps what squaring would cost in f32. Row i of `square` is vector i times
// each of the n, and times itself.
template <class Element>
GATUN_DEVICE void factorise(const PixelPool<Element>& s, bool second, int64_t first, int count, double* square) {
  constexpr int kTogether = 4;
  const int n = s.size(), rows = n + count, pitch = square_pitch(s.inputs), across = (n + kWarp) / kWarp;
  const float* vectors = second ? s.vectors : s.centred;
  const int64_t step = second ? s.all() : n;
  for (int task = warp_index(); task < (rows + kTogether - 1) / kTogether * across; task += kWarps) {
    const int row = task / across * kTogether, column = task % across * kWarp + lane_index();
    double sums[kTogether] = {};
    int64_t from[kTogether];
    for (int i = 0; i < kTogether; ++i) {
      const int at = row + i < rows ? row + i : rows - 1;
      from[i] = at < n ? at : first + at;
    }
    if (column > n) continue;
#pragma unroll 4
    for (int e = 0; e < s.embed; ++e) {
      const float* vector = vectors + e * step;
      const double right = column < n ? vector[column] : 0.0;
#pragma unroll
      for (int i = 0; i < kTogether; ++i) {
        const double left = vector[from[i]];
        sums[i] += left * (column < n ? right : left);
      }
    }
    for (int i = 0; i < kTogether && row + i < rows; ++i) square[(row + i) * pitch + column] = sums[i];
  }
  sync_block();
  // What remains of a vector that depends on those before it is rounding: it counts as nothing.
  const auto inverse = [&](int i) {
    const double pivot = square[i * pitch + i];
    return pivot <= 1e-14 * square[i * pitch + n] ? 0.0 : 1 / pivot;
  };
  for (int i = 0; i < n; ++i) {
    const double factor = inverse(i);
    for (int row = i + 1 + warp_index(); row < rows; row += kWarps) {
      double* to = square + row * pitch;
      const double left = to[i] * factor;
      for (int k = i + 1 + lane_index(); k < n; k += kWarp) {
        if (k <= row) to[k] -= left * square[k * pitch + i];
      }
      if (row >= n && lane_index() == 0) to[n] -= left * to[i];
    }
    sync_block();
  }
  const auto scale = [&](int i) { return sqrt(inverse(i)); };
  for (int i = thread_index(); i < count * (n + 1); i += kThreads) {
    const int row = i / (n + 1), k = i % (n + 1);
    const double value = square[(n + row) * pitch + k];
    s.offsets[(first + row) * (n + 1) + k] = static_cast<float>(k < n ? value * scale(k) : value < 0 ? 0 : value);
  }
  if (first > 0) return;
  for (int i = thread_index(); i < n * s.depth; i += kThreads) {
    const int row = i / s.depth, k = i % s.depth;
    const float value = k >= row && k < s.inputs ? static_cast<float>(square[k * pitch + row] * scale(row)) : 0.0f;
    if (row < s.inputs) s.factors[(second * s.inputs + row) * s.depth + k] = from_float<Element>(value);
    if (k == 0) s.edges[second * n + row] = static_cast<float>(square[s.inputs * pitch + row] * scale(row));
  }
}

// W times the scaled vectors and b2: a warp makes some rows of 32 of them.
constexpr int kRowsTogether = 2;
template <class Element>
GATUN_DEVICE void score_vectors(const PixelPool<Element>& s, int64_t task) {
  const int64_t across = (s.all() + kWarp) / kWarp, item = task % across * kWarp + lane_index();
  const int row = static_cast<int>(task / across) * kRowsTogether;
  if (item > s.all() || row >= s.embed) return;
  float sums[kRowsTogether] = {};
#pragma unroll 8
  for (int e = 0; e < s.embed; ++e) {
    const float value = item < s.all() ? s.vectors[e * s.all() + item] * s.norm_weight[e] : s.norm_bias[e];
#pragma unroll
    for (int i = 0; i < kRowsTogether; ++i) {
      const int64_t from = row + i < s.embed ? row + i : s.embed - 1;
      sums[i] += to_float(s.hidden[from * s.embed + e]) * value;
    }
  }
#pragma unroll
  for (int i = 0; i < kRowsTogether; ++i) {
    const int e = row + i;
    if (e >= s.embed) break;
    if (item < s.inputs) {
      s.scorer[static_cast<int64_t>(e) * s.depth + item] = from_float<Element>(sums[i]);
    } else if (item == s.inputs) {
      s.columns[e] = sums[i];
      Element* line = s.scorer + static_cast<int64_t>(e) * s.depth;
      for (int k = s.inputs; k < s.depth; ++k) line[k] = from_float<Element>(0.0f);
    } else if (item < s.all()) {
      s.encoded[(item - s.size()) * s.embed + e] = sums[i];
    } else {
      s.columns[s.embed + e] = sums[i] + s.hidden_bias[e];
    }
  }
}

// Block 0 factorises C A, `blocks` behind it D, each with some encodings; the others make the scorer's products.
template <class Element>
GATUN_KERNEL(kThreads)
compose(PixelPool<Element> s, int64_t blocks, int encodings) {
  const int64_t block = block_index<0>(), first = (block - 1) * encodings;
  auto* square = reinterpret_cast<double*>(shared_memory());
  if (block == 0) {
    factorise(s, false, 0, 0, square);
  } else if (block <= blocks) {
    const int64_t left = s.encodings - first;
    factorise(s, true, first, static_cast<int>(left < encodings ? left : encodings), square);
  } else {
    score_vectors(s, (block - 1 - blocks) * kWarps + warp_index());
  }
}

// Blocks of `each` groups, whose scores and sums need the pixels alone. Row d * places + p is day d of place p.
template <class Gemm, bool Wide>
struct PixelTile {
  using Element = typename Gemm::Element;
  using Group = PoolGroup<Gemm>;
  static constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));

  const PoolProblem& p;
  const Pixels& source;
  const PixelPool<Element>& s;
  PixelLayout at;

  GATUN_DEVICE PixelTile(const PoolProblem& problem, const Pixels& pixels_of, const PixelPool<Element>& prepared)
      : p(problem), source(pixels_of), s(prepared), at(PixelLayout::of<Gemm>(s.inputs, s.embed, p.places)) {}

  GATUN_DEVICE void run(int64_t groups, int64_t each) const {
    keep_weights();
    const int64_t first = block_index<0>() * each, end = first + each < groups ? first + each : groups;
    for (int64_t index = first; index < end; ++index) {
      const Group group(p, index);
      group.begin(states());
      for (int64_t day = 0; day < p.time; day += p.days) {
        const int days = static_cast<int>(p.time - day < p.days ? p.time - day : p.days);
        read(group, day, days);
        normalise(group, day, days);
        score(group, day, days);
        sync_block();
        group.weigh(parts(2), day, days, weights(), states());
        sync_block();
        pool(group, day, days);
        sync_block();
        embed(group, day, days);
        sync_block();
      }
    }
  }

 private:
  template <class Value>
  GATUN_DEVICE Value* part(int offset) const {
    return reinterpret_cast<Value*>(shared_memory() + offset);
  }
  GATUN_DEVICE Element* pixels() const { return part<Element>(at.pixels); }
  GATUN_DEVICE float* parts(int which) const { return part<float>(at.parts + which * Gemm::kPartsBytes); }
  GATUN_DEVICE float* token_scales() const { return part<float>(at.scales); }  // r of each row
  GATUN_DEVICE float* scales() const { return token_scales() + Gemm::kRows; }  // s of each row
  GATUN_DEVICE float* weights() const { return part<float>(at.weights); }      // w of each row
  GATUN_DEVICE float* edges() const { return part<float>(at.edges); }
  GATUN_DEVICE float* columns() const { return part<float>(at.columns); }
  GATUN_DEVICE float* sums() const { return part<float>(at.sums); }  // of w r x, [place][n]
  GATUN_DEVICE float* days() const { return part<float>(at.days); }  // of w times the days' encodings, between steps
  GATUN_DEVICE PoolState* states() const { return part<PoolState>(at.states); }
  GATUN_DEVICE int64_t* origins() const { return part<int64_t>(at.origins); }

  GATUN_DEVICE Element* tile(int offset, int index) const {
    return part<Element>(offset + index * at.tile_bytes<Gemm>());
  }
  GATUN_DEVICE static float square(float value) { return value * value; }

  GATUN_DEVICE void keep_weights() const {
    keep(s.factors, 2 * s.inputs, at.factors, at.factor_tiles);
    keep(s.scorer, s.embed, at.scorer, at.scorer_tiles);
    commit_copies();
    for (int i = thread_index(); i < 2 * s.size(); i += Gemm::kThreads) edges()[i] = s.edges[i];
    for (int i = thread_index(); i < 3 * s.embed; i += Gemm::kThreads) {
      columns()[i] = i < 2 * s.embed ? s.columns[i] : p.score_weight[i - 2 * s.embed];
    }
    wait_copies<0>();  // the barrier behind read() shows them to all
  }
  GATUN_DEVICE void keep(const Element* matrix, int rows, int offset, int tiles) const {
    for (int i = 0; i < tiles * at.stages; ++i) {
      const int index = i / at.stages, stage = i % at.stages;
      Stager<Element, RowSource<Element>, Gemm::kColumns, Gemm::kThreads, true> stager;
      stager.fetch(RowSource<Element>{matrix, index * Gemm::kColumns, rows, s.depth},
                   tile(offset, index) + stage * Gemm::kColumns * kPitch, stage * kDepth);
    }
  }

  GATUN_DEVICE void read(const Group& group, int64_t first, int count) const {
    group.find(source, first, count, origins());
    for (int i = 0; i < 3; ++i) Gemm::clear_parts(parts(i));
    sync_block();
    constexpr int kTogether = Gemm::kRows * static_cast<int>(sizeof(Element)) / 4;  // as many as registers hold
    for (int stage = 0; stage < at.stages; ++stage) {
      for (int row = 0; row < Gemm::kRows; row += kTogether) {
        Stager<Element, PixelSource, kTogether, Gemm::kThreads, Wide> stager;
        Element* to = pixels() + (stage * Gemm::kRows + row) * kPitch;
        stager.fetch(PixelSource{source, origins() + row}, to, stage * kDepth);
        stager.store(to);
      }
    }
    sync_block();
  }

  // A table of encodings from a step's first day on, and a row's day there; rows without one take the last one's.
  GATUN_DEVICE const float* encodings_from(const float* table, int width, const Group& group, int64_t first) const {
    return table + (group.month() * p.time + first) * width;
  }
  GATUN_DEVICE int day_of(int row, int count) const {
    const int day = row / p.places;
    return day < count ? day : count - 1;
  }

  // r and s of each row.
  GATUN_DEVICE void normalise(const Group& group, int64_t first, int count) const {
    const int n = s.size();
    const float *edge = edges(), *second = edges() + n, width = static_cast<float>(s.embed);
    const float* offsets = encodings_from(s.offsets, n + 1, group, first);
    int offset[Gemm::kOwnRows];
#pragma unroll
    for (int slot = 0; slot < Gemm::kOwnRows; ++slot) offset[slot] = day_of(Gemm::own_row(slot), count) * (n + 1);
    for (int index = 0; index < at.factor_tiles; ++index) {
      const int column = index * Gemm::kColumns;
      Gemm product;
      product.multiply_staged(pixels(), tile(at.factors, index), s.inputs);
      if (column < s.inputs) {
        product.add_row_parts(parts(0), [&](int, int own, float value) {
          return column + own < s.inputs ? square(value + edge[column + own]) : 0.0f;
        });
        if (column + Gemm::kColumns >= s.inputs) {
          sync_block();
          for (int row = thread_index(); row < Gemm::kRows; row += Gemm::kThreads) {
            token_scales()[row] = 1.0f / sqrtf((Gemm::total(parts(0), row) + square(edge[s.inputs])) / width + s.eps);
          }
          sync_block();
        }
      }
      if (column + Gemm::kColumns > s.inputs) {
        float scale[Gemm::kOwnRows];
#pragma unroll
        for (int slot = 0; slot < Gemm::kOwnRows; ++slot) scale[slot] = token_scales()[Gemm::own_row(slot)];
        product.add_row_parts(parts(1), [&](int slot, int own, float value) {
          const int k = column + own - s.inputs;
          return k >= 0 && k < s.inputs ? square(scale[slot] * (value + second[k]) + offsets[offset[slot] + k]) : 0.0f;
        });
      }
    }
    sync_block();
    for (int row = thread_index(); row < Gemm::kRows; row += Gemm::kThreads) {
      const float* rest = offsets + day_of(row, count) * (n + 1) + s.inputs;
      const float total =
          Gemm::total(parts(1), row) + square(token_scales()[row] * second[s.inputs] + rest[0]) + rest[1];
      scales()[row] = 1.0f / sqrtf(total / width + p.eps);
    }
    sync_block();
  }

  GATUN_DEVICE void score(const Group& group, int64_t first, int count) const {
    const float* table = encodings_from(s.encoded, s.embed, group, first);
    int encoded[Gemm::kOwnRows];
    float token_scale[Gemm::kOwnRows], scale[Gemm::kOwnRows];
#pragma unroll
    for (int slot = 0; slot < Gemm::kOwnRows; ++slot) {
      const int row = Gemm::own_row(slot);
      encoded[slot] = day_of(row, count) * s.embed;
      scale[slot] = scales()[row];
      token_scale[slot] = token_scales()[row] * scale[slot];
    }
    const float *edge = columns(), *shift = edge + s.embed, *weight = shift + s.embed;
    for (int index = 0; index < at.scorer_tiles; ++index) {
      const int column = index * Gemm::kColumns;
      Gemm product;
      product.multiply_staged(pixels(), tile(at.scorer, index), s.inputs);
      product.add_row_parts(parts(2), [&](int slot, int own, float value) {
        const int e = column + own;
        if (e >= s.embed) return 0.0f;
        const float encoding = table[encoded[slot] + e];
        return gelu(token_scale[slot] * (value + edge[e]) + scale[slot] * encoding + shift[e]) * weight[e];
      });
    }
  }

  // A month of several steps has a group of one place.
  GATUN_DEVICE void pool(const Group& group, int64_t first, int count) const {
    const int n = s.size();
    for (int i = thread_index(); i < group.here * n; i += Gemm::kThreads) {
      const int place = i / n, k = i % n;
      float sum = first > 0 ? sums()[i] * states()[place].shrink : 0.0f;
      const Element* column = pixels() + k / kDepth * Gemm::kRows * kPitch + k % kDepth;
#pragma unroll 4
      for (int day = 0; day < count; ++day) {
        const int row = day * p.places + place;
        const float weight = weights()[row], value = k < s.inputs ? to_float(column[row * kPitch]) : 1.0f;
        sum += weight != 0 ? weight * token_scales()[row] * value : 0.0f;
      }
      sums()[i] = sum;
    }
  }

  // Two places share what is read of the encodings and of the embedding.
  GATUN_DEVICE void embed(const Group& group, int64_t first, int count) const {
    constexpr int kTogether = 2;
    const int n = s.size();
    for (int i = thread_index(); i < (group.here + 1) / kTogether * s.embed; i += Gemm::kThreads) {
      const int e = i % s.embed, place = i / s.embed * kTogether;
      const int last_place = place + 1 < group.here ? place + 1 : place;
      const int at_place[kTogether] = {place, last_place};
      float sum[kTogether] = {};
#pragma unroll 4
      for (int day = 0; day < count; ++day) {
        const float value = p.day_encoding[(first + day) * s.embed + e];
        for (int j = 0; j < kTogether; ++j) sum[j] += weights()[day * p.places + at_place[j]] * value;
      }
      if (first > 0) sum[0] += days()[e] * states()[0].shrink;
      if (first + count < p.time) {
        days()[e] = sum[0];
        continue;
      }
#pragma unroll 4
      for (int k = 0; k < n; ++k) {
        const float value = s.embedding[static_cast<int64_t>(k) * s.embed + e];
        for (int j = 0; j < kTogether; ++j) sum[j] += sums()[at_place[j] * n + k] * value;
      }
      const float constant = s.token_bias[e] + p.month_encoding[group.month() * s.embed + e];
      for (int j = 0; j < kTogether && place + j < group.here; ++j) {
        group.out(place + j)[e] = sum[j] / states()[place + j].total + constant;
      }
    }
  }
};

template <class Gemm, bool Wide>
GATUN_KERNEL(Gemm::kThreads, Wide ? 2 : 1)
pixel_pool_tile(PoolProblem problem, Pixels pixels, PixelPool<typename Gemm::Element> prepared, int64_t groups,
                int64_t each) {
  PixelTile<Gemm, Wide>(problem, pixels, prepared).run(groups, each);
}

template <class Element>
void prepare(gatun_stream* stream, const PixelPool<Element>& s, const PixelPlan& plan) {
  launch(stream, "pixel_pool", centre<Element>, {blocks_for(s.all(), kWarps)}, kThreads, 0, s);
  const int64_t factors = blocks_for(s.encodings, plan.encodings);
  const int64_t tasks = blocks_for(s.all() + 1, kWarp) * blocks_for(s.embed, kRowsTogether);
  launch(stream, "pixel_pool", compose<Element>, {1 + factors + blocks_for(tasks, kWarps)}, kThreads, plan.factor_bytes,
         s, factors, plan.encodings);
}

}  // namespace

bool pixel_pool(gatun_stream* stream, const EncodePoolArgs& args) {
  const Pixels pixels(args.patch);
  bool done = false;
  with_precision(args.pool.weights->precision, [&]<class Precision>(Precision) {
    using Gemm = PixelGemm<Precision>;
    const std::optional<PixelPlan> plan =
        pixel_plan<Precision>(pixels.inputs(), args.pool.embed, args.pool.time, limits(stream));
    if (!plan) return;
    PixelPool<typename Gemm::Element> prepared(args, pixels.inputs());
    const Scratch memory(stream, prepared.place(nullptr));
    prepared.place(memory.as<char>());
    prepare(stream, prepared, *plan);
    const int64_t groups = args.pool.batch * args.pool.months * blocks_for(args.pool.places, plan->places);
    // Weights are read once for several groups, as long as every multiprocessor has its share of blocks.
    const int64_t each = std::clamp<int64_t>(groups / (8 * limits(stream).multiprocessors), 1, 16);
    launch(stream, "pixel_pool", pixels.in_fours() ? pixel_pool_tile<Gemm, true> : pixel_pool_tile<Gemm, false>,
           {blocks_for(groups, each)}, Gemm::kThreads, plan->shared_bytes,
           PoolProblem(args.pool, plan->days, plan->places), pixels, prepared, groups, each);
    done = true;
  });
  return done;
}

}  // namespace gatun::cuda
