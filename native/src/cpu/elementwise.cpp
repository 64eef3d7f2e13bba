// SPDX-License-Identifier: Apache-2.0
// Fill, strided copy with conversion, and addition with repeated axes: a few bytes an element and at most one FLOP,
// bound by memory. The innermost axis runs in a plain loop that the compiler vectorises where strides are 1 or 0.
#include "device.h"

#include "../status.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace gatun::cpu {

namespace {

constexpr int64_t kTileElements = 1 << 15;

// The common loop nest of some views of one shape: axes that lie densely behind each other in all of them are merged.
template <size_t Count>
struct Nest {
  int32_t rank = 0;
  int64_t shape[GATUN_MAX_RANK] = {};
  int64_t stride[Count][GATUN_MAX_RANK] = {};

  explicit Nest(const std::array<const View*, Count>& views) {
    for (int32_t axis = 0; axis < views[0]->rank; ++axis) {
      if (views[0]->shape[axis] == 1) continue;
      bool merge = rank > 0;
      for (size_t v = 0; v < Count && merge; ++v) {
        merge = stride[v][rank - 1] == views[v]->stride[axis] * views[0]->shape[axis];
      }
      if (!merge) shape[rank++] = 1;
      shape[rank - 1] *= views[0]->shape[axis];
      for (size_t v = 0; v < Count; ++v) stride[v][rank - 1] = views[v]->stride[axis];
    }
    if (rank == 0) shape[rank++] = 1;
  }

  int64_t inner() const { return shape[rank - 1]; }

  int64_t outer() const {
    int64_t count = 1;
    for (int32_t axis = 0; axis + 1 < rank; ++axis) count *= shape[axis];
    return count;
  }

  int64_t inner_stride(size_t v) const { return stride[v][rank - 1]; }

  // Element offsets of an outer index.
  std::array<int64_t, Count> offsets(int64_t index) const {
    std::array<int64_t, Count> at{};
    for (int32_t axis = rank - 2; axis >= 0; --axis) {
      for (size_t v = 0; v < Count; ++v) at[v] += index % shape[axis] * stride[v][axis];
      index /= shape[axis];
    }
    return at;
  }
};

// Runs body(offsets, first, count) over pieces of inner rows, in parallel.
template <size_t Count, class Body>
void for_pieces(Workers& workers, const Nest<Count>& nest, const Body& body) {
  const int64_t inner = nest.inner(), outer = nest.outer();
  if (inner == 0 || outer == 0) return;
  const int64_t pieces = (inner + kTileElements - 1) / kTileElements;
  const int64_t lines = std::max<int64_t>(1, kTileElements / inner);
  workers.for_tiles((outer + lines - 1) / lines * pieces, [&](int64_t tile, int) {
    const int64_t first = tile % pieces * kTileElements, count = std::min(kTileElements, inner - first);
    const int64_t begin = tile / pieces * lines;
    for (int64_t line = begin; line < std::min(outer, begin + lines); ++line) body(nest.offsets(line), first, count);
  });
}

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};
struct Bool {
  uint8_t value;
};

float bits_to_float(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint32_t float_to_bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
  if (exponent == 31) return bits_to_float(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0) return bits_to_float(sign | (exponent + 112) << 23 | fraction << 13);
  const float subnormal = static_cast<float>(fraction) * 0x1p-24f;
  return sign != 0 ? -subnormal : subnormal;
}

