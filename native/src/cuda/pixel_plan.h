// SPDX-License-Identifier: Apache-2.0
// Where encode-and-pool does without day tokens, and how it is cut into blocks; apart from the kernels, so that it can
// be tested.
#pragma once

#include "pool_plan.h"

#include <optional>

namespace gatun::cuda {

template <class Precision>
using PixelGemm = GemmTile<Precision, 128, 64, 4, 2>;

// Parts of the block's shared memory, in bytes from its begin. Weights and pixels lie in stages.
struct PixelLayout {
  int stages, factor_tiles, scorer_tiles;  // of the sum, of the columns of both products
  int factors, scorer, pixels, parts, scales, weights, edges, columns, sums, days, states, origins, end;

  template <class Gemm>
  GATUN_BOTH static PixelLayout of(int inputs, int embed, int places) {
    PixelLayout at{};
    at.stages = (inputs + kStageDepth<typename Gemm::Element> - 1) / kStageDepth<typename Gemm::Element>;
    at.factor_tiles = (2 * inputs + Gemm::kColumns - 1) / Gemm::kColumns;
    at.scorer_tiles = (embed + Gemm::kColumns - 1) / Gemm::kColumns;
    at.factors = 0;
    at.scorer = at.factors + at.factor_tiles * at.tile_bytes<Gemm>();
    at.pixels = at.scorer + at.scorer_tiles * at.tile_bytes<Gemm>();
    at.parts = at.pixels + at.stages * Gemm::kRows * kStagePitch;
    at.scales = at.parts + 3 * Gemm::kPartsBytes;
    at.weights = at.scales + 2 * Gemm::kRows * 4;
    at.edges = at.weights + Gemm::kRows * 4;
    at.columns = at.edges + 2 * (inputs + 1) * 4;
    at.sums = at.columns + 3 * embed * 4;
    at.days = at.sums + places * (inputs + 1) * 4;
    at.states = at.days + embed * 4;
    at.origins = (at.states + places * 12 + 7) / 8 * 8;
    at.end = at.origins + Gemm::kRows * 8;
    return at;
  }

  template <class Gemm>
  GATUN_BOTH int tile_bytes() const {
    return stages * Gemm::kColumns * kStagePitch;
  }
};

// A factor's square of K + 1 columns and, in rows below, some encodings; double precision, an odd pitch.
GATUN_BOTH int square_pitch(int inputs) { return (inputs + 2) | 1; }
inline int square_bytes(int inputs, int encodings) { return (inputs + 1 + encodings) * square_pitch(inputs) * 8; }

struct PixelPlan {
  int days = 0, places = 0;  // of a step, of a group
  int encodings = 0;         // of a block that factorises
  int shared_bytes = 0, factor_bytes = 0;
};

// Half the work at least: the preparations are two short launches. An instruction of a lane counts as kLane
// multiply-adds of the matrix units; the embedding of the pooled pixels is shared by a month's days.
inline bool pays_without_tokens(int64_t inputs, int64_t embed, int64_t time) {
  constexpr int64_t kLane = 4;
  const int64_t with = embed * (inputs + embed) + kLane * 15 * embed;
  const int64_t without = inputs * (2 * inputs + embed) + kLane * 7 * inputs;
  const int64_t month = kLane * embed * (inputs + 1 + time);
  return inputs < embed && 2 * (without * time + month) <= with * time;
}

// Looks at the shape of the weights and the days of a month alone: nothing where day tokens are better, or where the
// weights do not fit into a block's shared memory.
template <class Precision>
std::optional<PixelPlan> pixel_plan(int64_t inputs, int64_t embed, int64_t time, const Limits& limits) {
  using Gemm = PixelGemm<Precision>;
  constexpr int kMostEncodings = 32;
  if (embed > kLargestEmbed || time == 0 || !pays_without_tokens(inputs, embed, time)) return {};
  PixelPlan plan;
  plan.days = static_cast<int>(blocks_for(time, blocks_for(time, Gemm::kRows)));
  plan.places = Gemm::kRows / plan.days;
  const int depth = static_cast<int>(inputs);
  plan.shared_bytes = PixelLayout::of<Gemm>(depth, static_cast<int>(embed), plan.places).end;
  plan.encodings = kMostEncodings;
  plan.factor_bytes = square_bytes(depth, plan.encodings);
  if (plan.shared_bytes > limits.shared_per_block || plan.factor_bytes > limits.shared_per_block) return {};
  return plan;
}

}  // namespace gatun::cuda
