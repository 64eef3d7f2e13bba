// SPDX-License-Identifier: Apache-2.0
// Encode-and-pool without day tokens: the scorer is composed with the patch convolution, and pixels are pooled before
// they are embedded. With x the K pixels of a patch on one day and a 1, A the patch convolution with its bias, C the
// removal of a vector's mean, g and b the affine part of the embedding's LayerNorm, p[m, t] the encodings:
//   token   = r g C A x + b,                             r = (|C A x|^2 / E + eps)^(-1/2)
//   scorer  = W (s (r D x + q[m, t]) g2 + b2) + bias,    D = C g C A, q[m, t] = C (b + p[m, t]),
//                                                        s = (|r D x + q[m, t]|^2 / E + eps2)^(-1/2)
//   pooled  = g C A (sum_t w_t r_t x_t) + b + sum_t w_t p[m, t]
// The squares come from triangular factors: |C A x|^2 = |F1 x|^2 and |D x|^2 = |F2 x|^2 with QR decompositions of C A
// and D, and the mixed term from D^T q[m, t]. A token costs 2 (K+1) (2 (K+1) + E) FLOP in the place of 2 E (K + E).
#pragma once

#include "pooling.h"
#include "unfold.h"

namespace gatun::cpu::GATUN_NS {

namespace {  // encode_pool.cpp alone includes it

// What depends on weights and encodings only, made once for a call.
struct PixelPool {
  const EncodePoolArgs& args;
  float* memory;
  int64_t embed, inputs, months, time;  // inputs: K + 1

  PixelPool(const EncodePoolArgs& all, float* shared)
      : args(all), memory(shared), embed(all.pool.embed), inputs(packed(all.patch.weights).inputs + 1),
        months(all.pool.months), time(all.pool.time) {}

  static int64_t whole(int64_t columns) { return panels(columns) * kPanel; }