uint16_t float_to_half(float value) {
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

uint16_t float_to_bf16(float value) {
  const uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// To f32 on the way to 16 bits: an inexact value becomes the neighbour whose last bit is odd, so that it is no tie in
// the second rounding.
float to_odd(double value) {
  const float near = static_cast<float>(value);
  if (near == value || std::isnan(value) || (float_to_bits(near) & 1) != 0) return near;
  return std::nextafter(near, near < value ? INFINITY : -INFINITY);
}

// Beyond 2^53 the lowest bits only say on which side of a tie a value lies, and one bit can say that.
float to_odd(int64_t value) {
  constexpr int64_t kExact = int64_t{1} << 53;
  if (value < -kExact || value > kExact) value = (value & ~0x7ff) | ((value & 0x7ff) != 0 ? 0x400 : 0);
  return to_odd(static_cast<double>(value));
}

// Values travel as double between float types, as int64 between integer types: both exact.
double as_double(float v) { return v; }
double as_double(double v) { return v; }
double as_double(Bf16 v) { return bits_to_float(static_cast<uint32_t>(v.bits) << 16); }
double as_double(F16 v) { return half_to_float(v.bits); }

template <class Integer>
Integer saturated(double value) {
  if (std::isnan(value)) return 0;
  constexpr double low = static_cast<double>(std::numeric_limits<Integer>::min());
  constexpr double high = static_cast<double>(std::numeric_limits<Integer>::max());
  if (value <= low) return std::numeric_limits<Integer>::min();
  return value >= high ? std::numeric_limits<Integer>::max() : static_cast<Integer>(value);
}

template <class From>
constexpr bool is_float = std::is_same_v<From, float> || std::is_same_v<From, double> || std::is_same_v<From, Bf16> ||
                          std::is_same_v<From, F16>;

template <class To, class From>
To convert(From value) {
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
    else return static_cast<To>(std::clamp<int64_t>(value, std::numeric_limits<To>::min(),
                                                    std::numeric_limits<To>::max()));
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

}  // namespace

gatun_status fill(gatun_stream* stream, const View& out, double value, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    own(stream).queue.submit([out, value, &device] {
      const Nest<1> nest({&out});
      with_type(out.dtype, [&]<class To>(To) {
        const To converted = convert<To>(value);
        for_pieces(device.workers, nest, [&](std::array<int64_t, 1> at, int64_t first, int64_t count) {
          const int64_t stride = nest.inner_stride(0);
          To* to = reinterpret_cast<To*>(out.data) + at[0] + first * stride;
          for (int64_t i = 0; i < count; ++i) to[i * stride] = converted;
        });
      });
    });
  });
}

gatun_status copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    own(stream).queue.submit([x, out, &device] {
      const Nest<2> nest({&x, &out});
      with_type(x.dtype, [&]<class From>(From) {
        with_type(out.dtype, [&]<class To>(To) {
          for_pieces(device.workers, nest, [&](std::array<int64_t, 2> at, int64_t first, int64_t count) {
            const int64_t step = nest.inner_stride(0), stride = nest.inner_stride(1);
            const From* from = reinterpret_cast<const From*>(x.data) + at[0] + first * step;
            To* to = reinterpret_cast<To*>(out.data) + at[1] + first * stride;
            if (std::is_same_v<From, To> && step == 1 && stride == 1) {
              std::memcpy(to, from, sizeof(To) * static_cast<size_t>(count));
              return;
            }
            for (int64_t i = 0; i < count; ++i) to[i * stride] = convert<To>(from[i * step]);
          });
        });
      });
    });
  });
}

gatun_status add(gatun_stream* stream, const View& a, const View& b, const View& out, gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    own(stream).queue.submit([a, b, out, &device] {
      const Nest<3> nest({&a, &b, &out});
      for_pieces(device.workers, nest, [&](std::array<int64_t, 3> at, int64_t first, int64_t count) {
        const int64_t step_a = nest.inner_stride(0), step_b = nest.inner_stride(1), step = nest.inner_stride(2);
        const float* from_a = a.f32() + at[0] + first * step_a;
        const float* from_b = b.f32() + at[1] + first * step_b;
        float* to = out.f32() + at[2] + first * step;
        if (step_a == 1 && step_b == 1 && step == 1) {
          for (int64_t i = 0; i < count; ++i) to[i] = from_a[i] + from_b[i];
        } else {
          for (int64_t i = 0; i < count; ++i) to[i * step] = from_a[i * step_a] + from_b[i * step_b];
        }
      });
    });
  });
}

}  // namespace gatun::cpu
