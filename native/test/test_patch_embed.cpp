// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

constexpr float kFill = -4001;  // no bf16: -4000 there
constexpr double kScale = 1e-3, kOffset = 0.25;  // of int16

struct Problem {
  int64_t batch, channels, time, height, width, patch_t, patch_h, patch_w, embed;
  int32_t validity = GATUN_VALIDITY_MASK;
  bool with_bias = true, with_norm = true;
  int32_t x_dtype = GATUN_F32, out_dtype = GATUN_F32;
  bool with_position = false;

  int64_t volume() const { return patch_t * patch_h * patch_w; }
  int64_t inputs() const { return (validity == GATUN_VALIDITY_NONE ? 1 : 2) * channels * volume(); }
  int64_t tokens() const { return time / patch_t * (height / patch_h) * (width / patch_w); }
  Shape shape() const { return {batch, channels, time, height, width}; }
  std::string text() const {
    return named("patch_embed", batch, channels, time, height, width, "patch", patch_t, patch_h, patch_w, "embed",
                 embed, "validity", validity, with_bias ? "bias" : "", with_norm ? "norm" : "",
                 with_position ? "position" : "", "from dtype", x_dtype, "to", out_dtype);
  }
};

// Stored numbers, before packing is undone.
struct Input {
  std::vector<float> x;
  std::vector<uint8_t> missing;
};

struct Parameters {
  Tensor weight, bias, norm_weight, norm_bias, position;

  Parameters(Session& s, const Problem& p)
      : weight(random_tensor(s, {p.embed, p.inputs()}, 5)), bias(random_tensor(s, {p.embed}, 6)),
        norm_weight(random_tensor(s, {p.embed}, 7)), norm_bias(random_tensor(s, {p.embed}, 8)),
        position(random_tensor(s, {p.tokens(), p.embed}, 9)) {}
};

Input random_input(Session& s, const Problem& p, double share) {
  const uint64_t seed = static_cast<uint64_t>(p.width * 31 + p.height);
  const Tensor x = random_tensor(s, p.shape(), seed, p.x_dtype == GATUN_I16 ? 3000 : 3);
  return {converted(s, converted(s, x, p.x_dtype), GATUN_F32).floats(),
          Random(seed + 1).flags(count_of(p.shape()), share)};
}

gatun_patch_embed_options options_of(const Problem& p) {
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = p.patch_t;
  options.patch_h = p.patch_h;
  options.patch_w = p.patch_w;
  options.validity = p.validity;
  options.fill_value = kFill;
  options.eps = 1e-5;
  options.scale_factor = kScale;
  options.add_offset = kOffset;
  return options;
}

// A dense tensor `skip` elements into its memory.
struct Shifted {
  Tensor memory;
  gatun_tensor view;

  Shifted(Session& s, const Shape& shape, int32_t dtype, int64_t skip)
      : memory(s, {count_of(shape) + skip}, dtype), view(dense(memory.view.buffer, shape, dtype)) {
    view.byte_offset = skip * size_of(dtype);
  }
  Shifted(Session& s, const Tensor& values, int64_t skip)
      : Shifted(s, Shape(values.view.shape, values.view.shape + values.view.rank), values.view.dtype, skip) {
    OK(gatun_copy(s.stream, values, &view, &err));
  }
};

Tensor run_to(Session& s, const Problem& p, const Input& in, const Parameters& q, int64_t skip = 0) {
  std::vector<float> pixels = in.x;
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (in.missing[i] == 0) continue;
    if (p.validity == GATUN_VALIDITY_NAN) pixels[i] = NAN;
    if (p.validity == GATUN_VALIDITY_FILL) pixels[i] = kFill;
  }
  const Shifted x(s, converted(s, Tensor(s, p.shape(), pixels), p.x_dtype), skip);
  const Shifted mask(s, Tensor(s, p.shape(), in.missing, GATUN_BOOL), skip), position(s, q.position, skip);
  const Shifted out(s, {p.batch, p.tokens(), p.embed}, p.out_dtype, skip);
  const Weights weights = linear_weights(s, q.weight);
  const gatun_patch_embed_options options = options_of(p);
  OK(gatun_patch_embed(s.stream, &x.view, p.validity == GATUN_VALIDITY_MASK ? &mask.view : nullptr, weights,
                       p.with_bias ? &q.bias.view : nullptr, p.with_norm ? &q.norm_weight.view : nullptr,
                       p.with_norm ? &q.norm_bias.view : nullptr, p.with_position ? &position.view : nullptr, &options,
                       &out.view, &err));
  Tensor result(s, {p.batch, p.tokens(), p.embed}, p.out_dtype);
  OK(gatun_copy(s.stream, &out.view, result, &err));
  return result;
}

