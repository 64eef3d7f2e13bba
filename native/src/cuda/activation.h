// SPDX-License-Identifier: Apache-2.0
// Activations of one element. A NaN stays one in each.
#pragma once

#include "gatun/gatun.h"
#include "lane.h"

namespace gatun::cuda {

GATUN_DEVICE float relu(float x) { return x < 0 ? 0.0f : x; }

GATUN_DEVICE float sigmoid(float x) {
  const float e = expf(-fabsf(x));
  return (x < 0 ? e : 1.0f) / (1.0f + e);
}

// Behind a product: none, GELU or ReLU.
GATUN_DEVICE float finish_product(int32_t activation, float x) {
  if (activation == GATUN_ACT_NONE) return x;
  return activation == GATUN_ACT_GELU ? gelu(x) : relu(x);
}

GATUN_DEVICE float activated(int32_t activation, float x) {
  switch (activation) {
    case GATUN_ACT_GELU: return gelu(x);
    case GATUN_ACT_RELU: return relu(x);
    case GATUN_ACT_SIGMOID: return sigmoid(x);
    case GATUN_ACT_TANH: return tanhf(x);
    case GATUN_ACT_SILU: return x * sigmoid(x);
    case GATUN_ACT_SOFTPLUS: return x > 20 ? x : log1pf(expf(x));
    case GATUN_ACT_LEAKY_RELU: return x < 0 ? 0.01f * x : x;
    case GATUN_ACT_ELU: return x < 0 ? expm1f(x) : x;
    default: return x;
  }
}

}  // namespace gatun::cuda
