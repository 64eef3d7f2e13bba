// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

constexpr float kFill = -999.0f;

struct Problem {
  int64_t batch, channels, time, height, width, patch_t, patch_h, patch_w, embed;
  int32_t validity = GATUN_VALIDITY_MASK;
  bool with_bias = true, with_norm = true;

  int64_t volume() const { return patch_t * patch_h * patch_w; }
  int64_t inputs() const { return (validity == GATUN_VALIDITY_NONE ? 1 : 2) * channels * volume(); }
  int64_t tokens() const { return time / patch_t * (height / patch_h) * (width / patch_w); }
  Shape shape() const { return {batch, channels, time, height, width}; }
  std::string text() const {
    return named("patch_embed", batch, channels, time, height, width, "patch", patch_t, patch_h, patch_w, "embed",
                 embed, "validity", validity, with_bias ? "bias" : "", with_norm ? "norm" : "");
  }
};

struct Input {
  std::vector<float> x;
  std::vector<uint8_t> missing;
};

Input random_input(const Problem& p, double share) {
  const uint64_t seed = static_cast<uint64_t>(p.width * 31 + p.height);
  return {Random(seed).floats(count_of(p.shape()), 3), Random(seed + 1).flags(count_of(p.shape()), share)};
}

std::vector<float> run(Session& s, const Problem& p, const Input& in, const Tensor& weight, const Tensor& bias,
                       const Tensor& norm_weight, const Tensor& norm_bias) {
  std::vector<float> pixels = in.x;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (in.missing[i] == 0) continue;
    if (p.validity == GATUN_VALIDITY_NAN) pixels[i] = NAN;
    if (p.validity == GATUN_VALIDITY_FILL) pixels[i] = kFill;
  }
  const Tensor x(s, p.shape(), pixels), mask(s, p.shape(), in.missing, GATUN_BOOL);
  const Tensor out(s, {p.batch, p.tokens(), p.embed});
  const Weights weights = linear_weights(s, weight);
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = p.patch_t;
  options.patch_h = p.patch_h;
  options.patch_w = p.patch_w;
  options.validity = p.validity;
  options.fill_value = kFill;
  options.eps = 1e-5;
  OK(gatun_patch_embed(s.stream, x, p.validity == GATUN_VALIDITY_MASK ? &mask.view : nullptr, weights,
                       p.with_bias ? &bias.view : nullptr, p.with_norm ? &norm_weight.view : nullptr,
                       p.with_norm ? &norm_bias.view : nullptr, &options, out, &err));
  return out.floats();
}

std::vector<Expected> reference(const Problem& p, const Input& in, const std::vector<float>& weight,
                                const std::vector<float>& bias, const std::vector<float>& norm_weight,
                                const std::vector<float>& norm_bias) {
  std::vector<Expected> want;
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t t = 0; t < p.time / p.patch_t; ++t) {
      for (int64_t y = 0; y < p.height / p.patch_h; ++y) {
        for (int64_t x = 0; x < p.width / p.patch_w; ++x) {
          std::vector<Expected> token;
          for (int64_t e = 0; e < p.embed; ++e) {
            Sum sum;
            for (int64_t c = 0; c < p.channels; ++c) {
              for (int64_t v = 0; v < p.volume(); ++v) {
                const int64_t dt = v / (p.patch_h * p.patch_w), dy = v / p.patch_w % p.patch_h, dx = v % p.patch_w;
                const size_t at = static_cast<size_t>(
                    (((b * p.channels + c) * p.time + t * p.patch_t + dt) * p.height + y * p.patch_h + dy) * p.width +
                    x * p.patch_w + dx);
                const bool present = p.validity == GATUN_VALIDITY_NONE || in.missing[at] == 0;
                const float* row = &weight[static_cast<size_t>(e * p.inputs() + c * p.volume() + v)];
                sum.add(present ? static_cast<double>(in.x[at]) * row[0] : 0);
                if (p.validity != GATUN_VALIDITY_NONE) sum.add(present ? row[p.channels * p.volume()] : 0);
              }
            }
            if (p.with_bias) sum.add(bias[static_cast<size_t>(e)]);
            token.push_back(sum.expected());
          }
          if (p.with_norm) {
            double mean = 0, variance = 0, error = 0, largest = 0;
            const double width = static_cast<double>(p.embed);
            for (const Expected& each : token) {
              mean += each.value / width;
              largest = std::max(largest, std::fabs(each.value));
              error = std::max(error, each.tolerance);
            }
            for (const Expected& each : token) variance += (each.value - mean) * (each.value - mean) / width;
            const double scale = 1 / std::sqrt(variance + 1e-5);
            error = (2 * error + rounding(p.embed) * largest) * scale;
            for (size_t e = 0; e < token.size(); ++e) {
              const double normal = (token[e].value - mean) * scale;
              token[e].value = normal * norm_weight[e] + norm_bias[e];
              token[e].tolerance = error * (1 + std::fabs(normal)) * std::fabs(norm_weight[e]) +
                                   4 * kUlp * std::fabs(norm_bias[e]);
            }
          }
          want.insert(want.end(), token.begin(), token.end());
        }
      }
    }
  }
  return want;
}

