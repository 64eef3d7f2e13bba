// SPDX-License-Identifier: Apache-2.0
// Conversions between all element types, as gatun.h states them; the same lines on the CPU and in CUDA kernels.
#pragma once

#include "status.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#if defined(__CUDACC__)
#define GATUN_SHARED __host__ __device__ inline
#else
#define GATUN_SHARED inline
#endif

namespace gatun::dtype {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};
struct Bool {
  uint8_t value;
};

GATUN_SHARED float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

GATUN_SHARED uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

GATUN_SHARED float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return bits_to_float(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0) return bits_to_float(sign | (exponent + 112) << 23 | fraction << 13);
  const float subnormal = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

GATUN_SHARED uint16_t float_to_half(float value) {
  const uint32_t bits = float_to_bits(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return static_cast<uint16_t>(sign | 0x7e00);
  if (magnitude >= 0x477ff000) return static_cast<uint16_t>(sign | 0x7c00);  // 65520 and more round to infinity
  if (magnitude < 0x38800000) {
    // Subnormal: adding 1/2 puts the result's units at the last bit of the sum, rounded to nearest even.
    const float shifted = bits_to_float(magnitude) + 0.5f;
    return static_cast<uint16_t>(sign | (float_to_bits(shifted) - 0x3f000000));
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return static_cast<uint16_t>(sign | (rounded - 0x38000000) >> 13);
}

GATUN_SHARED uint16_t float_to_bf16(float value) {
  const uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// To f32 on the way to 16 bits: an inexact value becomes the neighbour whose last bit is odd, so that it is no tie in
// the second rounding.
GATUN_SHARED float to_odd(double value) {
  const float near = static_cast<float>(value);
  if (near == value || value != value || (float_to_bits(near) & 1) != 0) return near;
  return nextafterf(near, near < value ? INFINITY : -INFINITY);
}

// Beyond 2^53 the lowest bits only say on which side of a tie a value lies, and one bit can say that.
GATUN_SHARED float to_odd(int64_t value) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (value < -kExact || value > kExact) value = (value & ~0x7ff) | ((value & 0x7ff) != 0 ? 0x400 : 0);
  return to_odd(static_cast<double>(value));
}

// Values travel as double between float types, as int64 between integer types: both exact.
GATUN_SHARED double as_double(float v) { return v; }
GATUN_SHARED double as_double(double v) { return v; }
GATUN_SHARED double as_double(Bf16 v) { return bits_to_float(static_cast<uint32_t>(v.bits) << 16); }
GATUN_SHARED double as_double(F16 v) { return half_to_float(v.bits); }

template <class Integer>
constexpr Integer lowest = std::numeric_limits<Integer>::min();
template <class Integer>
constexpr Integer highest = std::numeric_limits<Integer>::max();

template <class Integer>
GATUN_SHARED Integer saturated(double value) {
  if (value != value) return 0;
  constexpr double low = static_cast<double>(lowest<Integer>);
  constexpr double high = static_cast<double>(highest<Integer>);
  if (value <= low) return lowest<Integer>;
  return value >= high ? highest<Integer> : static_cast<Integer>(value);
}

template <class From>
constexpr bool is_float = std::is_same_v<From, float> || std::is_same_v<From, double> || std::is_same_v<From, Bf16> ||
                          std::is_same_v<From, F16>;

template <class To, class From>
GATUN_SHARED To convert(From value) {
  if constexpr (std::is_same_v<To, From>) {
    return value;
  } else if constexpr (std::is_same_v<From, Bool>) {
    return convert<To>(value.value);
  } else if constexpr (std::is_same_v<To, Bool>) {
    if constexpr (is_float<From>) {
      return {static_cast<uint8_t>(as_double(value) != 0)};
    } else {
      return {static_cast<uint8_t>(value != 0)};
    }
  } else if constexpr (is_float<From>) {
    const double wide = as_double(value);
    [[maybe_unused]] const float narrow = std::is_same_v<From, double> ? to_odd(wide) : static_cast<float>(wide);
    if constexpr (std::is_same_v<To, Bf16>) return {float_to_bf16(narrow)};
    else if constexpr (std::is_same_v<To, F16>) return {float_to_half(narrow)};
    else if constexpr (is_float<To>) return static_cast<To>(wide);
    else return saturated<To>(wide);
  } else {
    if constexpr (std::is_same_v<To, Bf16>) return {float_to_bf16(to_odd(int64_t{value}))};
    else if constexpr (std::is_same_v<To, F16>) return {float_to_half(to_odd(int64_t{value}))};
    else if constexpr (is_float<To>) return static_cast<To>(value);
    else if (int64_t{value} < int64_t{lowest<To>}) return lowest<To>;
    else return int64_t{value} > int64_t{highest<To>} ? highest<To> : static_cast<To>(value);
  }
}

// Calls body with a value of the C++ type of a dtype.
template <class Body>
void with_type(int32_t dtype, const Body& body) {
  switch (dtype) {
    case GATUN_F32: return body(float{});
    case GATUN_BF16: return body(Bf16{});
    case GATUN_F16: return body(F16{});
    case GATUN_I64: return body(int64_t{});
    case GATUN_I32: return body(int32_t{});
    case GATUN_I16: return body(int16_t{});
    case GATUN_U8: return body(uint8_t{});
    case GATUN_BOOL: return body(Bool{});
    case GATUN_F64: return body(double{});
    case GATUN_I8: return body(int8_t{});
    default: fail(GATUN_UNSUPPORTED_DTYPE, "dtype ", dtype);
  }
}

}  // namespace gatun::dtype
