// SPDX-License-Identifier: Apache-2.0
// Temporal attention pooling of a block of places of one month. A step takes some days of each place: its tokens lie in
// shared memory once as they are (with their encodings), once normalised as the left operand of the scorer's product.
// Logits leave the product's registers as sums of rows; the softmax runs online over the steps, and the weighted sum
// reads the tokens from where they lie. Row d * places + p is day d of place p.
#pragma once

#include "pool_plan.h"

namespace gatun::cuda {

struct PoolProblem {
  const float *day_encoding, *month_encoding, *norm_weight, *norm_bias, *hidden_bias, *score_weight, *score_bias;
  const void* weights;
  const uint8_t* padded;
  float* out;
  int64_t months, time, all_places;
  int embed;
  float eps;
  int days, places;  // of a step, of a block

  PoolProblem(const TemporalPoolArgs& args, int days_of_step, int places_of_block)
      : day_encoding(args.day_encoding), month_encoding(args.month_encoding), norm_weight(args.norm_weight),
        norm_bias(args.norm_bias), hidden_bias(args.hidden_bias), score_weight(args.score_weight),
        score_bias(args.score_bias), weights(static_cast<const DeviceWeights*>(args.weights)->memory),
        padded(args.padded), out(args.out), months(args.months), time(args.time), all_places(args.places),
        embed(static_cast<int>(args.embed)), eps(args.eps), days(days_of_step), places(places_of_block) {}
};

// Running softmax of a place.
struct PoolState {
  float top, total, shrink;
};

// Some places of one map with the softmax over their days, whose scores are sums of rows of a product.
template <class Gemm>
struct PoolGroup {
  static constexpr int kWarps = Gemm::kThreads / kWarp;

  const PoolProblem& p;
  int64_t map, first_place;  // map: batch * months + month
  int here;                  // places of this group

  GATUN_DEVICE PoolGroup(const PoolProblem& problem, int64_t index) : p(problem) {
    const int64_t groups = (p.all_places + p.places - 1) / p.places;
    map = index / groups;
    first_place = index % groups * p.places;
    here = static_cast<int>(p.all_places - first_place < p.places ? p.all_places - first_place : p.places);
  }

  GATUN_DEVICE int64_t month() const { return map % p.months; }
  GATUN_DEVICE float* out(int place) const {
    return p.out + ((map / p.months * p.all_places + first_place + place) * p.months + month()) * p.embed;
  }

  GATUN_DEVICE void begin(PoolState* states) const {
    for (int place = thread_index(); place < p.places; place += Gemm::kThreads) states[place] = {-INFINITY, 0, 1};
  }

  // Where the patches of a step's rows begin; negative: no such row.
  template <class Pixels>
  GATUN_DEVICE void find(const Pixels& pixels, int64_t first, int days, int64_t* origins) const {
    for (int row = thread_index(); row < Gemm::kRows; row += Gemm::kThreads) {
      const int64_t day = row / p.places, place = first_place + row % p.places;
      origins[row] = day < days && row % p.places < here
                         ? pixels.origin(map, first + day, place / pixels.columns, place % pixels.columns)
                         : -1;
    }
  }

  // Weights of a step's days, each place by one warp, from the parts of their scores.
  GATUN_DEVICE void weigh(const float* parts, int64_t first, int days, float* weights, PoolState* states) const {
    for (int place = warp_index(); place < here; place += kWarps) {
      const uint8_t* skip = p.padded != nullptr ? p.padded + map * p.time + first : nullptr;
      PoolState state = states[place];
      float top = -INFINITY;
      for (int day = lane_index(); day < days; day += kWarp) {
        if (skip == nullptr || skip[day] == 0) top = fmaxf(top, Gemm::total(parts, day * p.places + place));
      }
      top = fmaxf(state.top, warp_max(top));
      // Nothing but padded days so far: no weight, and nothing to shrink.
      const float shrink = state.top == -INFINITY ? 1.0f : expf(state.top - top);
      float sum = 0;
      for (int day = lane_index(); day < days; day += kWarp) {
        const int row = day * p.places + place;
        const bool counts = skip == nullptr || skip[day] == 0;
        const float weight = counts ? expf(Gemm::total(parts, row) - top) : 0.0f;
        weights[row] = weight;
        sum += weight;
      }
      sum = warp_sum(sum);
      if (lane_index() == 0) states[place] = {top, state.total * shrink + sum, shrink};
    }
  }
};

template <class Gemm, int Slots>
struct PoolTile : PoolGroup<Gemm> {
  using Element = typename Gemm::Element;
  using Group = PoolGroup<Gemm>;
  using Group::p, Group::map, Group::here, Group::kWarps;

  PoolLayout at;

  GATUN_DEVICE explicit PoolTile(const PoolProblem& problem)
      : Group(problem, block_index<0>()), at(PoolLayout::of<Gemm>(problem.embed, problem.places)) {}

  GATUN_DEVICE Element* normal() const { return reinterpret_cast<Element*>(shared_memory() + at.normal); }
  GATUN_DEVICE float* tokens() const { return floats(at.tokens); }
  GATUN_DEVICE float* sums() const { return floats(at.sums); }
  GATUN_DEVICE float* parts() const { return floats(at.parts); }
  GATUN_DEVICE float* scores() const { return floats(at.scores); }
  GATUN_DEVICE PoolState* states() const { return reinterpret_cast<PoolState*>(shared_memory() + at.states); }
  GATUN_DEVICE int64_t* origins() const { return reinterpret_cast<int64_t*>(shared_memory() + at.origins); }

