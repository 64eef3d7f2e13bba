// SPDX-License-Identifier: Apache-2.0
// Weights of encode-and-pool without day tokens, in two short launches: vectors without their means, then triangular
// factors beside the composition with the scorer. 2 E^2 (K + M T) + 2 E K (K + M T) FLOP, once for a call.
#include "pixel_weights.h"

namespace gatun::cuda {

namespace {

constexpr int kThreads = 1024;
constexpr int kWarps = kThreads / kWarp;

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
centre(PixelWeights<Element> s) {
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
GATUN_DEVICE void factorise(const PixelWeights<Element>& s, bool second, int64_t first, int count, double* square) {
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
GATUN_DEVICE void score_vectors(const PixelWeights<Element>& s, int64_t task) {
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
compose(PixelWeights<Element> s, int64_t blocks, int encodings) {
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

}  // namespace

template <class Element>
void prepare(gatun_stream* stream, const PixelWeights<Element>& s, const PixelPlan& plan) {
  launch(stream, "pixel_weights", centre<Element>, {blocks_for(s.all(), kWarps)}, kThreads, 0, s);
  const int64_t factors = blocks_for(s.encodings, plan.encodings);
  const int64_t tasks = blocks_for(s.all() + 1, kWarp) * blocks_for(s.embed, kRowsTogether);
  launch(stream, "pixel_weights", compose<Element>, {1 + factors + blocks_for(tasks, kWarps)}, kThreads,
         plan.factor_bytes, s, factors, plan.encodings);
}

template void prepare(gatun_stream*, const PixelWeights<float>&, const PixelPlan&);
template void prepare(gatun_stream*, const PixelWeights<Bf16>&, const PixelPlan&);

}  // namespace gatun::cuda