  // Packed: [inputs, 2 inputs], [inputs, E], [inputs, E], [T, E]. In reduced precision the first two are pairs, in
  // the memory of floats; what is used once for a month stays f32.
  template <class Element = float>
  Element* squares() const { return reinterpret_cast<Element*>(memory); }
  template <class Element = float>
  Element* scorer() const { return reinterpret_cast<Element*>(squares() + inputs * whole(2 * inputs)); }
  float* embedding() const { return scorer() + inputs * whole(embed); }
  float* days() const { return embedding() + inputs * whole(embed); }
  // Rows: W of the scaled encodings [M T, E], their mixed terms [M T, inputs] and squares [M T]; W b2 + bias [E].
  float* encodings() const { return days() + time * whole(embed); }
  float* mixed() const { return encodings() + months * time * embed; }
  float* encoding_squares() const { return mixed() + months * time * inputs; }
  float* shift() const { return encoding_squares() + months * time; }
  // D and, scaled by g2, D again: [inputs, E].
  float* centred() const { return shift() + embed; }
  float* scaled() const { return centred() + inputs * embed; }
  float* end() const { return scaled() + inputs * embed; }
};

// Element [k, n] of packed weights.
template <class Element>
float unpacked(const gatun_weights* weights, int64_t k, int64_t n) {
  return get(panels_of<Element>(weights), weights->inputs, k, n);
}

// C v in place.
inline void remove_mean(double* v, int64_t count) {
  double mean = 0;
  for (int64_t i = 0; i < count; ++i) mean += v[i];
  mean /= static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) v[i] -= mean;
}

// Householder: columns [inputs][E] become the upper triangle R of their QR decomposition, R[i, j] at column j.
inline void triangle(double* columns, int64_t inputs, int64_t embed) {
  for (int64_t j = 0; j < inputs && j < embed; ++j) {
    double* v = columns + j * embed;
    double square = 0;
    for (int64_t e = j; e < embed; ++e) square += v[e] * v[e];
    const double norm = v[j] > 0 ? -sqrt(square) : sqrt(square);
    if (norm == 0) continue;
    const double head = v[j] - norm, scale = -1 / (norm * head);
    for (int64_t other = j + 1; other < inputs; ++other) {
      double* u = columns + other * embed;
      double dot = head * u[j];
      for (int64_t e = j + 1; e < embed; ++e) dot += v[e] * u[e];
      dot *= scale;
      u[j] -= dot * head;
      for (int64_t e = j + 1; e < embed; ++e) u[e] -= dot * v[e];
    }
    v[j] = norm;
  }
}

// Double-precision work of prepare_weights.
inline int64_t pixel_pool_doubles(int64_t inputs, int64_t embed) { return 2 * inputs * embed; }

// All but the encodings.
template <class Element>
void prepare_weights(const PixelPool& s, double* work) {
  const PatchEmbedArgs& patch = s.args.patch;
  const TemporalPoolArgs& pool = s.args.pool;
  double *convolution = work, *scorer = work + s.inputs * s.embed;
  for (int64_t k = 0; k < s.inputs; ++k) {
    double *a = convolution + k * s.embed, *d = scorer + k * s.embed;
    for (int64_t e = 0; e < s.embed; ++e) {
      a[e] = k < s.inputs - 1 ? unpacked<Element>(patch.weights, k, e) : patch.bias != nullptr ? patch.bias[e] : 0.0;
    }
    remove_mean(a, s.embed);
    for (int64_t e = 0; e < s.embed; ++e) d[e] = a[e] * patch.norm_weight[e];
    for (int64_t n = 0; n < PixelPool::whole(s.embed); ++n) {
      put(s.embedding(), s.inputs, k, n, n < s.embed ? static_cast<float>(d[n]) : 0.0f);
    }
    remove_mean(d, s.embed);
    for (int64_t e = 0; e < s.embed; ++e) {
      s.centred()[k * s.embed + e] = static_cast<float>(d[e]);
      s.scaled()[k * s.embed + e] = static_cast<float>(d[e] * pool.norm_weight[e]);
    }
  }
  triangle(convolution, s.inputs, s.embed);
  triangle(scorer, s.inputs, s.embed);
  for (int64_t k = 0; k < s.inputs; ++k) {
    for (int64_t n = 0; n < PixelPool::whole(2 * s.inputs); ++n) {
      const int64_t row = n % s.inputs;
      const double value = row <= k && row < s.embed ? (n < s.inputs ? convolution : scorer)[k * s.embed + row] : 0;
      put(s.squares<Element>(), s.inputs, k, n, n < 2 * s.inputs ? static_cast<float>(value) : 0.0f);
    }
  }
  for (int64_t t = 0; t < s.time; ++t) {
    for (int64_t n = 0; n < PixelPool::whole(s.embed); ++n) {
      put(s.days(), s.time, t, n, n < s.embed ? pool.day_encoding[t * s.embed + n] : 0.0f);
    }
  }
  for (int64_t n = 0; n < s.embed; ++n) {
    double sum = pool.hidden_bias[n];
    for (int64_t e = 0; e < s.embed; ++e) {
      sum += static_cast<double>(unpacked<Element>(pool.weights, e, n)) * pool.norm_bias[e];
    }
    s.shift()[n] = static_cast<float>(sum);
  }
}

// out = rows [count, E] W^T; in reduced precision the rows are overwritten.
template <class Element>
void through_scorer(const PixelPool& s, float* rows, int64_t count, float* out) {
  StoreSink sink{out, s.embed, s.embed, nullptr, GATUN_ACT_NONE, nullptr};
  product(rows_of<Element>(rows, count, s.embed), count, panels_of<Element>(s.args.pool.weights), s.embed, sink);
}

// W g2 D, packed; `rows` holds inputs * E floats.
template <class Element>
void prepare_scorer(const PixelPool& s, float* rows) {
  through_scorer<Element>(s, s.scaled(), s.inputs, rows);
  for (int64_t k = 0; k < s.inputs; ++k) {
    for (int64_t n = 0; n < PixelPool::whole(s.embed); ++n) {
      put(s.scorer<Element>(), s.inputs, k, n, n < s.embed ? rows[k * s.embed + n] : 0.0f);
    }
  }
}

// What one month's encodings need; `rows` holds T * E floats.
template <class Element>
void prepare_encodings(const PixelPool& s, int64_t month, float* rows) {
  const TemporalPoolArgs& pool = s.args.pool;
  for (int64_t t = 0; t < s.time; ++t) {
    const int64_t at = month * s.time + t;
    float* row = rows + t * s.embed;
    float mean = 0;
    for (int64_t e = 0; e < s.embed; ++e) {
      row[e] = s.args.patch.norm_bias[e] + pool.day_encoding[t * s.embed + e] + pool.month_encoding[month * s.embed + e];
      mean += row[e];
    }
    mean /= static_cast<float>(s.embed);
    float square = 0;
    for (int64_t e = 0; e < s.embed; ++e) {
      row[e] -= mean;
      square += row[e] * row[e];
    }
    s.encoding_squares()[at] = square;
    for (int64_t k = 0; k < s.inputs; ++k) {
      Vec dot = splat(0.0f);
      for (int64_t e = 0; e < s.embed; e += kWidth) {
        dot += load_up_to(s.centred() + k * s.embed + e, s.embed - e) * load_up_to(row + e, s.embed - e);
      }
      s.mixed()[at * s.inputs + k] = sum(dot);
    }
    for (int64_t e = 0; e < s.embed; ++e) row[e] *= pool.norm_weight[e];
  }
  through_scorer<Element>(s, rows, s.time, s.encodings() + month * s.time * s.embed);
}

// score += gelu(s (r Q x + P[t]) + shift) * weight. Rows are day after day, place after place.
struct PixelScoreSink {
  const float *encodings, *shift, *weight, *token_scale, *encoding_scale;
  int64_t columns, places;
  float* scores;