  // `source.prepare(tile, first_day, days)` comes before the rows of a step, reached by all threads;
  // `source.load(tile, day, place, row, values)` is the token of a row, lane i holding elements i, i + 32, ...
  template <bool Wide, class Source>
  GATUN_DEVICE void run(const Source& source) {
    Group::begin(states());
    for (int e = thread_index(); e < p.embed; e += Gemm::kThreads) sums()[e] = 0;
    for (int64_t first = 0; first < p.time; first += p.days) {
      const int days = static_cast<int>(p.time - first < p.days ? p.time - first : p.days);
      source.prepare(*this, first, days);
      Gemm::clear_parts(parts());
      for (int row = warp_index(); row < Gemm::kRows; row += kWarps) encode(source, first, days, row);
      sync_block();
      score<Wide>();
      sync_block();
      Group::weigh(parts(), first, days, scores(), states());
      sync_block();
      add(first + days == p.time, days);
      sync_block();
    }
  }

 private:
  GATUN_DEVICE float* floats(int offset) const { return reinterpret_cast<float*>(shared_memory() + offset); }

  // One row by one warp: encodings added, normalised.
  template <class Source>
  GATUN_DEVICE void encode(const Source& source, int64_t first, int days, int row) {
    const int day = row / p.places, place = row % p.places;
    const bool exists = day < days && place < here;  // the same for all lanes
    float values[Slots];
    if (exists) {
      source.load(*this, first + day, place, row, values);
      const float *day_row = p.day_encoding + (first + day) * p.embed;
      const float* month_row = p.month_encoding + Group::month() * p.embed;
#pragma unroll
      for (int slot = 0; slot < Slots; ++slot) {
        const int e = slot * kWarp + lane_index();
        if (e < p.embed) {
          values[slot] = values[slot] + day_row[e] + month_row[e];
          tokens()[row * p.embed + e] = values[slot];
        }
      }
      normalise_lanes(values, p.embed, p.norm_weight, p.norm_bias, p.eps);
    }
    Element* to = normal() + row * at.pitch;
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      const int e = slot * kWarp + lane_index();
      if (e < p.embed) to[e] = from_float<Element>(exists ? values[slot] : 0.0f);
    }
    for (int e = p.embed + lane_index(); e < at.pitch; e += kWarp) to[e] = from_float<Element>(0.0f);
  }

 public:
  // LayerNorm of a row that lies across the lanes of a warp.
  GATUN_DEVICE static void normalise_lanes(float (&values)[Slots], int width, const float* weight, const float* bias,
                                           float eps) {
    float sum = 0;
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      if (slot * kWarp + lane_index() < width) sum += values[slot];
    }
    const float mean = warp_sum(sum) / static_cast<float>(width);
    float squares = 0;
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      if (slot * kWarp + lane_index() < width) squares += (values[slot] - mean) * (values[slot] - mean);
    }
    const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(width) + eps);
#pragma unroll
    for (int slot = 0; slot < Slots; ++slot) {
      const int e = slot * kWarp + lane_index();
      if (e < width) values[slot] = (values[slot] - mean) * scale * weight[e] + bias[e];
    }
  }

 private:
  template <bool Wide>
  GATUN_DEVICE void score() {
    for (int column = 0; column < p.embed; column += Gemm::kColumns) {
      Gemm product;
      product.template multiply<Wide>(
          Resident<Element>{normal(), at.pitch},
          RowSource<Element>{static_cast<const Element*>(p.weights), column, p.embed, p.embed}, p.embed,
          shared_memory());
      product.add_row_parts(parts(), [&](int, int own, float value) {
        const int e = column + own;
        return e < p.embed ? gelu(value + p.hidden_bias[e]) * p.score_weight[e] : 0.0f;
      });
    }
  }

  // A month of several steps has a block of one place: its sums stay in shared memory.
  GATUN_DEVICE void add(bool last, int days) {
    for (int i = thread_index(); i < here * p.embed; i += Gemm::kThreads) {
      const int place = i / p.embed, e = i % p.embed;
      const PoolState state = states()[place];
      float sum = p.places == 1 ? sums()[e] * state.shrink : 0.0f;
      for (int day = 0; day < days; ++day) {
        const int row = day * p.places + place;
        const float weight = scores()[row];
        if (weight != 0) sum += weight * tokens()[row * p.embed + e];
      }
      if (p.places == 1) sums()[e] = sum;
      if (last) Group::out(place)[e] = sum / state.total;
    }
  }
};

// Calls body(rows of the product, slots of a row's lanes) as types.
template <class Precision, class Body>
void with_pool_gemm(const PoolPlan& plan, const Body& body) {
  switch (plan.rows) {
    case 64: return body(PoolGemm<Precision, 64>{}, std::integral_constant<int, 4>{});
    case 32: return body(PoolGemm<Precision, 32>{}, std::integral_constant<int, 8>{});
    default: return body(PoolGemm<Precision, 16>{}, std::integral_constant<int, 32>{});
  }
}

}  // namespace gatun::cuda