struct Parameters {
  Tensor weight, bias, norm_weight, norm_bias;

  Parameters(Session& s, const Problem& p)
      : weight(random_tensor(s, {p.embed, p.inputs()}, 5)), bias(random_tensor(s, {p.embed}, 6)),
        norm_weight(random_tensor(s, {p.embed}, 7)), norm_bias(random_tensor(s, {p.embed}, 8)) {}
};

void check(Session& s, const Problem& p, double share = 0.4) {
  const Input in = random_input(p, p.validity == GATUN_VALIDITY_NONE ? 0 : share);
  const Parameters q(s, p);
  compare(run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias),
          reference(p, in, q.weight.floats(), q.bias.floats(), q.norm_weight.floats(), q.norm_bias.floats()), p.text());
}

constexpr int32_t kModes[] = {GATUN_VALIDITY_NONE, GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL};

TEST(patchEmbedMatchesReferenceInEveryMode) {
  Session s(3);
  for (int32_t mode : kModes) {
    for (bool norm : {false, true}) {
      check(s, {2, 1, 3, 8, 12, 1, 4, 4, 20, mode, true, norm});
      check(s, {1, 3, 2, 6, 10, 1, 2, 5, 33, mode, false, norm});
      check(s, {1, 2, 6, 9, 7, 3, 3, 7, 16, mode, true, norm});
    }
  }
}

// One pixel, one patch, prime patch counts, lines longer than a tile of 96 tokens, many short lines, wide embeddings.
TEST(patchEmbedMatchesReferenceForAwkwardSizes) {
  Session s(3);
  check(s, {1, 1, 1, 1, 1, 1, 1, 1, 1});
  check(s, {1, 1, 1, 1, 1, 1, 1, 1, 17});
  check(s, {1, 1, 4, 4, 4, 4, 4, 4, 8});
  check(s, {3, 2, 1, 11, 13, 1, 1, 1, 5});
  for (int64_t width : {95, 96, 97, 192, 193}) check(s, {1, 1, 2, 3, width, 1, 1, 1, 7});
  check(s, {1, 1, 1, 2, 394, 1, 2, 2, 9});
  check(s, {2, 1, 5, 95, 1, 1, 1, 1, 4});
  check(s, {2, 1, 2, 58, 62, 2, 2, 2, 31});
  check(s, {1, 1, 2, 16, 16, 1, 4, 4, 128});
  check(s, {1, 5, 1, 6, 6, 1, 3, 2, 65});
  check(s, {0, 1, 1, 4, 4, 1, 4, 4, 8});
  check(s, {1, 1, 0, 4, 4, 1, 4, 4, 8});
}

TEST(patchEmbedOfMissingPatchesIsFinite) {
  Session s;
  for (int32_t mode : {GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
    check(s, {1, 1, 2, 8, 8, 1, 4, 4, 24, mode}, 1);
    check(s, {1, 1, 2, 8, 8, 1, 4, 4, 24, mode}, 0);
  }
}

// Whatever lies under the mask, the bits of the tokens stay.
TEST(patchEmbedNeverReadsValuesUnderTheMask) {
  Session s;
  for (int64_t patch_t : {1, 2}) {
    const Problem p{2, 2, 2, 9, 15, patch_t, 3, 5, 37};
    const Parameters q(s, p);
    Input in = random_input(p, 0.5);
    const std::vector<float> want = run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias);
    for (float under : {NAN, INFINITY, -INFINITY, 3.4e38f, -0.0f, 1e-45f}) {
      for (size_t i = 0; i < in.x.size(); ++i) in.x[i] = in.missing[i] != 0 ? under : in.x[i];
      CHECK(same_bits(run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias), want), "under the mask:", under);
    }
  }
}

// The three ways to say what is missing are one.
TEST(patchEmbedModesGiveTheSameBits) {
  Session s;
  Problem p{1, 2, 2, 8, 12, 1, 4, 4, 29};
  const Parameters q(s, p);
  const Input in = random_input(p, 0.3);
  const std::vector<float> want = run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias);
  for (int32_t mode : {GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
    p.validity = mode;
    CHECK(same_bits(run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias), want), "mode", mode);
  }
}

// With the modes that know nothing of NaN, a NaN pixel spoils its own token only.
TEST(patchEmbedKeepsNanInItsToken) {
  Session s;
  const Problem p{1, 1, 1, 8, 12, 1, 4, 4, 19, GATUN_VALIDITY_NONE};
  const Parameters q(s, p);
  Input in = random_input(p, 0);
  in.x[5 * 12 + 6] = NAN;  // patch row 1, column 1
  const std::vector<float> got = run(s, p, in, q.weight, q.bias, q.norm_weight, q.norm_bias);
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i / 19 == 4), "element", i);
}

}  // namespace
