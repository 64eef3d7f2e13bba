// SPDX-License-Identifier: Apache-2.0
// Weights in the order of our kernels: rows of [output][tap][input], the sum's index innermost, as the fragments of the
// matrix units want it. Elements by precision: f32 (strict), f32 rounded to tf32 (fast), bf16 (reduced).
#include "launch.h"
#include "operations.h"

#include <memory>

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;

// out[o][tap][i] = source[o][i][tap]. 4 bytes read and 4 or 2 written an element.
template <class Element, bool Tf32>
GATUN_KERNEL(kThreads)
pack_taps(const float* source, int64_t outputs, int64_t inputs, int64_t taps, Element* out) {
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at >= outputs * inputs * taps) return;
  const int64_t input = at % inputs, tap = at / inputs % taps, output = at / inputs / taps;
  const float value = source[(output * inputs + input) * taps + tap];
  out[at] = from_float<Element>(Tf32 ? as_float(to_tf32(value)) : value);
}

}  // namespace

int64_t element_bytes(int32_t precision) { return precision == GATUN_REDUCED ? 2 : 4; }

gatun_status weights_create(gatun_stream* stream, const gatun_weights& shape, const float* source,
                            gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    auto made = std::make_unique<DeviceWeights>();
    static_cast<gatun_weights&>(*made) = shape;
    made->device = stream->device;
    const int64_t taps = shape.kernel_h * shape.kernel_w, count = shape.outputs * shape.inputs * taps;
    Scratch memory(stream, count * element_bytes(shape.precision));
    const Grid grid{(count + kThreads - 1) / kThreads};
    if (shape.precision == GATUN_REDUCED) {
      launch(stream, "pack", pack_taps<Bf16, false>, grid, kThreads, 0, source, shape.outputs, shape.inputs, taps,
             memory.as<Bf16>());
    } else {
      launch(stream, "pack", shape.precision == GATUN_FAST ? pack_taps<float, true> : pack_taps<float, false>, grid,
             kThreads, 0, source, shape.outputs, shape.inputs, taps, memory.as<float>());
    }
    made->memory = memory.release();
    *weights = made.release();
  });
}

gatun_status weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error) {
  return guard(error, [&] {
    const std::unique_ptr<DeviceWeights> old(static_cast<DeviceWeights*>(weights));
    give_memory(stream, old->memory);
    retire(old->mark);
  });
}

}  // namespace gatun::cuda
