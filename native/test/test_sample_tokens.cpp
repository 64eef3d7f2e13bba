// SPDX-License-Identifier: Apache-2.0
#include "../src/sampling.h"
#include "fixture.h"

#include <numeric>

namespace {

struct Options {
  double temperature = 1, top_k = 0, top_p = 0;
};

// All four words, as the paper has them.
std::vector<uint32_t> philox(std::vector<uint32_t> c, uint32_t k0, uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t left = uint64_t{0xd2511f53} * c[0], right = uint64_t{0xcd9e8d57} * c[2];
    c = {static_cast<uint32_t>(right >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(right),
         static_cast<uint32_t>(left >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(left)};
    k0 += 0x9e3779b9, k1 += 0xbb67ae85;
  }
  return c;
}

uint32_t word_of(uint64_t seed, int64_t counter) {
  const auto at = static_cast<uint64_t>(counter);
  return philox({static_cast<uint32_t>(at), static_cast<uint32_t>(at >> 32), 0, 0}, static_cast<uint32_t>(seed),
                static_cast<uint32_t>(seed >> 32))[0];
}

TEST(philoxGivesTheNumbersOfRandom123) {
  using Words = std::vector<uint32_t>;
  constexpr uint32_t kAll = 0xffffffff;
  CHECK(philox({0, 0, 0, 0}, 0, 0) == Words({0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK(philox({kAll, kAll, kAll, kAll}, kAll, kAll) == Words({0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Words({0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
  for (int64_t counter : {int64_t{0}, int64_t{1}, int64_t{1} << 40, int64_t{-3}}) {
    for (uint64_t seed : {uint64_t{0}, uint64_t{77}, ~uint64_t{0}}) {
      CHECK(gatun::sampling::philox(seed, static_cast<uint64_t>(counter)) == word_of(seed, counter), seed, counter);
    }
  }
}

TEST(weightsAreExponentialsToTheirLastPlaces) {
  double worst = 0;
  for (double away = 0; away < 30; away += 1.0 / 1024) {
    const double want = std::ldexp(std::exp(-away), 40);
    const auto got = static_cast<double>(gatun::sampling::weight_of(static_cast<float>(-away), 0, 1));
    CHECK(std::fabs(got - want) <= want * 1e-7 + 1, "e^-", away, got, want);
    if (away < 8) worst = std::max(worst, std::fabs(got - want) / want);
  }
  std::printf("weights: worst error %.2g\n", worst);
}

TEST(orderIsThatOfTheNumbers) {
  const std::vector<float> ascending = {-INFINITY, -3e38f, -1, -1e-40f, 0, 1e-40f, 1, 3e38f, INFINITY};
  for (size_t i = 0; i < ascending.size(); ++i) {
    const uint32_t order = gatun::sampling::order_of(ascending[i]);
    CHECK(gatun::sampling::value_of(order) == ascending[i], ascending[i]);
    if (i > 0) CHECK(gatun::sampling::order_of(ascending[i - 1]) < order, ascending[i]);
  }
  CHECK(gatun::sampling::order_of(-0.0f) == gatun::sampling::order_of(0.0f));
}

// What the filters leave of a row, in double precision; `more` is added to top_p.
std::vector<bool> left_of(const std::vector<float>& x, const Options& o, double more) {
  const size_t width = x.size();
  std::vector<size_t> places(width);
  std::iota(places.begin(), places.end(), size_t{0});
  std::stable_sort(places.begin(), places.end(), [&](size_t a, size_t b) { return x[a] > x[b]; });
  size_t count = width;
  if (o.top_k > 0 && o.top_k < static_cast<double>(width)) {
    count = o.top_k >= 1 ? static_cast<size_t>(o.top_k)
                         : std::max<size_t>(1, static_cast<size_t>(o.top_k * static_cast<double>(width)));
    while (count < width && x[places[count]] == x[places[count - 1]]) ++count;
  }
  std::vector<bool> left(width, false);
  double total = 0, before = 0;
  const auto weight = [&](size_t at) { return x[at] == x[places[0]] ? 1.0 : std::exp(double{x[at]} - x[places[0]]); };
  for (size_t i = 0; i < count; ++i) total += weight(places[i]);
  for (size_t i = 0; i < count; ++i) {
    left[places[i]] = o.top_p == 0 || o.top_p >= 1 || i == 0 || before <= (o.top_p + more) * total;
    before += weight(places[i]);
  }
  return left;
}

int64_t token_of(const std::vector<float>& x, const std::vector<bool>& left, double temperature, double number) {
  const float top = *std::max_element(x.begin(), x.end());
  const auto weight = [&](size_t i) {
    return !left[i] ? 0.0 : x[i] == top ? 1.0 : std::exp((double{x[i]} - top) / temperature);
  };
  double total = 0, passed = 0;
  for (size_t i = 0; i < x.size(); ++i) total += weight(i);
  int64_t last = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (weight(i) == 0) continue;
    passed += weight(i);
    last = static_cast<int64_t>(i);
    if (passed > number * total) break;
  }
  return last;
}

std::vector<int64_t> sample(Session& s, int64_t rows, const std::vector<float>& logits, const Options& o, int64_t seed,
                            const std::vector<int64_t>& counters) {
  const Tensor x(s, {rows, static_cast<int64_t>(logits.size()) / std::max<int64_t>(rows, 1)}, logits);
  const Tensor at(s, {rows}, counters, GATUN_I64), out(s, {rows}, GATUN_I64);
  OK(gatun_sample_tokens(s.stream, x, o.temperature, o.top_k, o.top_p, seed, at, out, &err));
  return out.read<int64_t>();
}

std::vector<int64_t> counting(int64_t rows, int64_t first = 0) {
  std::vector<int64_t> counters(static_cast<size_t>(rows));
  std::iota(counters.begin(), counters.end(), first);
  return counters;
}

constexpr Options kOptions[] = {{1, 0, 0},    {0.7, 0, 0.8}, {1, 5, 0},       {2, 0.25, 0},     {0.5, 12, 0.6},
                                {1, 0, 0.05}, {3, 0, 0.97},  {0.01, 0, 0.8},  {1, 1, 0.5},      {1.3, 0.9, 0.9},
                                {1e9, 3, 0},  {1, 1e9, 2},   {1e-9, 0, 0.99}, {1, 0.001, 0.999}};

// Where rounding decides, either token is right; it seldom does.
void check(Session& s, int64_t rows, int64_t width, const std::function<float(float)>& shape) {
  constexpr double kNear = 4e-7;
  std::vector<float> logits = Random(static_cast<uint64_t>(width)).floats(rows * width, 4);
  for (float& value : logits) value = shape(value);
  const std::vector<int64_t> counters = counting(rows, -2);
  int64_t doubtful = 0, all = 0;
  for (const Options& o : kOptions) {
    const std::vector<int64_t> got = sample(s, rows, logits, o, 41, counters);
    for (int64_t row = 0; row < rows; ++row) {
      const std::vector<float> x(logits.begin() + row * width, logits.begin() + (row + 1) * width);
      const double number = std::ldexp(word_of(41, counters[static_cast<size_t>(row)]), -32);
      std::vector<int64_t> right;
      for (const double more : {-kNear, kNear}) {
        const std::vector<bool> left = left_of(x, o, more);
        for (const double apart : {-kNear, kNear}) right.push_back(token_of(x, left, o.temperature, number + apart));
      }
      const int64_t token = got[static_cast<size_t>(row)];
      // Between the two there may be more than one, each of them tiny.
      const auto [least, most] = std::minmax_element(right.begin(), right.end());
      REQUIRE(token >= *least && token <= *most, "row", row, "of", width, "temperature", o.temperature, "top_k", o.top_k,
              "top_p", o.top_p, "gave", token, "expected", *least, "to", *most);
      doubtful += *least != *most;
      ++all;
    }
  }
  CHECK(doubtful * 20 <= all, doubtful, "of", all, "rows of", width, "decide nothing");
}

TEST(sampleTokensMatchesReferenceForEveryWidth) {
  Session s(3);
  for (int64_t width : {1, 2, 5, 7, 16, 17, 100, 255, 256, 257, 1000}) {
    check(s, emulated() ? 4 : 30, width, [](float x) { return x; });
  }
  check(s, 3, emulated() ? 3000 : 20'000, [](float x) { return x; });
}

// Few different numbers: thresholds fall on several at once, zeros of both signs among them.
TEST(sampleTokensMatchesReferenceForEquals) {
  Session s;
  for (int64_t width : {6, 33, 300}) {
    check(s, emulated() ? 4 : 40, width, [](float x) { return std::round(x / 2); });
  }
}

TEST(sampleTokensMatchesReferenceForInfiniteLogits) {
  Session s;
  for (int64_t width : {6, 70}) {
    check(s, emulated() ? 4 : 40, width, [](float x) { return x < 0 ? -INFINITY : x; });
    check(s, emulated() ? 4 : 40, width, [](float x) { return x > 3.2f ? INFINITY : x; });
  }
  check(s, 3, 9, [](float) { return -INFINITY; });
}

TEST(sampleTokensAtNoTemperatureIsTheLargest) {
  Session s;
  std::vector<float> logits = Random(5).floats(50 * 33, 3);
  for (float& value : logits) value = std::round(value);
  logits[40] = NAN;
  const Tensor x(s, {50, 33}, logits), largest(s, {50}, GATUN_I64);
  OK(gatun_argmax(s.stream, x, largest, &err));
  for (double temperature : {0.0, 1e-11}) {
    CHECK(sample(s, 50, logits, {temperature, 3, 0.5}, 1, counting(50)) == largest.read<int64_t>(), temperature);
  }
}

TEST(sampleTokensMarksRowsWithNan) {
  Session s;
  for (int64_t width : {1, 16, 40, 600}) {
    for (int64_t place : {int64_t{0}, width / 2, width - 1}) {
      std::vector<float> logits = Random(5).floats(3 * width, 3);
      logits[static_cast<size_t>(width + place)] = NAN;
      for (const Options& o : {Options{}, Options{1, 2, 0.5}}) {
        const std::vector<int64_t> got = sample(s, 3, logits, o, 1, counting(3));
        CHECK(got[0] >= 0 && got[1] == -1 && got[2] >= 0, width, place, got[0], got[1], got[2]);
      }
    }
  }
}

// Weights and sums are integers: this list holds for every device, level and number of threads.
TEST(sampleTokensGivesTheSameTokensEverywhere) {
  const std::vector<float> logits = Random(6).floats(24 * 500, 6);
  const std::vector<int64_t> counters = counting(24, int64_t{1} << 33);
  const std::vector<std::vector<int64_t>> want = {
      {11,  121, 65,  44,  431, 156, 196, 219, 460, 377, 32,  305,
       461, 304, 223, 487, 256, 226, 284, 111, 272, 235, 133, 280},
      {11,  117, 68,  44,  424, 182, 168, 224, 465, 383, 19,  302,
       461, 315, 208, 484, 258, 223, 278, 104, 254, 226, 142, 280},
      {11,  96,  68,  44,  431, 194, 157, 219, 468, 407, 41,  240,
       448, 327, 225, 484, 265, 224, 284, 111, 254, 210, 142, 271}};
  for (int64_t threads : {1, 3}) {
    Session s(threads);
    size_t at = 0;
    for (const Options& o : {Options{1, 0, 0}, Options{0.8, 0, 0.8}, Options{1.5, 40, 0.9}}) {
      const std::vector<int64_t> got = sample(s, 24, logits, o, 123456789012345, counters);
      std::string text;
      for (int64_t token : got) text += std::to_string(token) + ", ";
      CHECK(got == want[at++], "top_p", o.top_p, "gave", text);
      for (int64_t row = 0; row < 24; row += 5) {
        const std::vector<float> x(logits.begin() + row * 500, logits.begin() + (row + 1) * 500);
        const auto place = static_cast<size_t>(row);
        CHECK(sample(s, 1, x, o, 123456789012345, {counters[place]}) == std::vector<int64_t>{got[place]}, row);
      }
    }
  }
}

TEST(sampleTokensDrawsByProbability) {
  Session s(3);
  const int64_t rows = emulated() ? 600 : 40'000;
  const std::vector<float> row = {0, 1, -2, 3, 2.5f};
  std::vector<float> logits;
  for (int64_t i = 0; i < rows; ++i) logits.insert(logits.end(), row.begin(), row.end());
  for (const Options& o : {Options{1, 0, 0}, Options{2, 0, 0}, Options{1, 3, 0}, Options{1, 0, 0.9}}) {
    std::vector<double> found(5), share(5);
    for (int64_t token : sample(s, rows, logits, o, 7, counting(rows))) found[static_cast<size_t>(token)] += 1;
    const std::vector<bool> left = left_of(row, o, 0);
    double total = 0;
    for (size_t i = 0; i < 5; ++i) total += share[i] = left[i] ? std::exp(row[i] / o.temperature) : 0;
    for (size_t i = 0; i < 5; ++i) {
      const double p = share[i] / total, n = static_cast<double>(rows), spread = std::sqrt(n * p * (1 - p));
      CHECK(std::fabs(found[i] - n * p) <= 4.5 * spread, "token", i, found[i], "times, expected", n * p, "+-", spread);
    }
  }
}

TEST(sampleTokensTakesNoRows) {
  Session s;
  const Tensor x(s, {0, 5}), none(s, {0}, GATUN_I64);
  OK(gatun_sample_tokens(s.stream, x, 1, 0, 0, 1, none, none, &err));
}

}  // namespace
