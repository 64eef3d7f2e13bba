// SPDX-License-Identifier: Apache-2.0
// Weights in the order of our kernels: rows of [output][tap][input], the sum's index innermost, as the fragments of the
// matrix units want it; transposed convolutions by pairs of classes (transposed.h). Elements by precision: f32 (strict),
// f32 rounded to tf32 (fast), bf16 (reduced). Packing reads 4 bytes and writes 4 or 2 an element.
#include "operations.h"
#include "packed_element.h"
#include "transposed.h"

#include <memory>

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;

// out[o][tap][i] = source[o][i][tap].
template <class Packed>
GATUN_KERNEL(kThreads)
pack_taps(const float* source, int64_t outputs, int64_t inputs, int64_t taps, typename Packed::Element* out) {
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at >= outputs * inputs * taps) return;
  const int64_t input = at % inputs, tap = at / inputs % taps, output = at / inputs / taps;
  out[at] = Packed::of(source[(output * inputs + input) * taps + tap]);
}

// One pair of phases a block row: out[o][tap][i] = source[i][o][cell of the tap].
template <class Packed>
GATUN_KERNEL(kThreads)
pack_phases(const float* source, int64_t outputs, int64_t inputs, TransposedPlane plane, typename Packed::Element* out) {
  const int row_phase = static_cast<int>(block_index<1>()) / plane.columns.stride;
  const int column_phase = static_cast<int>(block_index<1>()) % plane.columns.stride;
  const int across = plane.columns.taps(column_phase), taps = plane.rows.taps(row_phase) * across;
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at >= outputs * inputs * taps) return;
  const int64_t input = at % inputs, tap = at / inputs % taps, output = at / inputs / taps;
  const int64_t row = plane.rows.cell(row_phase) + tap / across * plane.rows.stride;
  const int64_t column = plane.columns.cell(column_phase) + tap % across * plane.columns.stride;
  const int64_t from = ((input * outputs + output) * plane.rows.kernel + row) * plane.columns.kernel + column;
  out[plane.taps_before(row_phase, column_phase) * outputs * inputs + at] = Packed::of(source[from]);
}

template <class Packed>
void pack(gatun_stream* stream, const gatun_weights& shape, const float* source, typename Packed::Element* out) {
  const int64_t cells = shape.kernel_h * shape.kernel_w;
  if (shape.kind != WeightsKind::conv_transpose2d) {
    launch(stream, "pack", pack_taps<Packed>, {blocks_for(shape.outputs * shape.inputs * cells, kThreads)}, kThreads, 0,
           source, shape.outputs, shape.inputs, cells, out);
    return;
  }
  const TransposedPlane plane = plane_of(shape, 1, 1, 1, 1);
  const int64_t most = blocks_for(shape.kernel_h, shape.stride_h) * blocks_for(shape.kernel_w, shape.stride_w);
  launch(stream, "pack", pack_phases<Packed>,
         {blocks_for(shape.outputs * shape.inputs * most, kThreads), shape.stride_h * shape.stride_w}, kThreads, 0,
         source, shape.outputs, shape.inputs, plane, out);
}

}  // namespace

gatun_status weights_create(gatun_stream* stream, const gatun_weights& shape, const float* source,
                            gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    auto made = std::make_unique<DeviceWeights>();
    static_cast<gatun_weights&>(*made) = shape;
    made->device = stream->device;
    const int64_t count = shape.outputs * shape.inputs * shape.kernel_h * shape.kernel_w;
    with_packed(shape.precision, [&]<class Packed>(Packed) {
      using Element = typename Packed::Element;
      Scratch memory(stream, count * static_cast<int64_t>(sizeof(Element)));
      pack<Packed>(stream, shape, source, memory.template as<Element>());
      made->memory = memory.release();
    });
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
