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
// pixel_weights.cu prepares what depends on weights and encodings alone; a block then keeps R, S and W g2 D in shared
// memory and takes one group of places after the other. 2 K (2 K + E) FLOP a token on the matrix units in the place of
// 2 E (K + E), 2 E (K + T) a pooled one; 5 C V + 4 E / T bytes a token of C V pixels: bound by the lanes' GELU.
#include "operations.h"
#include "pixel_weights.h"
#include "pixels.h"
#include "pool_tile.h"

namespace gatun::cuda {

namespace {

// Blocks of `each` groups, whose scores and sums need the pixels alone. Row d * places + p is day d of place p.
template <class Gemm, bool Wide>
struct PixelTile {
  using Element = typename Gemm::Element;
  using Group = PoolGroup<Gemm>;
  static constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));

  const PoolProblem& p;
  const Pixels& source;
  const PixelWeights<Element>& s;
  PixelLayout at;

  GATUN_DEVICE PixelTile(const PoolProblem& problem, const Pixels& pixels_of, const PixelWeights<Element>& prepared)
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
pixel_pool_tile(PoolProblem problem, Pixels pixels, PixelWeights<typename Gemm::Element> prepared, int64_t groups,
                int64_t each) {
  PixelTile<Gemm, Wide>(problem, pixels, prepared).run(groups, each);
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
    PixelWeights<typename Gemm::Element> prepared(args, pixels.inputs());
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
