// SPDX-License-Identifier: Apache-2.0
// An activation of each element. 8 bytes and 1 (ReLU) to some 30 FLOP an element: bound by memory where the data are
// not in a cache.
#include "activation.h"
#include "tables.h"

namespace gatun::cpu::GATUN_NS {

namespace {

constexpr int64_t kTileElements = 1 << 14;
constexpr int64_t kTogether = 3;  // as many as gelu() takes through its steps together

int64_t no_floats(const ActivateArgs&) { return 0; }

int64_t tiles(const ActivateArgs& args, int) { return (args.count + kTileElements - 1) / kTileElements; }

template <class Function>
inline __attribute__((always_inline)) void each(const float* x, int64_t count, float* out, const Function& function) {
  for (int64_t i = 0; i < count; i += kTogether * kWidth) {
    Vec values[kTogether];
#pragma GCC unroll 3
    for (int64_t v = 0; v < kTogether; ++v) {
      const int64_t left = count - i - v * kWidth;
      values[v] = left > 0 ? load_up_to(x + i + v * kWidth, left) : splat(0.0f);
    }
    function(values);
#pragma GCC unroll 3
    for (int64_t v = 0; v < kTogether; ++v) {
      const int64_t left = count - i - v * kWidth;
      if (left > 0) store_up_to(out + i + v * kWidth, values[v], left);
    }
  }
}

template <class Function>
inline __attribute__((always_inline)) void each_vector(const float* x, int64_t count, float* out,
                                                       const Function& function) {
  each(x, count, out, [&](Vec(&values)[kTogether]) __attribute__((always_inline)) {
#pragma GCC unroll 3
    for (Vec& value : values) value = function(value);
  });
}

void tile(const ActivateArgs& args, const TileContext&, int, int64_t index) {
  const int64_t first = index * kTileElements, count = min(kTileElements, args.count - first);
  const float* x = args.x + first;
  float* out = args.out + first;
  switch (args.activation) {
    case GATUN_ACT_GELU: return each(x, count, out, [](Vec(&values)[kTogether]) { gelu(values); });
    case GATUN_ACT_RELU: return each_vector(x, count, out, [](Vec v) { return relu(v); });
    case GATUN_ACT_SIGMOID: return each_vector(x, count, out, [](Vec v) { return sigmoid(v); });
    case GATUN_ACT_TANH: return each_vector(x, count, out, [](Vec v) { return tangent(v); });
    case GATUN_ACT_SILU: return each_vector(x, count, out, [](Vec v) { return v * sigmoid(v); });
    case GATUN_ACT_SOFTPLUS: return each_vector(x, count, out, [](Vec v) { return softplus(v); });
    case GATUN_ACT_LEAKY_RELU: return each_vector(x, count, out, [](Vec v) { return leaky_relu(v); });
    case GATUN_ACT_ELU: return each_vector(x, count, out, [](Vec v) { return elu(v); });
    default: return each_vector(x, count, out, [](Vec v) { return v; });
  }
}

}  // namespace

const TiledKernel<ActivateArgs> kActivate = {1, no_floats, no_floats, tiles, tile};

}  // namespace gatun::cpu::GATUN_NS
