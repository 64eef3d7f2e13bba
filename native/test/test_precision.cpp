// SPDX-License-Identifier: Apache-2.0
// Every operation with weights in each precision: how far from strict it may be, and that an image's result is the same
// bits in a batch of any size and for any number of threads. (Strict itself is held against double precision by the
// operation's own test.)
#include "fixture.h"

namespace {

struct Operation {
  const char* name;
  // The result for the first `batch` images of an input that is always the same.
  std::vector<float> (*run)(Session& s, int32_t precision, int64_t batch);
  bool f32_on_cpu = false;
};

gatun_patch_embed_options patches() {
  gatun_patch_embed_options options{};
  options.struct_size = sizeof options;
  options.patch_t = 1;
  options.patch_h = 4;
  options.patch_w = 3;
  options.validity = GATUN_VALIDITY_NAN;
  options.eps = 1e-5;
  return options;
}

constexpr int64_t kEmbed = 40, kDays = 5, kMonths = 2, kHigh = 3, kWide = 2, kPlaces = kHigh * kWide;

// [batch kMonths, 2, kDays, H, W] with some pixels missing.
Tensor images(Session& s, int64_t batch) {
  const Shape shape = {batch * kMonths, 2, kDays, kHigh * 4, kWide * 3};
  std::vector<float> values = Random(1).floats(count_of(shape), 2);
  for (size_t i = 0; i < values.size(); i += 7) values[i] = NAN;
  return {s, shape, values};
}

Weights patch_weights(Session& s, int32_t precision) {
  return linear_weights(s, random_tensor(s, {kEmbed, 48}, 2, 0.3), precision);
}

std::vector<float> patch_embed(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = images(s, batch), vector = random_tensor(s, {kEmbed}, 3);
  const Tensor out(s, {batch * kMonths, kDays * kPlaces, kEmbed});
  const gatun_patch_embed_options options = patches();
  OK(gatun_patch_embed(s.stream, x, nullptr, patch_weights(s, precision), vector, vector, vector, nullptr, &options, out, &err));
  return out.floats();
}

// What the scorer and the encodings of both pooling operations are made of.
struct Scorer {
  Tensor day, month, vector, one;
  Weights weights;

  Scorer(Session& s, int32_t precision)
      : day(random_tensor(s, {kDays, kEmbed}, 4)), month(random_tensor(s, {kMonths, kEmbed}, 5)),
        vector(random_tensor(s, {kEmbed}, 6)), one(random_tensor(s, {1}, 7)),
        weights(linear_weights(s, random_tensor(s, {kEmbed, kEmbed}, 8, 0.3), precision)) {}
};

std::vector<float> temporal_pool(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = random_tensor(s, {batch, kMonths, kDays, kPlaces, kEmbed}, 9);
  const Tensor out(s, {batch, kPlaces, kMonths, kEmbed});
  const Scorer p(s, precision);
  OK(gatun_temporal_pool(s.stream, x, p.day, p.month, p.vector, p.vector, 1e-5, p.weights, p.vector, p.vector, p.one,
                         nullptr, out, &err));
  return out.floats();
}

template <int64_t PatchHeight>
std::vector<float> encode_pool(Session& s, int32_t precision, int64_t batch) {
  gatun_patch_embed_options options = patches();
  options.patch_h = PatchHeight;
  const Tensor x = images(s, batch), vector = random_tensor(s, {kEmbed}, 3);
  const Weights embedding =
      linear_weights(s, random_tensor(s, {kEmbed, 2 * 2 * PatchHeight * options.patch_w}, 2, 0.3), precision);
  const Tensor out(s, {batch, kHigh * 4 / PatchHeight * kWide, kMonths, kEmbed});
  const Scorer p(s, precision);
  OK(gatun_encode_pool(s.stream, x, nullptr, embedding, vector, vector, vector, &options, p.day, p.month, p.vector,
                       p.vector, 1e-5, p.weights, p.vector, p.vector, p.one, nullptr, out, &err));
  return out.floats();
}

template <int64_t Stride>
std::vector<float> conv2d(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = random_tensor(s, {batch, 5, 7, 19}, 10), source = random_tensor(s, {33, 19, 3, 3}, 11, 0.2);
  const Tensor bias = random_tensor(s, {33}, 12), out(s, {batch, 4 / Stride + 1, 6 / Stride + 1, 33});
  const gatun_conv2d_options window = same_window(Stride, Stride, Stride);
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_conv2d_weights(s.stream, source, precision, made, &err);
  });
  OK(gatun_conv2d(s.stream, x, weights, bias, &window, GATUN_ACT_GELU, out, &err));
  return out.floats();
}

