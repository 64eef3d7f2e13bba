// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

// Few pixels and many elements: the fusion makes no day tokens. Both forms are told apart in simt/test_pool_plan.cpp.
struct Problem {
  int64_t batch, months, time, height, width, embed;
  int64_t channels = 1, patch_t = 1, patch_h = 4, patch_w = 4;
  int32_t validity = GATUN_VALIDITY_MASK;
  double padded_share = 0.2;
  double logit_scale = 1;
  int32_t x_dtype = GATUN_F32;
  bool dependent = false;  // inputs that are alike, or without effect
  double common = 0;       // of all elements of a token

  int64_t days() const { return time / patch_t; }
  int64_t lines() const { return height / patch_h; }
  int64_t columns() const { return width / patch_w; }
  int64_t places() const { return lines() * columns(); }
  int64_t values() const { return channels * patch_t * patch_h * patch_w; }
  int64_t inputs() const { return (validity == GATUN_VALIDITY_NONE ? 1 : 2) * values(); }
  Shape input() const { return {batch * months, channels, time, height, width}; }
  std::string text() const {
    return named("encode_pool", batch, months, time, height, width, embed, "patch", patch_t, patch_h, patch_w,
                 "channels", channels, "validity", validity, "from dtype", x_dtype, "scale", logit_scale,
                 dependent ? "dependent" : "");
  }
};

constexpr float kFill = -4001;  // beyond every pixel; rounded in bf16
constexpr double kEps = 1e-5;
constexpr double kScale = 1e-3, kOffset = -0.25;  // of int16 pixels

// A value near this one that the dtype holds exactly.
float exact_in(int32_t dtype, float value) {
  if (dtype == GATUN_I16) return std::nearbyint(value);
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (dtype == GATUN_BF16) bits &= 0xffff0000u;
  std::memcpy(&value, &bits, sizeof bits);
  return value;
}

struct Values {
  std::vector<float> pixels, patch, patch_bias, norm_weight, norm_bias, day, month, pool_weight, pool_bias, hidden,
      hidden_bias, score, score_bias;
  std::vector<uint8_t> missing, padded;

  explicit Values(const Problem& p) {
    Random random(static_cast<uint64_t>(p.time * 1009 + p.height * 31 + p.embed));
    const int64_t e = p.embed, k = p.inputs();
    const double spread = 1.7 / std::sqrt(static_cast<double>(e));
    patch = random.floats(e * k, 0.5), patch_bias = random.floats(e);
    norm_weight = random.floats(e), norm_bias = random.floats(e);
    day = random.floats(p.days() * e), month = random.floats(p.months * e);
    pool_weight = random.floats(e), pool_bias = random.floats(e);
    hidden = random.floats(e * e, spread), hidden_bias = random.floats(e);
    score = random.floats(e, spread * p.logit_scale), score_bias = random.floats(1);
    pixels = random.floats(count_of(p.input()), p.x_dtype == GATUN_I16 ? 2000 : 2);
    for (float& value : pixels) value = exact_in(p.x_dtype, value);
    missing = random.flags(count_of(p.input()), 0.4);
    padded = random.flags(p.batch * p.months * p.days(), p.padded_share);
    for (size_t i = 0; i < pixels.size(); ++i) {
      if (missing[i] == 0 || p.validity == GATUN_VALIDITY_NONE) continue;
      pixels[i] = p.validity == GATUN_VALIDITY_FILL ? kFill : NAN;
    }
    for (float& bias : patch_bias) bias += static_cast<float>(p.common);
    for (int64_t row = 0; p.dependent && row < e; ++row) {
      float* weights = patch.data() + row * k;
      weights[k - 1] = 0;
      weights[k / 2] = weights[0];
      if (k > 3) weights[1] = weights[0] - 2 * weights[2];
    }
  }
};

