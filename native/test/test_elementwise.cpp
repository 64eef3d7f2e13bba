// SPDX-License-Identifier: Apache-2.0
// Fill, copy between all pairs of dtypes and through all kinds of strides, add. Everything here is exact: results are
// compared without tolerance.
#include "fixture.h"

#include <cfenv>
#include <limits>

namespace {

constexpr int32_t kDtypes = 10;

struct FloatFormat {
  int precision, lowest_exponent;  // bits of the significand, exponent of the smallest normal number
  long double largest;
};

FloatFormat format_of(int32_t dtype) {
  switch (dtype) {
    case GATUN_F16: return {11, -14, 65504.0L};
    case GATUN_BF16: return {8, -126, 0x1.fep127L};
    case GATUN_F32: return {24, -126, std::numeric_limits<float>::max()};
    default: return {53, -1022, std::numeric_limits<double>::max()};
  }
}

bool is_float(int32_t dtype) { return dtype <= GATUN_F16 || dtype == GATUN_F64; }

void integer_range(int32_t dtype, long double& low, long double& high) {
  const int bits = static_cast<int>(size_of(dtype)) * 8;
  const bool is_signed = dtype != GATUN_U8;
  low = is_signed ? -std::scalbn(1.0L, bits - 1) : 0;
  high = std::scalbn(1.0L, is_signed ? bits - 1 : bits) - 1;
}

// To the nearest value of the format, ties to even; by arithmetic, not by bits.
long double rounded(long double value, const FloatFormat& format) {
  if (!std::isfinite(value) || value == 0) return value;
  const int unit = std::max(std::ilogb(value), format.lowest_exponent) - (format.precision - 1);
  const long double result = std::scalbn(std::nearbyint(std::scalbn(value, -unit)), unit);
  return std::fabs(result) > format.largest ? std::copysign(std::numeric_limits<long double>::infinity(), value)
                                            : result;
}

// What gatun.h says a conversion gives. A long double holds every value of every dtype.
long double converted(long double value, int32_t to) {
  if (to == GATUN_BOOL) return value != 0;
  if (is_float(to)) return rounded(value, format_of(to));
  if (std::isnan(value)) return 0;
  long double low = 0, high = 0;
  integer_range(to, low, high);
  return std::trunc(std::fmin(std::fmax(value, low), high)) + 0.0L;  // an integer has no negative zero
}

template <class Integer>
long double integer_at(const char* at) {
  Integer value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<long double>(value);
}

long double decoded(const char* at, int32_t dtype) {
  using Limits = std::numeric_limits<long double>;
  uint16_t bits = 0;
  switch (dtype) {
    case GATUN_F32: return integer_at<float>(at);
    case GATUN_F64: return integer_at<double>(at);
    case GATUN_I64: return integer_at<int64_t>(at);
    case GATUN_I32: return integer_at<int32_t>(at);
    case GATUN_I16: return integer_at<int16_t>(at);
    case GATUN_I8: return integer_at<int8_t>(at);
    case GATUN_U8:
    case GATUN_BOOL: return integer_at<uint8_t>(at);
    default: std::memcpy(&bits, at, sizeof bits);
  }
  const int fraction_bits = dtype == GATUN_F16 ? 10 : 7, bias = dtype == GATUN_F16 ? 15 : 127;
  const int exponent = (bits & 0x7fff) >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
  long double value = 0;
  if (exponent == 2 * bias + 1) {
    value = fraction != 0 ? Limits::quiet_NaN() : Limits::infinity();
  } else {
    const int whole = exponent > 0 ? fraction + (1 << fraction_bits) : fraction;
    value = std::scalbn(static_cast<long double>(whole), std::max(exponent, 1) - bias - fraction_bits);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

template <class Value>
void put(char* at, long double value) {
  const Value narrow = static_cast<Value>(value);
  std::memcpy(at, &narrow, sizeof narrow);
}

// Only values that the dtype can hold.
void encode(char* at, long double value, int32_t dtype) {
  switch (dtype) {
    case GATUN_F32: return put<float>(at, value);
    case GATUN_F64: return put<double>(at, value);
    case GATUN_I64: return put<int64_t>(at, value);
    case GATUN_I32: return put<int32_t>(at, value);
    case GATUN_I16: return put<int16_t>(at, value);
    case GATUN_I8: return put<int8_t>(at, value);
    case GATUN_U8:
    case GATUN_BOOL: return put<uint8_t>(at, value);
    default: {  // 16-bit floats: the one pattern that decodes to it
      for (uint32_t bits = 0; bits < 65536; ++bits) {
        const uint16_t candidate = static_cast<uint16_t>(bits);
        std::memcpy(at, &candidate, sizeof candidate);
        const long double got = decoded(at, dtype);
        if (std::isnan(value) ? std::isnan(got) : got == value && std::signbit(got) == std::signbit(value)) return;
      }
      REQUIRE(false, "no 16-bit pattern for", value);
    }
  }
}

bool equal(long double a, long double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

// Edges of every format: ties and their neighbours, overflow, subnormals, saturation.
std::vector<long double> edges() {
  const long double infinity = std::numeric_limits<long double>::infinity();
  std::vector<long double> values = {
      0, 0.25L, 0.5L, 0.75L, 1, 1.5L, 2.5L, 3.5L, 100.999L, 126.5L, 127, 127.5L, 128, 254.9L, 255, 255.5L, 256, 257,
      32766.5L, 32767, 32768, 65503, 65504, 65519, 65519.999L, 65520, 65536, 1e6L, 2147483647, 2147483648.0L,
      4294967296.0L, 1e15L, 0x1p53L, 0x1p53L + 1, 0x1p62L, 9223372036854775807.0L, 0x1p63L, 1e25L, 3.3895e38L, 3.39e38L,
      3.4028234e38L, 3.40282357e38L, 1e39L, 1e300L, infinity, std::numeric_limits<long double>::quiet_NaN(), 0x1p-14L,
      0x1p-24L, 0x1p-25L, 0x1.8p-24L, 0x1.000001p-25L, 0x1.ffcp-15L, 0x1.ffep-15L, 0x1p-126L, 0x1p-133L, 0x1p-134L,
      0x1.8p-133L, 0x1p-149L, 0x1p-150L, 0x1.1p-150L, 0x1p-1074L};
  // Half-way cases of f16 and bf16 and just beside them: rounding to f32 first would lose the difference.
  for (long double unit : {0x1p-11L, 0x1p-8L, 0x1p-24L, 0x1p-53L}) {
    for (long double beside : {0.0L, 0x1p-40L, -0x1p-40L}) {
      values.push_back(1 + unit * (1 + beside));
      values.push_back(1 + 3 * unit * (1 + beside));
    }
  }
  // The same among large integers: 2^40 + 2^31 is a tie of bf16, one more is not.
  for (long double beside : {-1.0L, 0.0L, 1.0L}) values.push_back(0x1p40L + 0x1p32L + beside);
  const size_t positive = values.size();
  for (size_t i = 0; i < positive; ++i) values.push_back(-values[i]);
  return values;
}

TEST(copyConvertsEveryPairOfDtypes) {
  Session s;
  for (int32_t from = 0; from < kDtypes; ++from) {
    std::vector<long double> values;
    std::vector<char> bytes;
    for (long double edge : edges()) {
      const long double value = converted(edge, from);
      values.push_back(value);
      char element[8] = {};
      encode(element, value, from);
      bytes.insert(bytes.end(), element, element + size_of(from));
    }
    const Shape shape = {static_cast<int64_t>(values.size())};
    const Tensor x(s, shape, bytes, from);
    for (int32_t to = 0; to < kDtypes; ++to) {
      const Tensor out(s, shape, to);
      OK(gatun_copy(s.stream, x, out, &err));
      const std::vector<char> got = out.read<char>();
      for (size_t i = 0; i < values.size(); ++i) {
        const long double want = converted(values[i], to), is = decoded(&got[i * static_cast<size_t>(size_of(to))], to);
        CHECK(equal(is, want), "dtype", from, "to", to, "value", values[i], "got", is, "expected", want);
      }
    }
  }
}

TEST(copyWidensEveryHalf) {
  Session s;
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  for (int32_t from : {GATUN_F16, GATUN_BF16}) {
    const Tensor x(s, {65536}, all, from), wide(s, {65536}), back(s, {65536}, from);
    OK(gatun_copy(s.stream, x, wide, &err));
    OK(gatun_copy(s.stream, wide, back, &err));
    const std::vector<float> got = wide.floats();
    const std::vector<uint16_t> again = back.read<uint16_t>();
    for (size_t i = 0; i < all.size(); ++i) {
      const long double want = decoded(reinterpret_cast<const char*>(&all[i]), from);
      CHECK(equal(got[i], want), "pattern", i, "got", got[i], "expected", want);
      if (!std::isnan(want)) CHECK(again[i] == all[i], "pattern", i, "came back as", again[i]);
    }
  }
}

TEST(copyRoundsRandomFloatsToNearestEven) {
  Session s;
  Random random(11);
  std::vector<uint32_t> bits(200'000);
  for (uint32_t& each : bits) each = static_cast<uint32_t>(random.bits());
  // Half of them near the range of f16.
  for (size_t i = 0; i < bits.size(); i += 2) {
    bits[i] = (bits[i] & 0x8fffffff) | 0x30000000 | (bits[i + 1] & 0x10000000);
  }
  const Shape shape = {static_cast<int64_t>(bits.size())};
  const Tensor x(s, shape, bits);
  const std::vector<float> values = x.floats();
  for (int32_t to : {GATUN_F16, GATUN_BF16}) {
    const Tensor out(s, shape, to);
    OK(gatun_copy(s.stream, x, out, &err));
    const std::vector<uint16_t> got = out.read<uint16_t>();
    for (size_t i = 0; i < values.size(); ++i) {
      const long double want = converted(values[i], to), is = decoded(reinterpret_cast<const char*>(&got[i]), to);
      REQUIRE(equal(is, want), "dtype", to, "value", values[i], "got", is, "expected", want);
    }
  }
}

TEST(fillConvertsToEveryDtype) {
  Session s;
  for (int32_t dtype = 0; dtype < kDtypes; ++dtype) {
    for (long double edge : edges()) {
      const double value = static_cast<double>(edge);
      const Tensor out(s, {3}, dtype);
      OK(gatun_fill(s.stream, out, value, &err));
      const std::vector<char> got = out.read<char>();
      for (int64_t i = 0; i < 3; ++i) {
        const long double is = decoded(&got[static_cast<size_t>(i * size_of(dtype))], dtype);
        CHECK(equal(is, converted(value, dtype)), "dtype", dtype, "value", value, "got", is);
      }
    }
  }
}

// Calls body(offset of a, offset of b, ...) for each index of a shape.
void for_each(const gatun_tensor& shape, const std::vector<const gatun_tensor*>& views,
              const std::function<void(const std::vector<int64_t>&)>& body) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < shape.rank; ++axis) count *= shape.shape[axis];
  for (int64_t index = 0; index < count; ++index) {
    std::vector<int64_t> at(views.size());
    int64_t rest = index;
    for (int32_t axis = shape.rank - 1; axis >= 0; --axis) {
      for (size_t v = 0; v < views.size(); ++v) at[v] += rest % shape.shape[axis] * views[v]->stride[axis];
      rest /= shape.shape[axis];
    }
    for (size_t v = 0; v < views.size(); ++v) at[v] += views[v]->byte_offset / size_of(views[v]->dtype);
    body(at);
  }
}

gatun_tensor strided(const Tensor& base, const Shape& shape, const Shape& strides, int64_t first = 0) {
  gatun_tensor view = base.view;
  view.rank = static_cast<int32_t>(shape.size());
  view.byte_offset = first * size_of(view.dtype);
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    view.shape[axis] = shape[axis];
    view.stride[axis] = strides[axis];
  }
  return view;
}

struct StridedCase {
  Shape shape, from, to;
};

// Transposes, slices, steps, repeats, rank 0 and 8, rows longer than a tile, empty ones. Source and target have 70,000
// elements each.
const std::vector<StridedCase> kStrided = {
    {{}, {}, {}},
    {{1}, {5}, {7}},
    {{7}, {3}, {2}},
    {{70'000}, {1}, {1}},
    {{35'000}, {2}, {2}},
    {{69'999}, {0}, {1}},
    {{0}, {1}, {1}},
    {{3, 0, 5}, {0, 5, 1}, {0, 5, 1}},
    {{251, 277}, {277, 1}, {277, 1}},
    {{251, 277}, {277, 1}, {1, 251}},
    {{251, 277}, {1, 251}, {277, 1}},
    {{11, 13, 17}, {0, 1, 13}, {221, 1, 13}},
    {{11, 13, 17}, {17, 0, 1}, {1, 187, 11}},
    {{2, 33'001}, {33'001, 1}, {1, 2}},
    {{33'001, 2}, {2, 1}, {1, 33'001}},
    {{2, 1, 3, 1, 2, 3, 1, 5}, {90, 90, 30, 9, 15, 5, 1, 1}, {1, 7, 2, 9, 6, 12, 3, 36}},
    {{5, 6, 7}, {1000, 100, 3}, {2000, 200, 4}},
};

TEST(copyFollowsStrides) {
  Session s(3);
  const Tensor base(s, {70'000}, Random(21).floats(70'000));
  const std::vector<float> source = base.floats();
  for (size_t c = 0; c < kStrided.size(); ++c) {
    for (int64_t first : {0, 1}) {
      if (first == 1 && count_of(kStrided[c].shape) > 30'000) continue;
      const std::vector<float> before = Random(22).floats(70'000);
      const Tensor target(s, {70'000}, before);
      const gatun_tensor from = strided(base, kStrided[c].shape, kStrided[c].from, first);
      const gatun_tensor to = strided(target, kStrided[c].shape, kStrided[c].to, first);
      OK(gatun_copy(s.stream, &from, &to, &err));
      std::vector<float> want = before;
      for_each(to, {&from, &to}, [&](const std::vector<int64_t>& at) {
        want[static_cast<size_t>(at[1])] = source[static_cast<size_t>(at[0])];
      });
      CHECK(same_bits(target.floats(), want), "case", c);
    }
  }
}

TEST(fillFollowsStrides) {
  Session s(3);
  for (size_t c = 0; c < kStrided.size(); ++c) {
    const std::vector<float> before = Random(23).floats(70'000);
    const Tensor target(s, {70'000}, before);
    const gatun_tensor to = strided(target, kStrided[c].shape, kStrided[c].to);
    OK(gatun_fill(s.stream, &to, 4.5, &err));
    std::vector<float> want = before;
    for_each(to, {&to}, [&](const std::vector<int64_t>& at) { want[static_cast<size_t>(at[0])] = 4.5f; });
    CHECK(same_bits(target.floats(), want), "case", c);
  }
}

constexpr int32_t kOperations[] = {GATUN_ADD,    GATUN_SUBTRACT, GATUN_MULTIPLY,
                                   GATUN_DIVIDE, GATUN_MAXIMUM,  GATUN_MINIMUM};

float combined(int32_t op, float a, float b) {
  switch (op) {
    case GATUN_ADD: return a + b;
    case GATUN_SUBTRACT: return a - b;
    case GATUN_MULTIPLY: return a * b;
    case GATUN_DIVIDE: return a / b;
    default: return std::isnan(a) || std::isnan(b) ? NAN : op == GATUN_MAXIMUM ? std::max(a, b) : std::min(a, b);
  }
}

TEST(binaryRepeatsAxesAndRunsInPlace) {
  Session s(3);
  struct BinaryCase {
    Shape shape, a, b;
  };
  const std::vector<BinaryCase> cases = {
      {{}, {}, {}},           {{0, 4}, {4, 1}, {4, 1}},      {{70'000}, {1}, {1}},
      {{69'999}, {1}, {0}},   {{250, 277}, {277, 1}, {0, 1}}, {{250, 277}, {0, 1}, {1, 0}},
      {{7, 11, 13}, {0, 13, 1}, {1, 7, 77}}, {{5, 1, 9}, {9, 3, 1}, {0, 0, 0}}};
  const Tensor a(s, {70'000}, Random(31).floats(70'000)), b(s, {70'000}, Random(32).floats(70'000));
  const std::vector<float> in_a = a.floats(), in_b = b.floats();
  for (size_t c = 0; c < cases.size() * std::size(kOperations); ++c) {
    const BinaryCase& each = cases[c / std::size(kOperations)];
    const int32_t op = kOperations[c % std::size(kOperations)];
    const gatun_tensor from_a = strided(a, each.shape, each.a), from_b = strided(b, each.shape, each.b);
    const Tensor out(s, each.shape), both(s, each.shape);
    OK(gatun_binary(s.stream, op, &from_a, &from_b, out, &err));
    OK(gatun_copy(s.stream, &from_a, both, &err));
    OK(gatun_binary(s.stream, op, both, &from_b, both, &err));
    std::vector<float> want;
    for_each(out.view, {&from_a, &from_b}, [&](const std::vector<int64_t>& at) {
      want.push_back(combined(op, in_a[static_cast<size_t>(at[0])], in_b[static_cast<size_t>(at[1])]));
    });
    CHECK(same_bits(out.floats(), want), "case", c);
    CHECK(same_bits(both.floats(), want), "in place, case", c);
  }
}

TEST(binaryIsTakenInPlaceByItsSecondArgumentToo) {
  Session s;
  for (int32_t op : kOperations) {
    const Tensor a(s, {101}, Random(33).floats(101)), b(s, {101}, Random(34).floats(101));
    std::vector<float> want = b.floats();
    const std::vector<float> in_a = a.floats();
    for (size_t i = 0; i < want.size(); ++i) want[i] = combined(op, in_a[i], want[i]);
    OK(gatun_binary(s.stream, op, a, b, b, &err));
    CHECK(same_bits(b.floats(), want), "operation", op);
  }
}

TEST(binaryKeepsNan) {
  Session s;
  for (int64_t length : {4, 5}) {
    std::vector<float> left = {NAN, 1, NAN, 2, -INFINITY}, right = {1, NAN, NAN, -2, NAN};
    left.resize(static_cast<size_t>(length));
    right.resize(static_cast<size_t>(length));
    const Tensor a(s, {length}, left), b(s, {length}, right), out(s, {length});
    for (int32_t op : kOperations) {
      OK(gatun_binary(s.stream, op, a, b, out, &err));
      const std::vector<float> got = out.floats();
      for (size_t i = 0; i < got.size(); ++i) CHECK(std::isnan(got[i]) == (i != 3), "operation", op, "element", i);
      CHECK(got[3] == combined(op, 2, -2), "operation", op, got[3]);
    }
  }
}

}  // namespace
