// SPDX-License-Identifier: Apache-2.0
// Temporal attention pooling, each token read once: logits, weights and encoded tokens stay on the chip.
// 2 E^2 + 20 E FLOP and 4 E (1 + 1 / T) bytes a token: bound by the matrix units from E = 64 on.
#include "operations.h"
#include "pool_tile.h"

namespace gatun::cuda {

namespace {

struct TokenRows {
  const float* x;  // [maps, time, all_places, embed]

  template <class Tile>
  GATUN_DEVICE void prepare(const Tile&, int64_t, int) const {}

  template <class Tile, int Slots>
  GATUN_DEVICE void load(const Tile& tile, int64_t day, int place, int, float (&values)[Slots]) const {
    const float* row = x + ((tile.map * tile.p.time + day) * tile.p.all_places + tile.first_place + place) * tile.p.embed;
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      const int e = slot * kWarp + lane_index();
      values[slot] = e < tile.p.embed ? row[e] : 0.0f;
    }
  }
};

template <class Gemm, int Slots, bool Wide>
GATUN_KERNEL(Gemm::kThreads)
temporal_pool_tile(PoolProblem problem, TokenRows rows) {
  PoolTile<Gemm, Slots>(problem).template run<Wide>(rows);
}

}  // namespace

gatun_status temporal_pool(gatun_stream* stream, const TemporalPoolArgs& args, gatun_error* error) {
  return guard(error, [&] {
    if (args.embed == 0 || args.places == 0) return;
    const bool wide = whole_lines(*args.weights);
    with_precision(args.weights->precision, [&]<class Precision>(Precision) {
      const PoolPlan plan = pool_plan<Precision>(args.time, args.places, args.embed, limits(stream));
      with_pool_gemm<Precision>(plan, [&]<class Gemm, int Slots>(Gemm, std::integral_constant<int, Slots>) {
        launch(stream, "temporal_pool", wide ? temporal_pool_tile<Gemm, Slots, true> : temporal_pool_tile<Gemm, Slots, false>,
               {args.batch * args.months * blocks_for(args.places, plan.places)}, Gemm::kThreads, plan.shared_bytes,
               PoolProblem(args, plan.days, plan.places), TokenRows{args.x});
      });
    });
  });
}

}  // namespace gatun::cuda
