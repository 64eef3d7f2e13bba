// SPDX-License-Identifier: Apache-2.0
// Encode-and-pool: pixels in, month tokens out. A block embeds the patches of some places and days, normalises and
// scores them and keeps only their weighted sum; no day token reaches memory. Few pixels and many elements make no
// tokens at all (pixel_pool.cu).
// 2 E (K + E) FLOP and 5 C V + 4 E / T bytes a token of C V pixels: bound by the matrix units.
#include "operations.h"
#include "pixels.h"
#include "pool_tile.h"

namespace gatun::cuda {

namespace {

template <bool Wide>
struct EmbeddedPixels {
  Pixels pixels;
  const void* weights;
  const float *bias, *norm_weight, *norm_bias;
  float eps;

  // Tokens of a step before their LayerNorm, in the place where encode() leaves them.
  template <class Gemm, int Slots>
  GATUN_DEVICE void prepare(const PoolTile<Gemm, Slots>& tile, int64_t first, int days) const {
    using Element = typename Gemm::Element;
    const int embed = tile.p.embed, depth = pixels.inputs();
    tile.find(pixels, first, days, tile.origins());
    sync_block();
    for (int column = 0; column < embed; column += Gemm::kColumns) {
      Gemm product;
      product.template multiply<Wide>(
          PixelSource{pixels, tile.origins()},
          RowSource<Element>{static_cast<const Element*>(weights), column, embed, depth}, depth, shared_memory());
      product.for_pairs([&](int row, int own, float value, float next) {
        float* token = tile.tokens() + row * embed;
        const int e = column + own;
        if (e < embed) token[e] = bias != nullptr ? value + bias[e] : value;
        if (e + 1 < embed) token[e + 1] = bias != nullptr ? next + bias[e + 1] : next;
      });
    }
    sync_block();
  }

  template <class Gemm, int Slots>
  GATUN_DEVICE void load(const PoolTile<Gemm, Slots>& tile, int64_t, int, int row, float (&values)[Slots]) const {
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      const int e = slot * kWarp + lane_index();
      values[slot] = e < tile.p.embed ? tile.tokens()[row * tile.p.embed + e] : 0.0f;
    }
    tile.normalise_lanes(values, tile.p.embed, norm_weight, norm_bias, eps);
  }
};

template <class Gemm, int Slots, bool WidePixels, bool WideScorer>
GATUN_KERNEL(Gemm::kThreads)
encode_pool_tile(PoolProblem problem, EmbeddedPixels<WidePixels> source) {
  PoolTile<Gemm, Slots>(problem).template run<WideScorer>(source);
}

template <class Precision, bool WidePixels, bool WideScorer>
void launch_tile(gatun_stream* stream, const EncodePoolArgs& args) {
  const PatchEmbedArgs& patch = args.patch;
  const TemporalPoolArgs& pool = args.pool;
  const EmbeddedPixels<WidePixels> source{Pixels(patch), static_cast<const DeviceWeights*>(patch.weights)->memory,
                                          patch.bias, patch.norm_weight, patch.norm_bias, patch.eps};
  const PoolPlan plan = pool_plan<Precision>(pool.time, pool.places, pool.embed, limits(stream));
  with_pool_gemm<Precision>(plan, [&]<class Gemm, int Slots>(Gemm, std::integral_constant<int, Slots>) {
    launch(stream, "encode_pool", encode_pool_tile<Gemm, Slots, WidePixels, WideScorer>,
           {pool.batch * pool.months * blocks_for(pool.places, plan.places)}, Gemm::kThreads, plan.shared_bytes,
           PoolProblem(pool, plan.days, plan.places), source);
  });
}

}  // namespace

gatun_status encode_pool(gatun_stream* stream, const EncodePoolArgs& args, gatun_error* error) {
  return guard(error, [&] {
    if (args.pool.embed == 0 || args.pool.places == 0) return;
    want_image("encode_pool", args.patch.channels, args.patch.height, args.patch.width);
    want_image("encode_pool", args.patch.time, args.patch.height, args.patch.width);
    if (pixel_pool(stream, args)) return;
    const bool pixels = whole_lines(*args.patch.weights) && Pixels(args.patch).in_fours();
    const bool scorer = whole_lines(*args.pool.weights);
    with_precision(args.pool.weights->precision, [&]<class Precision>(Precision) {
      if (pixels && scorer) {
        launch_tile<Precision, true, true>(stream, args);
      } else {
        launch_tile<Precision, false, false>(stream, args);
      }
    });
  });
}

}  // namespace gatun::cuda