std::vector<float> run(Session& s, const Problem& p, const Input& in, const Parameters& q, int64_t skip = 0) {
  return converted(s, run_to(s, p, in, q, skip), GATUN_F32).floats();
}

std::vector<Expected> reference(const Problem& p, const Input& in, const Parameters& q) {
  const std::vector<float> weight = q.weight.floats(), bias = q.bias.floats(), norm_weight = q.norm_weight.floats(),
                           norm_bias = q.norm_bias.floats(), position = q.position.floats();
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
                if (p.x_dtype == GATUN_I16) {
                  sum.add(present ? kScale * in.x[at] * row[0] : 0);
                  sum.add(present ? kOffset * row[0] : 0);
                } else {
                  sum.add(present ? static_cast<double>(in.x[at]) * row[0] : 0);
                }
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
          const size_t place = want.size() % static_cast<size_t>(p.tokens() * p.embed);
          for (size_t e = 0; e < token.size(); ++e) {
            Expected& each = token[e];
            if (p.with_position) {
              each.value += position[place + e];
              each.tolerance += kUlp * (std::fabs(each.value) + std::fabs(position[place + e]));
            }
            if (p.out_dtype == GATUN_BF16) each.tolerance += 0x1p-8 * (std::fabs(each.value) + each.tolerance);
          }
          want.insert(want.end(), token.begin(), token.end());
        }
      }
    }
  }
  return want;
}

void check(Session& s, const Problem& p, double share = 0.4) {
  const Input in = random_input(s, p, p.validity == GATUN_VALIDITY_NONE ? 0 : share);
  const Parameters q(s, p);
  compare(run(s, p, in, q), reference(p, in, q), p.text());
}

constexpr int32_t kModes[] = {GATUN_VALIDITY_NONE, GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL};

constexpr int32_t kPixelTypes[] = {GATUN_F32, GATUN_BF16, GATUN_I16};

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

// Every stored type of pixels and tokens, with positions, in every epilogue: within a block of 256 columns and in a
// second pass, in vectors and one by one.
TEST(patchEmbedMatchesReferenceForEveryType) {
  Session s(3);
  for (int32_t x : kPixelTypes) {
    for (int32_t out : {GATUN_F32, GATUN_BF16}) {
      for (int32_t mode : kModes) {
        if (x == GATUN_I16 && mode == GATUN_VALIDITY_NAN) continue;
        check(s, {2, 2, 2, 8, 12, 1, 4, 4, 36, mode, true, true, x, out, true});
        check(s, {1, 1, 4, 6, 10, 2, 3, 5, 17, mode, true, true, x, out, mode != GATUN_VALIDITY_MASK});
        check(s, {2, 1, 1, 4, 24, 1, 2, 8, 20, mode, true, false, x, out, mode == GATUN_VALIDITY_MASK});
      }
      check(s, {3, 1, 2, 4, 404, 1, 4, 4, 130, GATUN_VALIDITY_MASK, false, true, x, out, true});
      check(s, {2, 1, 1, 8, 8, 1, 4, 4, 300, GATUN_VALIDITY_FILL, true, true, x, out, true});
      check(s, {2, 1, 1, 8, 8, 1, 4, 4, 301, GATUN_VALIDITY_FILL, true, true, x, out, true});
      check(s, {2, 3, 1, 11, 13, 1, 1, 1, 5, GATUN_VALIDITY_MASK, true, false, x, out, true});
      check(s, {1, 1, 1, 1, 1, 1, 1, 1, 1, GATUN_VALIDITY_MASK, true, true, x, out, true});
      check(s, {0, 1, 1, 4, 4, 1, 4, 4, 300, GATUN_VALIDITY_MASK, true, true, x, out, true});
      check(s, {1, 1, 0, 4, 4, 1, 4, 4, 8, GATUN_VALIDITY_MASK, true, true, x, out, true});
    }
  }
}

// Vectors of pixels, positions and tokens need their own alignment.
TEST(patchEmbedTakesEveryAlignment) {
  Session s;
  for (int32_t x : kPixelTypes) {
    for (int32_t out : {GATUN_F32, GATUN_BF16}) {
      for (int64_t embed : {24, 260}) {
        const Problem p{2, 1, 1, 8, 12, 1, 4, 4, embed, GATUN_VALIDITY_MASK, true, true, x, out, true};
        const Parameters q(s, p);
        const Input in = random_input(s, p, 0.4);
        const std::vector<Expected> want = reference(p, in, q);
        for (int64_t skip : {1, 2, 3, 4, 8}) compare(run(s, p, in, q, skip), want, named("skip", skip, p.text()));
      }
    }
  }
}