// `recorded`: in a graph that runs twice.
std::vector<float> run(Session& s, const Problem& p, const Values& v, int32_t precision = GATUN_STRICT,
                       bool recorded = false) {
  const int64_t e = p.embed;
  const Tensor x = converted(s, Tensor(s, p.input(), v.pixels), p.x_dtype), mask(s, p.input(), v.missing, GATUN_BOOL);
  const Tensor patch_bias(s, {e}, v.patch_bias), norm_weight(s, {e}, v.norm_weight), norm_bias(s, {e}, v.norm_bias);
  const Tensor day(s, {p.days(), e}, v.day), month(s, {p.months, e}, v.month);
  const Tensor pool_weight(s, {e}, v.pool_weight), pool_bias(s, {e}, v.pool_bias), hidden_bias(s, {e}, v.hidden_bias);
  const Tensor score(s, {e}, v.score), score_bias(s, {1}, v.score_bias);
  const Tensor padded(s, {p.batch, p.months, p.days()}, v.padded, GATUN_BOOL);
  const Weights patch = linear_weights(s, Tensor(s, {e, p.inputs()}, v.patch), precision);
  const Weights hidden = linear_weights(s, Tensor(s, {e, e}, v.hidden), precision);
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = p.patch_t;
  options.patch_h = p.patch_h;
  options.patch_w = p.patch_w;
  options.validity = p.validity;
  options.fill_value = kFill;
  options.eps = kEps;
  options.scale_factor = kScale;
  options.add_offset = kOffset;
  const Tensor out(s, {p.batch, p.places(), p.months, e});
  gatun_graph* graph = nullptr;
  if (recorded) OK(gatun_graph_begin(s.stream, &err));
  OK(gatun_encode_pool(s.stream, x, p.validity == GATUN_VALIDITY_MASK ? &mask.view : nullptr, patch, patch_bias,
                       norm_weight, norm_bias, &options, day, month, pool_weight, pool_bias, kEps, hidden, hidden_bias,
                       score, score_bias, padded, out, &err));
  if (recorded) {
    OK(gatun_graph_end(s.stream, &graph, &err));
    OK(gatun_graph_launch(graph, s.stream, &err));
    OK(gatun_fill(s.stream, out, 0, &err));
    OK(gatun_graph_launch(graph, s.stream, &err));
  }
  const std::vector<float> result = out.floats();
  if (recorded) OK(gatun_graph_destroy(graph, &err));
  return result;
}

std::vector<double> normal_of(const std::vector<double>& x, const std::vector<float>& weight,
                              const std::vector<float>& bias) {
  const double width = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (double value : x) mean += value / width;
  for (double value : x) variance += (value - mean) * (value - mean) / width;
  std::vector<double> normal(x.size());
  for (size_t e = 0; e < x.size(); ++e) normal[e] = (x[e] - mean) / std::sqrt(variance + kEps) * weight[e] + bias[e];
  return normal;
}

// bias + weight x, rows of `weight` as long as x.
std::vector<double> product_of(const std::vector<float>& weight, const std::vector<double>& x,
                               const std::vector<float>& bias) {
  std::vector<double> product(bias.begin(), bias.end());
  for (size_t row = 0; row < product.size(); ++row) {
    for (size_t i = 0; i < x.size(); ++i) product[row] += static_cast<double>(weight[row * x.size() + i]) * x[i];
  }
  return product;
}

// A patch: [validity, channel, dt, dy, dx].
std::vector<double> patch_of(const Problem& p, const Values& v, int64_t map, int64_t day, int64_t place) {
  std::vector<double> patch(static_cast<size_t>(p.inputs()), 1.0);
  for (int64_t k = 0; k < p.values(); ++k) {
    const int64_t dx = k % p.patch_w, dy = k / p.patch_w % p.patch_h, rest = k / p.patch_w / p.patch_h;
    const int64_t t = day * p.patch_t + rest % p.patch_t, channel = rest / p.patch_t;
    const int64_t y = place / p.columns() * p.patch_h + dy, x = place % p.columns() * p.patch_w + dx;
    const size_t at = static_cast<size_t>((((map * p.channels + channel) * p.time + t) * p.height + y) * p.width + x);
    const bool gone = p.validity != GATUN_VALIDITY_NONE && v.missing[at] != 0;
    const double value = p.x_dtype == GATUN_I16 ? v.pixels[at] * kScale + kOffset : v.pixels[at];
    patch[static_cast<size_t>(k)] = gone ? 0.0 : value;
    if (p.validity != GATUN_VALIDITY_NONE) patch[static_cast<size_t>(p.values() + k)] = gone ? 0.0 : 1.0;
  }
  return patch;
}

std::vector<float> reference(const Problem& p, const Values& v) {
  const size_t embed = static_cast<size_t>(p.embed);
  std::vector<float> out(static_cast<size_t>(p.batch * p.places() * p.months) * embed);
  for (int64_t map = 0; map < p.batch * p.months; ++map) {
    const int64_t month = map % p.months;
    for (int64_t place = 0; place < p.places(); ++place) {
      std::vector<std::vector<double>> tokens;
      std::vector<double> logits;
      for (int64_t day = 0; day < p.days(); ++day) {
        if (v.padded[static_cast<size_t>(map * p.days() + day)] != 0) continue;
        std::vector<double> token = normal_of(product_of(v.patch, patch_of(p, v, map, day, place), v.patch_bias),
                                              v.norm_weight, v.norm_bias);
        for (size_t e = 0; e < embed; ++e) {
          token[e] += static_cast<double>(v.day[static_cast<size_t>(day) * embed + e]) +
                      v.month[static_cast<size_t>(month) * embed + e];
        }
        const std::vector<double> normal = normal_of(token, v.pool_weight, v.pool_bias);
        const std::vector<double> hidden = product_of(v.hidden, normal, v.hidden_bias);
        double logit = 0;
        for (size_t e = 0; e < embed; ++e) logit += gelu(hidden[e]) * v.score[e];
        tokens.push_back(std::move(token));
        logits.push_back(logit);
      }
      double total = 0, top = -INFINITY;
      for (double logit : logits) top = std::max(top, logit);
      for (double& logit : logits) total += logit = std::exp(logit - top);
      for (size_t e = 0; e < embed; ++e) {
        double sum = 0;
        for (size_t i = 0; i < tokens.size(); ++i) sum += logits[i] * tokens[i][e];
        const int64_t row = (map / p.months * p.places() + place) * p.months + month;
        out[static_cast<size_t>(row) * embed + e] = static_cast<float>(sum / total);
      }
    }
  }
  return out;
}