std::vector<float> conv_transpose2d(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = random_tensor(s, {batch, 3, 4, 24}, 13), source = random_tensor(s, {24, 18, 6, 6}, 14, 0.2);
  const Tensor bias = random_tensor(s, {18}, 15), out(s, {batch, 12, 16, 18});
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_conv_transpose2d_weights(s.stream, source, 4, 4, 1, 1, precision, made, &err);
  });
  OK(gatun_conv_transpose2d(s.stream, x, weights, bias, out, &err));
  return out.floats();
}

std::vector<float> decoder_prefix(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = random_tensor(s, {batch, 3, 4, 24}, 16), proj = random_tensor(s, {12, 24}, 17, 0.3);
  const Tensor up = random_tensor(s, {12, 10, 6, 6}, 18, 0.3), conv = random_tensor(s, {20, 10, 3, 3}, 19, 0.2);
  const Tensor proj_bias = random_tensor(s, {12}, 20), up_bias = random_tensor(s, {10}, 21);
  const Tensor conv_bias = random_tensor(s, {20}, 22), out(s, {batch, 12, 16, 20});
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_decoder_weights(s.stream, proj, proj_bias, up, up_bias, conv, conv_bias, 4, 4, 1, 1, precision, made,
                                 &err);
  });
  OK(gatun_decoder_prefix(s.stream, x, weights, GATUN_ACT_GELU, out, &err));
  return out.floats();
}

std::vector<float> refine_head(Session& s, int32_t precision, int64_t batch) {
  const Tensor x = random_tensor(s, {batch, kMonths, 7, 9, 21}, 23), conv = random_tensor(s, {35, 21, 3, 3}, 24, 0.2);
  const Tensor vector = random_tensor(s, {35}, 25), one = random_tensor(s, {1}, 26);
  const Tensor scale = random_tensor(s, {kMonths}, 27), out(s, {batch, kMonths, 7, 9});
  const Weights weights(s.stream, [&](gatun_weights** made) {
    return gatun_refine_weights(s.stream, conv, precision, made, &err);
  });
  OK(gatun_refine_head(s.stream, x, weights, vector, vector, one, scale, scale, nullptr, out, &err));
  return out.floats();
}

constexpr Operation kOperations[] = {{"patch_embed", patch_embed},
                                     {"temporal_pool", temporal_pool},
                                     {"encode_pool, few pixels a patch", encode_pool<1>},
                                     {"encode_pool, many pixels a patch", encode_pool<4>},
                                     {"conv2d", conv2d<1>},
                                     {"conv2d, stride and dilation 2", conv2d<2>},
                                     {"conv_transpose2d", conv_transpose2d},
                                     {"decoder_prefix", decoder_prefix},
                                     {"refine_head", refine_head, true}};

struct Limit {
  int32_t precision;
  double least, most;  // distance from strict, norm-wise: less would mean that the precision was not used
};

Limit limit_of(const Operation& operation, int32_t precision) {
  const bool cpu = device_kind() == GATUN_CPU;
  if (precision == GATUN_REDUCED && !(cpu && operation.f32_on_cpu)) return {precision, 1e-4, 1e-2};
  if (precision == GATUN_FAST && !cpu) return {precision, 1e-5, 2e-3};
  return {precision, 0, 0};
}

