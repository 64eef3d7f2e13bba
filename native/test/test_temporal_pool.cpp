// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

struct Problem {
  int64_t batch, months, time, places, embed;
  double padded_share = 0;
  double logit_scale = 1;  // large: a softmax far from uniform

  int64_t tokens() const { return batch * months * time * places; }
  std::string text() const {
    return named("temporal_pool", batch, months, time, places, embed, "padded", padded_share, "scale", logit_scale);
  }
};

struct Values {
  std::vector<float> x, day, month, norm_weight, norm_bias, weight, hidden_bias, score_weight, score_bias;
  std::vector<uint8_t> padded;

  explicit Values(const Problem& p) {
    Random random(static_cast<uint64_t>(p.time * 1009 + p.places * 31 + p.embed));
    const double spread = 1.7 / std::sqrt(static_cast<double>(p.embed));
    x = random.floats(p.tokens() * p.embed);
    day = random.floats(p.time * p.embed);
    month = random.floats(p.months * p.embed);
    norm_weight = random.floats(p.embed);
    norm_bias = random.floats(p.embed);
    weight = random.floats(p.embed * p.embed, spread);
    hidden_bias = random.floats(p.embed);
    score_weight = random.floats(p.embed, spread * p.logit_scale);
    score_bias = random.floats(1);
    padded = random.flags(p.batch * p.months * p.time, p.padded_share);
  }
};

std::vector<float> run(Session& s, const Problem& p, const Values& v, bool with_padding = true) {
  const int64_t e = p.embed;
  const Tensor x(s, {p.batch, p.months, p.time, p.places, e}, v.x), day(s, {p.time, e}, v.day);
  const Tensor month(s, {p.months, e}, v.month), norm_weight(s, {e}, v.norm_weight), norm_bias(s, {e}, v.norm_bias);
  const Tensor weight(s, {e, e}, v.weight), hidden_bias(s, {e}, v.hidden_bias), score_weight(s, {e}, v.score_weight);
  const Tensor score_bias(s, {1}, v.score_bias), padded(s, {p.batch, p.months, p.time}, v.padded, GATUN_BOOL);
  const Tensor out(s, {p.batch, p.places, p.months, e});
  const Weights weights = linear_weights(s, weight);
  OK(gatun_temporal_pool(s.stream, x, day, month, norm_weight, norm_bias, 1e-5, weights, hidden_bias, score_weight,
                         score_bias, with_padding ? &padded.view : nullptr, out, &err));
  return out.floats();
}

struct Logit {
  double value = 0, error = 0;
};

// Errors are carried along: sums by rounding(), through layer norm, the product, gelu and the dot.
Logit logit_of(const Values& v, const std::vector<double>& token) {
  const size_t embed = token.size();
  const double width = static_cast<double>(embed);
  double mean = 0, variance = 0, largest = 0;
  for (double value : token) mean += value / width, largest = std::max(largest, std::fabs(value));
  for (double value : token) variance += (value - mean) * (value - mean) / width;
  const double scale = 1 / std::sqrt(variance + 1e-5), slack = rounding(static_cast<int64_t>(embed));
  Logit logit{v.score_bias[0], kUlp * std::fabs(v.score_bias[0])};
  for (size_t e = 0; e < embed; ++e) {
    Sum hidden;
    double inherited = 0;
    for (size_t i = 0; i < embed; ++i) {
      const double normal = (token[i] - mean) * scale, w = v.weight[e * embed + i];
      hidden.add((normal * v.norm_weight[i] + v.norm_bias[i]) * w);
      inherited += slack * (largest * scale + std::fabs(normal)) * std::fabs(v.norm_weight[i] * w);
    }
    hidden.add(v.hidden_bias[e]);
    Expected activated = gelu({hidden.value, hidden.expected().tolerance + inherited});
    logit.value += activated.value * v.score_weight[e];
    logit.error += (activated.tolerance + slack * std::fabs(activated.value)) * std::fabs(v.score_weight[e]);
  }
  return logit;
}

std::vector<Expected> reference(const Problem& p, const Values& v, bool with_padding = true) {
  std::vector<Expected> want(static_cast<size_t>(p.batch * p.places * p.months * p.embed));
  const size_t embed = static_cast<size_t>(p.embed);
  for (int64_t b = 0; b < p.batch; ++b) {
    for (int64_t m = 0; m < p.months; ++m) {
      for (int64_t place = 0; place < p.places; ++place) {
        std::vector<std::vector<double>> tokens;
        std::vector<double> logits;
        double top = -INFINITY, total = 0, error = 0;
        for (int64_t t = 0; t < p.time; ++t) {
          const int64_t day = (b * p.months + m) * p.time + t;
          if (with_padding && v.padded[static_cast<size_t>(day)] != 0) continue;
          std::vector<double> token(embed);
          for (size_t e = 0; e < embed; ++e) {
            token[e] = static_cast<double>(v.x[static_cast<size_t>(day * p.places + place) * embed + e]) +
                       v.day[static_cast<size_t>(t) * embed + e] + v.month[static_cast<size_t>(m) * embed + e];
          }
          const Logit logit = logit_of(v, token);
          top = std::max(top, logit.value);
          error = std::max(error, logit.error);
          tokens.push_back(std::move(token));
          logits.push_back(logit.value);
        }
        for (double& logit : logits) total += logit = std::exp(logit - top);
        for (size_t e = 0; e < embed; ++e) {
          Sum sum;
          for (size_t t = 0; t < tokens.size(); ++t) sum.add(logits[t] / total * tokens[t][e]);
          Expected& to = want[static_cast<size_t>((b * p.places + place) * p.months + m) * embed + e];
          to = {tokens.empty() ? NAN : sum.value, sum.expected().tolerance + 2 * error * sum.magnitude};
        }
      }
    }
  }
  return want;
}

