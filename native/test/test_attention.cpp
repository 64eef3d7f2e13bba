// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

#include <tuple>

namespace {

// A logit's error moves its weight by as much relatively; both the weight and the total carry it.
std::vector<Expected> reference(const std::vector<float>& qkv, int64_t batch, int64_t tokens, int64_t heads,
                                int64_t head) {
  const int64_t embed = heads * head;
  const auto at = [&](int64_t b, int64_t token, int64_t part, int64_t h, int64_t i) {
    const int64_t row = (b * tokens + token) * 3 + part;
    return static_cast<double>(qkv[static_cast<size_t>(row * embed + h * head + i)]);
  };
  std::vector<Expected> want(static_cast<size_t>(batch * tokens * embed));
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t h = 0; h < heads; ++h) {
      for (int64_t query = 0; query < tokens; ++query) {
        std::vector<double> weights;
        double top = -INFINITY, total = 0, logit_error = 0;
        for (int64_t key = 0; key < tokens; ++key) {
          Sum sum;
          for (int64_t i = 0; i < head; ++i) sum.add(at(b, query, 0, h, i) * at(b, key, 1, h, i));
          const double scale = 1 / std::sqrt(static_cast<double>(head));
          weights.push_back(sum.value * scale);
          top = std::max(top, weights.back());
          logit_error = std::max(logit_error, sum.expected().tolerance * scale);
        }
        for (double& weight : weights) total += weight = std::exp(weight - top);
        for (int64_t i = 0; i < head; ++i) {
          Sum sum;
          for (int64_t key = 0; key < tokens; ++key) {
            sum.add(weights[static_cast<size_t>(key)] * at(b, key, 2, h, i) / total);
          }
          want[static_cast<size_t>((b * tokens + query) * embed + h * head + i)] = {
              sum.value, sum.expected().tolerance + 2 * logit_error * sum.magnitude};
        }
      }
    }
  }
  return want;
}

std::vector<float> run(Session& s, const std::vector<float>& qkv, int64_t batch, int64_t tokens, int64_t heads,
                       int64_t head, int32_t precision = GATUN_STRICT) {
  const Tensor in(s, {batch, tokens, 3 * heads * head}, qkv), out(s, {batch, tokens, heads * head});
  OK(gatun_attention(s.stream, in, heads, precision, out, &err));
  return out.floats();
}

void check(Session& s, int64_t batch, int64_t tokens, int64_t heads, int64_t head, double scale = 1.5) {
  const std::vector<float> qkv =
      Random(static_cast<uint64_t>(tokens * 100 + head)).floats(batch * tokens * 3 * heads * head, scale);
  compare(run(s, qkv, batch, tokens, heads, head), reference(qkv, batch, tokens, heads, head),
          named("attention batch", batch, "tokens", tokens, "heads", heads, "of", head));
}

TEST(attentionMatchesReferenceForEveryLength) {
  Session s(3);
  for (int64_t tokens : {1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 23, 24, 31, 33, 47, 48, 49, 63, 65, 96, 97, 127, 128, 129}) {
    check(s, 2, tokens, 3, 5);
  }
  for (int64_t tokens : {255, 256, 257, 300, 513}) check(s, 1, tokens, 2, 8);
}

TEST(attentionMatchesReferenceForEveryHeadSize) {
  Session s(3);
  for (int64_t head : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 48, 64, 70}) {
    check(s, 2, 19, 2, head);
    check(s, 1, 70, 1, head);
  }
  for (int64_t heads : {1, 2, 3, 4, 5, 12}) check(s, 5, 11, heads, 6);
}

TEST(attentionKeepsItsPrecision) {
  Session s;
  for (int64_t head : {7, 16, 32, 64, 128, 256}) {
    const int64_t tokens = 67, heads = 2;
    const std::vector<float> qkv = Random(17).floats(2 * tokens * 3 * heads * head, 1.5);
    const std::vector<float> strict = run(s, qkv, 2, tokens, heads, head);
    compare(strict, reference(qkv, 2, tokens, heads, head), named("strict", head));
    for (const auto& [precision, least, most] :
         {std::tuple{GATUN_FAST, unless_cpu(1e-6), 2e-3}, {GATUN_REDUCED, 1e-5, 1e-2}}) {
      const std::vector<float> got = run(s, qkv, 2, tokens, heads, head, precision);
      const double apart = distance(got, strict);
      CHECK(apart >= least && apart <= most, "precision", precision, "head", head, apart);
      const std::vector<float> one(qkv.begin(), qkv.begin() + tokens * 3 * heads * head);
      CHECK(same_bits(run(s, one, 1, tokens, heads, head, precision),
                      {got.begin(), got.begin() + tokens * heads * head}), precision, head);
    }
  }
}

// Logits of a few hundred: e^logit itself would overflow, and most weights underflow.
TEST(attentionHoldsForLargeLogits) {
  Session s;
  check(s, 1, 130, 2, 16, 12);
  check(s, 2, 3, 2, 16, 12);
}

TEST(attentionTakesEmptyTensors) {
  Session s;
  CHECK(run(s, {}, 0, 7, 2, 4).empty());
  CHECK(run(s, {}, 3, 0, 2, 4).empty());
}

// A map gives the same bits alone and among others, and its NaN stays its own.
TEST(attentionMapsDoNotDependOnEachOther) {
  Session s(3);
  for (int64_t tokens : {2, 12, 50}) {
    const int64_t heads = 4, head = 8, in_floats = tokens * 3 * heads * head, out_floats = tokens * heads * head;
    std::vector<float> qkv = Random(3).floats(9 * in_floats);
    const std::vector<float> whole = run(s, qkv, 9, tokens, heads, head);
    for (int64_t map = 0; map < 9; ++map) {
      const std::vector<float> part(qkv.begin() + map * in_floats, qkv.begin() + (map + 1) * in_floats);
      CHECK(same_bits(run(s, part, 1, tokens, heads, head),
                      {whole.begin() + map * out_floats, whole.begin() + (map + 1) * out_floats}), "map", map);
    }
    qkv[static_cast<size_t>(4 * in_floats)] = NAN;
    const std::vector<float> got = run(s, qkv, 9, tokens, heads, head);
    for (size_t i = 0; i < got.size(); ++i) {
      if (static_cast<int64_t>(i) / out_floats != 4) REQUIRE(got[i] == whole[i], "element", i);
    }
    CHECK(std::isnan(got[static_cast<size_t>(4 * out_floats)]));
  }
}

}  // namespace