// bf16 tokens are the f32 ones, rounded once to nearest even.
TEST(patchEmbedRoundsTokensToNearestEven) {
  Session s;
  for (int64_t embed : {24, 300}) {
    for (bool norm : {false, true}) {
      Problem p{2, 1, 2, 8, 12, 1, 4, 4, embed, GATUN_VALIDITY_MASK, true, norm, GATUN_F32, GATUN_F32, true};
      const Parameters q(s, p);
      const Input in = random_input(s, p, 0.4);
      const std::vector<uint16_t> want = converted(s, run_to(s, p, in, q), GATUN_BF16).read<uint16_t>();
      p.out_dtype = GATUN_BF16;
      CHECK(run_to(s, p, in, q).read<uint16_t>() == want, p.text());
    }
  }
}

// Numbers that f32 holds as well give the same bits in f32.
TEST(patchEmbedOfNarrowPixelsIsThatOfTheirValues) {
  Session s;
  for (int32_t dtype : {GATUN_BF16, GATUN_I16}) {
    Problem p{2, 2, 1, 8, 12, 1, 4, 4, 29, GATUN_VALIDITY_FILL, true, true, dtype};
    const Parameters q(s, p);
    Input in = random_input(s, p, 0.3);
    const Weights weights = linear_weights(s, q.weight);
    gatun_patch_embed_options options = options_of(p);
    options.fill_value = in.x[7];
    options.scale_factor = 0.125;  // exact
    options.add_offset = -8;
    const auto tokens = [&](const Tensor& x) {
      const Tensor out(s, {p.batch, p.tokens(), p.embed});
      OK(gatun_patch_embed(s.stream, x, nullptr, weights, nullptr, q.norm_weight, q.norm_bias, nullptr, &options, out,
                           &err));
      return out.floats();
    };
    const std::vector<float> got = tokens(converted(s, Tensor(s, p.shape(), in.x), dtype));
    if (dtype == GATUN_I16) {
      for (float& value : in.x) value = value * 0.125f - 8;
      options.fill_value = in.x[7];
    }
    // f32 has no packing: these are ignored.
    options.scale_factor = NAN;
    options.add_offset = 1e30;
    CHECK(same_bits(tokens(Tensor(s, p.shape(), in.x)), got), "dtype", dtype);
  }
}

// Whatever lies under the mask, the bits of the tokens stay.
TEST(patchEmbedNeverReadsValuesUnderTheMask) {
  Session s;
  for (int32_t dtype : kPixelTypes) {
    for (int64_t patch_t : {1, 2}) {
      Problem p{2, 2, 2, 9, 15, patch_t, 3, 5, 37};
      p.x_dtype = dtype;
      const Parameters q(s, p);
      Input in = random_input(s, p, 0.5);
      const std::vector<float> want = run(s, p, in, q);
      for (float under : {NAN, INFINITY, -INFINITY, 3.4e38f, -0.0f, 1e-45f}) {  // the extremes and 0 of int16
        for (size_t i = 0; i < in.x.size(); ++i) in.x[i] = in.missing[i] != 0 ? under : in.x[i];
        CHECK(same_bits(run(s, p, in, q), want), "under the mask:", under, p.text());
      }
    }
  }
}

// The three ways to say what is missing are one.
TEST(patchEmbedModesGiveTheSameBits) {
  Session s;
  for (int32_t dtype : kPixelTypes) {
    Problem p{1, 2, 2, 8, 12, 1, 4, 4, 29};
    p.x_dtype = dtype;
    const Parameters q(s, p);
    const Input in = random_input(s, p, 0.3);
    const std::vector<float> want = run(s, p, in, q);
    for (int32_t mode : {GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
      if (dtype == GATUN_I16 && mode == GATUN_VALIDITY_NAN) continue;
      p.validity = mode;
      CHECK(same_bits(run(s, p, in, q), want), p.text());
    }
  }
}

// With the modes that know nothing of NaN, a NaN pixel spoils its own token only.
TEST(patchEmbedKeepsNanInItsToken) {
  Session s;
  const Problem p{1, 1, 1, 8, 12, 1, 4, 4, 19, GATUN_VALIDITY_NONE};
  const Parameters q(s, p);
  Input in = random_input(s, p, 0);
  in.x[5 * 12 + 6] = NAN;  // patch row 1, column 1
  const std::vector<float> got = run(s, p, in, q);
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i / 19 == 4), "element", i);
}

}  // namespace