void check(Session& s, const Problem& p) {
  const Values v(p);
  compare(run(s, p, v), reference(p, v), p.text());
  compare(run(s, p, v, false), reference(p, v, false), p.text() + "without padding");
}

TEST(temporalPoolMatchesReferenceForEveryLength) {
  Session s(3);
  for (int64_t time : {1, 2, 5, 28, 31, 32, 33, 64, 70}) {
    check(s, {1, 2, time, 11, 24, 0.3});
    check(s, {2, 1, time, 3, 7, 0.3, 30});
  }
}

TEST(temporalPoolMatchesReferenceForAwkwardSizes) {
  Session s(3);
  for (int64_t embed : {1, 2, 8, 15, 16, 17, 33, 64, 100, 128}) check(s, {1, 1, 9, 9, embed, 0.2});
  for (int64_t places : {1, 7, 8, 9, 17, 64}) check(s, {2, 3, 4, places, 12, 0.2});
  check(s, {1, 12, 31, 5, 16, 0.1});
  check(s, {0, 1, 3, 4, 8});
  check(s, {1, 1, 3, 0, 8});
}

// Logits of a few hundred: only the running maximum keeps them finite.
TEST(temporalPoolHoldsForLargeLogits) {
  Session s;
  check(s, {1, 2, 70, 9, 16, 0.3, 300});
}

// A month without a single day is NaN, its neighbours are not.
TEST(temporalPoolOfPaddedMonthIsNan) {
  Session s;
  for (int64_t time : {1, 31, 33, 70}) {
    const Problem p{2, 3, time, 10, 12};
    Values v(p);
    for (int64_t t = 0; t < time; ++t) v.padded[static_cast<size_t>((1 * 3 + 2) * time + t)] = 1;
    const std::vector<float> got = run(s, p, v);
    compare(got, reference(p, v), p.text());
    for (size_t i = 0; i < got.size(); ++i) {
      const bool batch1 = i / static_cast<size_t>(p.places * 3 * p.embed) == 1, month2 = i / 12 % 3 == 2;
      REQUIRE(std::isnan(got[i]) == (batch1 && month2), "time", time, "element", i);
    }
  }
}

// The first block of 32 days padded, the second not, and the other way round.
TEST(temporalPoolSkipsWholeBlocks) {
  Session s;
  for (int64_t first : {0, 32, 64}) {
    const Problem p{1, 1, 96, 9, 20};
    Values v(p);
    for (int64_t t = 0; t < 96; ++t) v.padded[static_cast<size_t>(t)] = t < first || t >= first + 32;
    compare(run(s, p, v), reference(p, v), named("days from", first));
  }
}

// What a padded day holds never shows, NaN and infinity included.
TEST(temporalPoolNeverUsesPaddedDays) {
  Session s;
  const Problem p{1, 2, 35, 9, 20, 0.5};
  Values v(p);
  const std::vector<float> want = run(s, p, v);
  const size_t day_floats = static_cast<size_t>(p.places * p.embed);
  for (float held : {NAN, INFINITY, 3.4e38f}) {
    for (size_t i = 0; i < v.x.size(); ++i) v.x[i] = v.padded[i / day_floats] != 0 ? held : v.x[i];
    CHECK(same_bits(run(s, p, v), want), "padded days hold", held);
  }
}

// A place gives the same bits alone and among others.
TEST(temporalPoolPlacesDoNotDependOnEachOther) {
  Session s(3);
  const Problem p{1, 1, 33, 19, 24, 0.2}, alone{1, 1, 33, 1, 24, 0.2};
  const Values v(p);
  const std::vector<float> whole = run(s, p, v);
  for (int64_t place = 0; place < p.places; ++place) {
    Values one = v;
    one.x.clear();
    for (int64_t t = 0; t < p.time; ++t) {
      const auto from = v.x.begin() + (t * p.places + place) * p.embed;
      one.x.insert(one.x.end(), from, from + p.embed);
    }
    CHECK(same_bits(run(s, alone, one), {whole.begin() + place * p.embed, whole.begin() + (place + 1) * p.embed}),
          "place", place);
  }
}

}  // namespace