void verify(Session& s, const Problem& p) {
  const Values v(p);
  const std::vector<float> exact = reference(p, v);
  double largest = 0;
  for (float value : exact) {
    if (!std::isnan(value)) largest = std::max(largest, std::fabs(static_cast<double>(value)));
  }
  // Scores are sums of E products, and the weights are exponentials of them.
  const double tolerance = largest * 40 * std::max(1.0, p.logit_scale) * rounding(p.embed + p.inputs());
  std::vector<Expected> want;
  for (float value : exact) want.push_back({value, tolerance});
  compare(run(s, p, v), want, p.text());
}

// Patches of h x w pixels; 2 h w inputs with a mask.
Problem patches(Problem p, int64_t h, int64_t w, int32_t validity = GATUN_VALIDITY_MASK) {
  p.patch_h = h;
  p.patch_w = w;
  p.validity = validity;
  return p;
}

TEST(encodePoolMatchesReference) {
  Session s(3);
  for (int64_t embed : {8, 33, 64, 128, 130}) {
    for (int64_t time : {1, 2, 31, 33, 70}) verify(s, {1, 2, time, 8, 20, embed});
  }
  verify(s, {3, 2, 5, 12, 12, 96});
  verify(s, {1, 1, 3, 4, 4, 128});
}

// Products of several tiles and stages, one of them with the end of the first factor; months of several steps.
TEST(encodePoolMatchesReferenceWithoutTokens) {
  Session s(2);
  verify(s, patches({1, 2, 7, 5, 15, 200}, 5, 5));                          // 50 inputs
  verify(s, patches({1, 1, 31, 13, 10, 192}, 13, 5, GATUN_VALIDITY_NONE));  // 65
  verify(s, patches({2, 3, 9, 9, 20, 100}, 3, 4));                          // 24, four at a time
  verify(s, patches({1, 2, 12, 2, 9, 2}, 1, 1, GATUN_VALIDITY_NONE));       // 1
  verify(s, patches({5, 3, 31, 4, 5, 40}, 1, 1));                           // many groups of places
  verify(s, {1, 2, 150, 4, 8, 128});
  verify(s, patches({1, 1, 300, 6, 6, 70}, 3, 3, GATUN_VALIDITY_NAN));
}

