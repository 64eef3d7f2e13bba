// SPDX-License-Identifier: Apache-2.0
// Fill, strided copy with conversion, and arithmetic of two views with repeated axes: a few bytes an element and at
// most one FLOP, bound by memory. The innermost axis runs in a plain loop that the compiler vectorises where strides
// are 1 or 0.
#include "device.h"

#include "../convert.h"
#include "../nest.h"
#include "../status.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace gatun::cpu {

namespace {

using dtype::convert;
using dtype::with_type;

constexpr int64_t kTileElements = 1 << 15;

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

// Calls body with a gatun_binary_op as a function of two floats.
template <class Body>
void with_operation(int32_t op, const Body& body) {
  switch (op) {
    case GATUN_ADD: return body([](float a, float b) { return a + b; });
    case GATUN_SUBTRACT: return body([](float a, float b) { return a - b; });
    case GATUN_MULTIPLY: return body([](float a, float b) { return a * b; });
    case GATUN_DIVIDE: return body([](float a, float b) { return a / b; });
    case GATUN_MAXIMUM: return body([](float a, float b) { return (a > b) | (a != a) ? a : b; });
    default: return body([](float a, float b) { return (a < b) | (a != a) ? a : b; });
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

gatun_status binary(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                    gatun_error* error) {
  return guard(error, [&] {
    CpuDevice& device = device_of(stream);
    own(stream).queue.submit([op, a, b, out, &device] {
      const Nest<3> nest({&a, &b, &out});
      with_operation(op, [&](const auto& combine) {
        for_pieces(device.workers, nest, [&](std::array<int64_t, 3> at, int64_t first, int64_t count) {
          const int64_t step_a = nest.inner_stride(0), step_b = nest.inner_stride(1), step = nest.inner_stride(2);
          const float* from_a = a.f32() + at[0] + first * step_a;
          const float* from_b = b.f32() + at[1] + first * step_b;
          float* to = out.f32() + at[2] + first * step;
          if (step_a == 1 && step_b == 1 && step == 1) {
            for (int64_t i = 0; i < count; ++i) to[i] = combine(from_a[i], from_b[i]);
          } else {
            for (int64_t i = 0; i < count; ++i) to[i * step] = combine(from_a[i * step_a], from_b[i * step_b]);
          }
        });
      });
    });
  });
}

}  // namespace gatun::cpu