TEST(operationsKeepTheirPrecisionAndTheBitsOfEachImage) {
  Session s, alone(1), three(3);
  for (const Operation& operation : kOperations) {
    std::vector<float> strict;
    for (int32_t precision : {GATUN_STRICT, GATUN_FAST, GATUN_REDUCED}) {
      const Limit limit = limit_of(operation, precision);
      const std::vector<float> whole = operation.run(s, precision, 5);
      if (strict.empty()) strict = whole;
      const double apart = distance(whole, strict);
      CHECK(apart >= limit.least && apart <= limit.most, operation.name, "precision", limit.precision, apart);
      for (int64_t batch : {3, 1}) {
        const int64_t part = static_cast<int64_t>(whole.size()) / 5 * batch;
        CHECK(same_bits(operation.run(s, precision, batch), {whole.begin(), whole.begin() + part}), operation.name,
              "precision", precision, "batch", batch);
      }
      if (device_kind() != GATUN_CPU) continue;  // threads are the CPU's
      for (Session* other : {&alone, &three}) {
        CHECK(same_bits(operation.run(*other, precision, 5), whole), operation.name, "precision", precision);
      }
    }
  }
}

// The numbers in bf16.
std::vector<float> rounded(Session& s, const Tensor& x) {
  return converted(s, converted(s, x, GATUN_BF16), GATUN_F32).floats();
}

// The factors are rounded and nothing else is: sums are as exact as in strict, and a row's are the same bits among any
// number of rows.
TEST(reducedProductsAreThoseOfRoundedFactors) {
  Session s;
  for (int64_t inputs : {1, 2, 37, 128}) {
    for (int64_t outputs : {1, 33, 96}) {
      const int64_t rows = 131;
      const Tensor x = random_tensor(s, {rows, inputs}, 28, 2), source = random_tensor(s, {outputs, inputs}, 29);
      const Tensor out(s, {rows, outputs});
      const Weights weights = linear_weights(s, source, GATUN_REDUCED);
      OK(gatun_linear(s.stream, x, weights, nullptr, GATUN_ACT_NONE, nullptr, out, &err));
      const std::vector<float> all = x.floats(), left = rounded(s, x), right = rounded(s, source);
      std::vector<Expected> want;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t n = 0; n < outputs; ++n) {
          Sum sum;
          for (int64_t k = 0; k < inputs; ++k) {
            sum.add(static_cast<double>(left[static_cast<size_t>(r * inputs + k)]) *
                    right[static_cast<size_t>(n * inputs + k)]);
          }
          want.push_back(sum.expected());
        }
      }
      const std::vector<float> got = out.floats();
      compare(got, want, named("inputs", inputs, "outputs", outputs));
      for (int64_t fewer : {1, 15, 16, 17, 31, 33, 47}) {
        const Tensor part(s, {fewer, inputs}, std::vector<float>(all.begin(), all.begin() + fewer * inputs));
        const Tensor few(s, {fewer, outputs});
        OK(gatun_linear(s.stream, part, weights, nullptr, GATUN_ACT_NONE, nullptr, few, &err));
        CHECK(same_bits(few.floats(), {got.begin(), got.begin() + fewer * outputs}), "rows", fewer, "inputs", inputs);
      }
    }
  }
}

// Values that rounding must not turn into others.
TEST(reducedProductsKeepWhatIsNotFinite) {
  Session s;
  uint32_t full = 0x7fffffff;  // a NaN that adding to would make -0
  float nan;
  std::memcpy(&nan, &full, sizeof nan);
  const Tensor x(s, {4, 3}, std::vector<float>{nan, 1, 1, 1, INFINITY, 1, 1, 1, -INFINITY, 3.4e38f, 1, 1});
  const Tensor source(s, {1, 3}, std::vector<float>{1, 1, 1}), out(s, {4, 1});
  OK(gatun_linear(s.stream, x, linear_weights(s, source, GATUN_REDUCED), nullptr, GATUN_ACT_NONE, nullptr, out, &err));
  const std::vector<float> got = out.floats();
  CHECK(std::isnan(got[0]) && got[1] == INFINITY && got[2] == -INFINITY && got[3] == INFINITY, got[0], got[1], got[2],
        got[3]);
}

TEST(reducedWeightsTakeHalfTheMemory) {
  if (device_kind() != GATUN_CPU) throw check::Skip{"of the CPU"};
  Session s;
  const Tensor source = random_tensor(s, {256, 512}, 30);
  const int64_t before = s.stats().bytes_in_use;
  const Weights strict = linear_weights(s, source);
  const int64_t whole = s.stats().bytes_in_use - before;
  const Weights reduced = linear_weights(s, source, GATUN_REDUCED);
  CHECK(s.stats().bytes_in_use - before - whole == whole / 2, whole, s.stats().bytes_in_use);
}

}  // namespace