  template <int M>
  __attribute__((always_inline)) void tile(int64_t row, int64_t column, Vec (&sums)[M][kVectors]) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = column + v * kWidth, count = columns - at;
      if (count <= 0) return;
      const Vec constant = load_up_to(shift + at, count), factor = load_up_to(weight + at, count);
      Vec hidden[M];
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) {
        const Vec encoding = load_up_to(encodings + (row + r) / places * columns + at, count);
        hidden[r] = sums[r][v] * splat(token_scale[row + r]) + encoding * splat(encoding_scale[row + r]) + constant;
      }
      gelu(hidden);
#pragma GCC unroll 12
      for (int r = 0; r < M; ++r) {
        float* score = scores + (row + r) * kWidth;
        store(score, load(score) + hidden[r] * factor);
      }
    }
  }
};

// A tile of up to kPlaces places of one month.
template <class Element>
struct PixelTile {
  const PixelPool& s;
  int64_t batch, month, place, places;
  float *pixels, *factors, *scores, *token_scale, *encoding_scale, *inverse;  // of each token
  float *sums, *weights;                                                      // of each place: x and days
  float *rows;                                                                // of each place, E
  float *pairs;                                                               // the pixels in reduced precision

  static int64_t floats(const EncodePoolArgs& args) {
    const int64_t inputs = packed(args.patch.weights).inputs + 1;
    const int64_t pairs = kFactors<Element> > 1 ? elements<Element>(inputs) : 0;
    return kTileTokens * (inputs + 2 * inputs + kWidth + 3 + pairs) +
           kPlaces * (inputs + args.pool.time + args.pool.embed);
  }

  PixelTile(const PixelPool& all, int64_t index, float* scratch) : s(all) {
    const TemporalPoolArgs& pool = s.args.pool;
    const int64_t map = index / pool_blocks(pool);
    batch = map / pool.months, month = map % pool.months;
    place = index % pool_blocks(pool) * kPlaces, places = min(kPlaces, pool.places - place);
    pixels = scratch;
    factors = pixels + kTileTokens * s.inputs;
    scores = factors + kTileTokens * 2 * s.inputs;
    token_scale = scores + kTileTokens * kWidth;
    encoding_scale = token_scale + kTileTokens;
    inverse = encoding_scale + kTileTokens;
    sums = inverse + kTileTokens;
    weights = sums + kPlaces * s.inputs;
    rows = weights + kPlaces * s.time;
    pairs = rows + kPlaces * s.embed;
  }

  // Pixels of a block of days, a 1 behind each patch.
  void read(int64_t first_day, int64_t days) {
    const PatchEmbedArgs& patch = s.args.patch;
    const int64_t columns = patch.width / patch.patch_w, lines = patch.height / patch.patch_h;
    for (int64_t day = 0; day < days; ++day) {
      const int64_t map = (batch * s.months + month) * s.time + first_day + day;
      for (int64_t p = 0; p < places;) {
        const int64_t column = (place + p) % columns, count = min(places - p, columns - column);
        float* to = pixels + (day * places + p) * s.inputs;
        unfold(patch, map * lines + (place + p) / columns, column, count, to, s.inputs);
        for (int64_t i = 0; i < count; ++i) to[i * s.inputs + s.inputs - 1] = 1.0f;
        p += count;
      }
    }
  }

  float square(const float* values) const {
    Vec total = splat(0.0f);
    for (int64_t i = 0; i < s.inputs; i += kWidth) {
      const Vec value = load_up_to(values + i, s.inputs - i);
      total += value * value;
    }
    return sum(total);
  }

