// SPDX-License-Identifier: Apache-2.0
// The fusion against its two operations, each of which has its own test against double precision.
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, months, time, height, width, embed;
  int64_t channels = 1, patch_t = 1, patch_h = 4, patch_w = 4;
  int32_t validity = GATUN_VALIDITY_MASK;
  double padded_share = 0.2;
  double logit_scale = 1;
  int32_t x_dtype = GATUN_F32;

  int64_t days() const { return time / patch_t; }
  int64_t places() const { return height / patch_h * (width / patch_w); }
  int64_t inputs() const { return (validity == GATUN_VALIDITY_NONE ? 1 : 2) * channels * patch_t * patch_h * patch_w; }
  std::string text() const {
    return named("encode_pool", batch, months, time, height, width, embed, "patch", patch_t, patch_h, patch_w,
                 "channels", channels, "validity", validity, "from dtype", x_dtype);
  }
};

struct Maps {
  std::vector<float> fused, single;
};

constexpr float kFill = -999;

Maps run(Session& s, const Problem& p, bool with_single = true) {
  Random random(static_cast<uint64_t>(p.time * 1009 + p.height * 31 + p.embed));
  const int64_t e = p.embed, maps = p.batch * p.months;
  const Shape input{maps, p.channels, p.time, p.height, p.width};
  std::vector<float> pixels = random.floats(count_of(input), p.x_dtype == GATUN_I16 ? 2000 : 2);
  const std::vector<uint8_t> missing = random.flags(count_of(input), 0.4);
  for (size_t i = 0; i < pixels.size(); ++i) {
    if (missing[i] != 0 && p.validity != GATUN_VALIDITY_NONE) pixels[i] = p.validity == GATUN_VALIDITY_FILL ? kFill : NAN;
  }
  const double spread = 1.7 / std::sqrt(static_cast<double>(e));
  const Tensor x = converted(s, Tensor(s, input, pixels), p.x_dtype), mask(s, input, missing, GATUN_BOOL);
  const Tensor patch(s, {e, p.inputs()}, random.floats(e * p.inputs(), 0.5)), patch_bias(s, {e}, random.floats(e));
  const Tensor norm_weight(s, {e}, random.floats(e)), norm_bias(s, {e}, random.floats(e));
  const Tensor day(s, {p.days(), e}, random.floats(p.days() * e)), month(s, {p.months, e}, random.floats(p.months * e));
  const Tensor pool_weight(s, {e}, random.floats(e)), pool_bias(s, {e}, random.floats(e));
  const Tensor hidden(s, {e, e}, random.floats(e * e, spread)), hidden_bias(s, {e}, random.floats(e));
  const Tensor score(s, {e}, random.floats(e, spread * p.logit_scale)), score_bias(s, {1}, random.floats(1));
  const Tensor padded(s, {p.batch, p.months, p.days()}, random.flags(maps * p.days(), p.padded_share), GATUN_BOOL);
  const Weights patch_weights = linear_weights(s, patch), hidden_weights = linear_weights(s, hidden);
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = p.patch_t;
  options.patch_h = p.patch_h;
  options.patch_w = p.patch_w;
  options.validity = p.validity;
  options.fill_value = kFill;
  options.eps = 1e-5;
  options.scale_factor = 1e-3;
  options.add_offset = -0.25;
  const gatun_tensor* told = p.validity == GATUN_VALIDITY_MASK ? &mask.view : nullptr;
  const Tensor fused(s, {p.batch, p.places(), p.months, e}), single(s, {p.batch, p.places(), p.months, e});
  OK(gatun_encode_pool(s.stream, x, told, patch_weights, patch_bias, norm_weight, norm_bias, &options, day, month,
                       pool_weight, pool_bias, 1e-5, hidden_weights, hidden_bias, score, score_bias, padded, fused,
                       &err));
  if (!with_single) return {fused.floats(), {}};
  const Tensor tokens(s, {maps, p.days() * p.places(), e});
  OK(gatun_patch_embed(s.stream, x, told, patch_weights, patch_bias, norm_weight, norm_bias, nullptr, &options, tokens,
                       &err));
  const gatun_tensor by_day = dense(tokens.view.buffer, {p.batch, p.months, p.days(), p.places(), e});
  OK(gatun_temporal_pool(s.stream, &by_day, day, month, pool_weight, pool_bias, 1e-5, hidden_weights, hidden_bias,
                         score, score_bias, padded, single, &err));
  return {fused.floats(), single.floats()};
}

void verify(Session& s, const Problem& p) {
  const Maps maps = run(s, p);
  double largest = 0;
  for (float value : maps.single) {
    if (!std::isnan(value)) largest = std::max(largest, std::fabs(static_cast<double>(value)));
  }
  // Scores are sums of E products, and the weights are exponentials of them.
  const double tolerance = largest * 40 * std::max(1.0, p.logit_scale) * rounding(p.embed + p.inputs());
  std::vector<Expected> want;
  for (float value : maps.single) want.push_back({value, tolerance});
  compare(maps.fused, want, p.text());
}

TEST(encodePoolMatchesItsTwoOperations) {
  Session s(3);
  for (int64_t embed : {8, 33, 64, 128, 130}) {  // with day tokens, and without
    for (int64_t time : {1, 2, 31, 33, 70}) verify(s, {1, 2, time, 8, 20, embed});
  }
  verify(s, {3, 2, 5, 12, 12, 96});
  verify(s, {1, 1, 3, 4, 4, 128});
}

TEST(encodePoolTakesEveryPatchAndValidity) {
  Session s(2);
  for (int32_t validity : {GATUN_VALIDITY_NONE, GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
    for (int64_t embed : {12, 128}) {
      Problem p{2, 1, 6, 6, 15, embed};
      p.channels = 2;
      p.patch_t = 2;
      p.patch_h = 2;
      p.patch_w = 3;
      p.validity = validity;
      verify(s, p);
      p.channels = p.patch_t = p.patch_h = p.patch_w = 1;
      verify(s, p);
    }
  }
}

TEST(encodePoolTakesEveryTypeOfPixels) {
  Session s(2);
  for (int32_t dtype : {GATUN_BF16, GATUN_I16}) {
    for (int32_t validity : {GATUN_VALIDITY_NONE, GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
      if (dtype == GATUN_I16 && validity == GATUN_VALIDITY_NAN) continue;
      for (int64_t embed : {12, 33, 128}) {
        Problem p{2, 2, 5, 8, 20, embed};
        p.x_dtype = dtype;
        p.validity = validity;
        verify(s, p);
        p.channels = 2;
        p.patch_h = 2;
        p.patch_w = 5;
        verify(s, p);
      }
    }
  }
}

TEST(encodePoolHoldsForPeakedScoresAndEmptyMonths) {
  Session s(2);
  for (int64_t embed : {16, 128}) {
    Problem p{1, 2, 40, 8, 12, embed};
    p.logit_scale = 30;
    verify(s, p);
    p.logit_scale = 1;
    p.padded_share = 1;  // no day at all: NaN
    for (float value : run(s, p).fused) REQUIRE(std::isnan(value), p.text());
  }
}

TEST(encodePoolDoesNotDependOnThreads) {
  Session one(1), many(5);
  for (int64_t embed : {16, 128}) {
    const Problem p{2, 3, 31, 12, 20, embed};
    CHECK(same_bits(run(one, p, false).fused, run(many, p, false).fused), embed);
  }
}

}  // namespace