TEST(encodePoolTakesEveryPatchAndValidity) {
  Session s(2);
  for (int32_t validity : {GATUN_VALIDITY_NONE, GATUN_VALIDITY_MASK, GATUN_VALIDITY_NAN, GATUN_VALIDITY_FILL}) {
    for (int64_t embed : {12, 128}) {
      Problem p = patches({2, 1, 6, 6, 15, embed}, 2, 3, validity);
      p.channels = 2;
      p.patch_t = 2;
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
    for (float value : run(s, p, Values(p))) REQUIRE(std::isnan(value), p.text());
  }
}

TEST(encodePoolHoldsForDependentInputsAndLargeMeans) {
  Session s(2);
  for (int64_t embed : {16, 128}) {
    Problem p{1, 2, 10, 8, 12, embed};
    p.dependent = true;
    verify(s, p);
    p.common = 20;
    verify(s, p);
  }
}

TEST(encodePoolKeepsNaNInItsPlace) {
  Session s(2);
  for (int64_t embed : {16, 128}) {
    Problem p{1, 1, 20, 8, 12, embed};
    p.validity = GATUN_VALIDITY_NONE;
    p.padded_share = 0;
    Values v(p);
    const std::vector<float> want = run(s, p, v);
    v.pixels[static_cast<size_t>(7 * 8 * 12 + 5)] = NAN;  // day 7, place 1
    const std::vector<float> got = run(s, p, v);
    for (size_t i = 0; i < got.size(); ++i) {
      const bool same = static_cast<int64_t>(i) / embed == 1 ? std::isnan(got[i]) : got[i] == want[i];
      REQUIRE(same, p.text(), i, got[i], want[i]);
    }
  }
}

// What a padded day holds never shows, NaN and infinity included.
TEST(encodePoolNeverUsesPaddedDays) {
  Session s(2);
  for (int64_t embed : {16, 128}) {
    Problem p{1, 2, 35, 8, 12, embed};
    p.validity = GATUN_VALIDITY_NONE;
    Values v(p);
    const std::vector<float> want = run(s, p, v);
    const size_t day_pixels = static_cast<size_t>(p.height * p.width);
    for (float held : {NAN, INFINITY, 3.4e38f}) {
      for (size_t i = 0; i < v.pixels.size(); ++i) {
        if (v.padded[i / day_pixels] != 0) v.pixels[i] = held;
      }
      CHECK(same_bits(run(s, p, v), want), "padded days hold", held, p.text());
    }
  }
}

// CUDA counts days in 32 bits.
TEST(encodePoolRefusesMoreDaysThanItCounts) {
  if (!emulated()) throw check::Skip{"on a GPU wrapped memory must be there"};
  Session s;
  const int64_t days = int64_t{1} << 32;
  gatun_buffer *pixels = nullptr, *out = nullptr, *encodings = nullptr;
  // Refused before anything is read: there is no memory behind these.
  const auto far = [](int64_t at) { return reinterpret_cast<void*>(at << 40); };
  OK(gatun_buffer_wrap(s.device, far(1), days * 2, &pixels, &err));
  OK(gatun_buffer_wrap(s.device, far(2), days * 4, &out, &err));
  OK(gatun_buffer_wrap(s.device, far(3), days * 4, &encodings, &err));
  const gatun_tensor x = dense(pixels, {1, 1, days, 1, 1}, GATUN_I16), tokens = dense(out, {1, days, 1});
  const gatun_tensor day = dense(encodings, {days, 1}), pooled = dense(out, {1, 1, 1, 1});
  const Tensor one(s, {1}), month(s, {1, 1});
  const Weights weights = linear_weights(s, Tensor(s, {1, 1}));
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = options.patch_h = options.patch_w = 1;
  options.eps = kEps;
  options.scale_factor = 1;
  REFUSED(gatun_patch_embed(s.stream, &x, nullptr, weights, one, nullptr, nullptr, nullptr, &options, &tokens, &err),
          GATUN_SHAPE_MISMATCH, "4294967296 images");
  REFUSED(gatun_encode_pool(s.stream, &x, nullptr, weights, one, one, one, &options, &day, month, one, one, kEps,
                            weights, one, one, one, nullptr, &pooled, &err),
          GATUN_SHAPE_MISMATCH, "4294967296 images");
  for (gatun_buffer* each : {pixels, out, encodings}) OK(gatun_buffer_free(each, s.stream, &err));
}

TEST(encodePoolDoesNotDependOnThreads) {
  Session one(1), many(5);
  for (int64_t embed : {16, 128}) {
    const Problem p{2, 3, 31, 12, 20, embed};
    const Values v(p);
    CHECK(same_bits(run(one, p, v), run(many, p, v)), embed);
  }
}

TEST(encodePoolGivesTheSameBitsFromAGraph) {
  Session s;
  gatun_device_info info{};
  info.struct_size = sizeof info;
  OK(gatun_device_info_get(s.device, &info, &err));
  if (info.graphs != 1) throw check::Skip{"this device makes no graphs"};
  for (int64_t embed : {16, 128}) {
    const Problem p{2, 2, 12, 8, 8, embed};
    const Values v(p);
    CHECK(same_bits(run(s, p, v, GATUN_STRICT, true), run(s, p, v)), embed);
  }
}

TEST(encodePoolKeepsItsPrecisionAndTheBitsOfEachBatch) {
  Session s;
  for (int64_t embed : {16, 128}) {
    for (const auto& [precision, least, most] :
         {std::tuple{GATUN_STRICT, 0.0, 2e-6}, {GATUN_FAST, unless_cpu(1e-5), 2e-3}, {GATUN_REDUCED, 1e-4, 1e-2}}) {
      Problem p{3, 2, 31, 8, 16, embed};
      p.padded_share = 0.1;
      Values v(p);
      const std::vector<float> whole = run(s, p, v, precision);
      const double apart = distance(whole, reference(p, v));
      CHECK(apart >= least && apart <= most, "precision", precision, "embed", embed, apart);
      p.batch = 1;
      v.pixels.resize(v.pixels.size() / 3), v.missing.resize(v.pixels.size()), v.padded.resize(v.padded.size() / 3);
      const std::vector<float> first(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 3));
      CHECK(same_bits(run(s, p, v, precision), first), precision, embed);
    }
  }
}

}  // namespace