  void score(int64_t first_day, int64_t days) {
    const TemporalPoolArgs& pool = s.args.pool;
    const int64_t count = days * places, at = month * s.time + first_day;
    StoreSink squares{factors, 2 * s.inputs, 2 * s.inputs, nullptr, false, nullptr};
    const auto pixel_rows = rows_of<Element>(pixels, s.inputs, count, s.inputs, pairs);
    product(pixel_rows, count, s.squares<Element>(), 2 * s.inputs, squares);
    const float size = static_cast<float>(s.embed);
    for (int64_t i = 0; i < count; ++i) {
      const float* factor = factors + i * 2 * s.inputs;
      const float r = 1.0f / sqrtf(square(factor) / size + s.args.patch.eps);
      Vec dot = splat(0.0f);
      const float *mixed = s.mixed() + (at + i / places) * s.inputs, *x = pixels + i * s.inputs;
      for (int64_t k = 0; k < s.inputs; k += kWidth) {
        dot += load_up_to(mixed + k, s.inputs - k) * load_up_to(x + k, s.inputs - k);
      }
      const float total = r * r * square(factor + s.inputs) + 2 * r * sum(dot) + s.encoding_squares()[at + i / places];
      const float scale = 1.0f / sqrtf(max(total, 0.0f) / size + pool.eps);
      inverse[i] = r;
      token_scale[i] = r * scale;
      encoding_scale[i] = scale;
    }
    memset(scores, 0, sizeof(float) * static_cast<size_t>(count * kWidth));
    PixelScoreSink sink{s.encodings() + at * s.embed, s.shift(), pool.score_weight, token_scale, encoding_scale, s.embed,
                        places, scores};
    product(pixel_rows, count, s.scorer<Element>(), s.embed, sink);
    for (int64_t i = 0; i < count; ++i) scores[i * kWidth] = sum(load(scores + i * kWidth)) + pool.score_bias[0];
  }

  // Adds a block of days to the sums of each place.
  void pool(RunningSoftmax (&softmax)[kPlaces], int64_t first_day, int64_t days) {
    const uint8_t* skip = s.args.pool.padded;
    if (skip != nullptr) skip += (batch * s.months + month) * s.time + first_day;
    for (int64_t p = 0; p < places; ++p) {
      float *sum_of = sums + p * s.inputs, *weight_of = weights + p * s.time;
      RunningSoftmax& of = softmax[p];
      const float shrink = of.take(scores + p * kWidth, places * kWidth, skip, days);
      for (int64_t t = 0; t < first_day; ++t) weight_of[t] *= shrink;
      for (int64_t day = 0; day < days; ++day) weight_of[first_day + day] = 0.0f;
      for (int64_t d = 0; d < of.count; ++d) {
        weight_of[first_day + of.days[d]] = of.weights[d];
        of.weights[d] *= inverse[of.days[d] * places + p];  // what its pixels are weighed by
      }
      of.add(pixels + p * s.inputs, places * s.inputs, s.inputs, shrink, sum_of);
    }
  }

  // rows += left [places, depth] times packed [depth, E].
  void embed_rows(const float* left, int64_t depth, const float* matrix, bool first) {
    StoreSink sink{rows, s.embed, s.embed, nullptr, GATUN_ACT_NONE, first ? nullptr : rows};
    product(rows_of<float>(left, depth, places, depth, nullptr), places, matrix, s.embed, sink);
  }

  void run() {
    const TemporalPoolArgs& pool_args = s.args.pool;
    RunningSoftmax softmax[kPlaces];
    memset(sums, 0, sizeof(float) * static_cast<size_t>(kPlaces * s.inputs));
    for (int64_t day = 0; day < s.time; day += kDays) {
      const int64_t days_of_block = min(kDays, s.time - day);
      read(day, days_of_block);
      score(day, days_of_block);
      pool(softmax, day, days_of_block);
    }
    for (int64_t p = 0; p < places; ++p) {
      // Without a single day 0 / 0: NaN, as the softmax of nothing is upstream.
      const float scale = 1.0f / softmax[p].total;
      for (int64_t k = 0; k < s.inputs; ++k) sums[p * s.inputs + k] *= scale;
      for (int64_t t = 0; t < s.time; ++t) weights[p * s.time + t] *= scale;
    }
    embed_rows(sums, s.inputs, s.embedding(), true);
    embed_rows(weights, s.time, s.days(), false);
    for (int64_t p = 0; p < places; ++p) {
      float* to = pool_args.out + ((batch * pool_args.places + place + p) * s.months + month) * s.embed;
      add_row(rows + p * s.embed, s.args.patch.norm_bias, s.embed, to);
      add_row(to, pool_args.month_encoding + month * s.embed, s.embed, to);
    }
  }
};

}  // namespace

}  // namespace gatun::cpu::GATUN_NS
