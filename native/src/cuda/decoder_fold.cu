// SPDX-License-Identifier: Apache-2.0
// Folds a decoder's linear beginning when its weights are loaded: the projection into the transposed convolution, both
// into the 3x3, for each pair of classes of outputs (transposed.h). Sums in double, once for a model: 0.3 + 2.4 GFLOP
// for the default decoder (E 128, hidden 256, kernel 6).
#include "decoder_layout.h"
#include "operations.h"
#include "packed_element.h"

#include <memory>

namespace gatun::cuda {

namespace {

constexpr int kThreads = 256;
constexpr int kCells = 9;

// projected[cell][channel][e], e <= embed, the last one the projection's bias.
GATUN_KERNEL(kThreads) project(DecoderSource source, int64_t cells, float* projected) {
  const int64_t inputs = source.embed + 1, at = block_index<0>() * kThreads + thread_index();
  if (at >= cells * source.channels * inputs) return;
  const int64_t e = at % inputs, channel = at / inputs % source.channels, cell = at / inputs / source.channels;
  double sum = 0;
  for (int64_t h = 0; h < source.hidden; ++h) {
    const double proj = e < source.embed ? source.proj_weight[h * source.embed + e] : source.proj_bias[h];
    sum += proj * source.up_weight[(h * source.channels + channel) * cells + cell];
  }
  projected[at] = static_cast<float>(sum);
}

// One pair of classes a block row. Folded cell (u, v) is the sum over the 3x3's taps (a, b) of cell (u - 2 + a,
// v - 2 + b) times tap (a, b).
template <class Packed>
GATUN_KERNEL(kThreads)
fold(DecoderLayout layout, DecoderSource source, const float* projected, char* memory) {
  const TransposedAxis &down = layout.plane.rows, &across = layout.plane.columns;
  const int row_class = static_cast<int>(block_index<1>()) / across.classes();
  const int column_class = static_cast<int>(block_index<1>()) % across.classes();
  if (!down.exists(row_class) || !across.exists(column_class)) return;
  const int64_t inputs = source.embed + 1, taps = down.taps(row_class) * across.taps(column_class);
  const int64_t at = block_index<0>() * kThreads + thread_index();
  if (at >= layout.outputs * taps * inputs) return;
  const int64_t e = at % inputs, tap = at / inputs % taps, output = at / inputs / taps;
  const int u = down.cell(row_class) + static_cast<int>(tap) / across.taps(column_class) * down.stride;
  const int v = across.cell(column_class) + static_cast<int>(tap) % across.taps(column_class) * across.stride;
  const int kernel_h = down.kernel - 2, kernel_w = across.kernel - 2;
  double sum = 0;
  for (int cell = 0; cell < kCells; ++cell) {
    const int a = cell / 3, b = cell % 3, i = u - 2 + a, j = v - 2 + b;
    if (i < 0 || i >= kernel_h || j < 0 || j >= kernel_w || !down.takes_part(row_class, a) ||
        !across.takes_part(column_class, b)) {
      continue;
    }
    const float* from = projected + (i * kernel_w + j) * source.channels * inputs + e;
    const float* conv = source.conv_weight + output * source.channels * kCells + cell;
    for (int64_t c = 0; c < source.channels; ++c) sum += static_cast<double>(conv[c * kCells]) * from[c * inputs];
  }
  const int64_t before = layout.plane.taps_before(row_class, column_class);
  if (e == source.embed) {
    layout.tap_bias(memory)[(before + tap) * layout.outputs + output] = static_cast<float>(sum);
  } else {
    auto* weights = reinterpret_cast<typename Packed::Element*>(memory) + before * layout.outputs * source.embed;
    weights[(output * taps + tap) * source.embed + e] = Packed::of(static_cast<float>(sum));
  }
}

GATUN_KERNEL(kThreads) fold_bias(DecoderLayout layout, DecoderSource source, char* memory) {
  const TransposedAxis &down = layout.plane.rows, &across = layout.plane.columns;
  const int64_t at = block_index<0>() * kThreads + thread_index(), pair = at / layout.outputs;
  if (pair >= layout.plane.pairs()) return;
  const int row_class = static_cast<int>(pair) / across.classes(), column_class = static_cast<int>(pair) % across.classes();
  if (!down.exists(row_class) || !across.exists(column_class)) return;
  const int64_t output = at % layout.outputs;
  double sum = source.conv_bias[output];
  for (int cell = 0; cell < kCells; ++cell) {
    if (!down.takes_part(row_class, cell / 3) || !across.takes_part(column_class, cell % 3)) continue;
    for (int64_t c = 0; c < source.channels; ++c) {
      sum += static_cast<double>(source.conv_weight[(output * source.channels + c) * kCells + cell]) * source.up_bias[c];
    }
  }
  layout.bias(memory)[at] = static_cast<float>(sum);
  const float* taps = layout.tap_bias(memory) + layout.plane.taps_before(row_class, column_class) * layout.outputs;
  const int count = down.taps(row_class) * across.taps(column_class);
  for (int tap = 0; tap < count; ++tap) sum += taps[tap * layout.outputs + output];
  layout.whole_bias(memory)[at] = static_cast<float>(sum);
}

}  // namespace

gatun_status decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                             gatun_weights** weights, gatun_error* error) {
  return guard(error, [&] {
    auto made = std::make_unique<DeviceWeights>();
    static_cast<gatun_weights&>(*made) = shape;
    made->device = stream->device;
    const TransposedPlane plane = plane_of(shape, 1, 1, 1, 1);
    const int64_t cells = shape.kernel_h * shape.kernel_w, inputs = source.embed + 1;
    const Scratch projected(stream, cells * source.channels * inputs * 4);
    launch(stream, "project", project, {blocks_for(cells * source.channels * inputs, kThreads)}, kThreads, 0, source,
           cells, projected.as<float>());
    const int64_t most = blocks_for(plane.rows.kernel, plane.rows.stride) * blocks_for(plane.columns.kernel, plane.columns.stride);
    with_packed(shape.precision, [&]<class Packed>(Packed) {
      const auto layout = DecoderLayout::of<typename Packed::Element>(shape, plane);
      Scratch memory(stream, layout.bytes());
      launch(stream, "fold", fold<Packed>, {blocks_for(shape.outputs * most * inputs, kThreads), plane.pairs()},
             kThreads, 0, layout, source, projected.as<float>(), memory.as<char>());
      launch(stream, "fold_bias", fold_bias, {blocks_for(plane.pairs() * shape.outputs, kThreads)}, kThreads, 0, layout,
             source, memory.as<char>());
      made->memory = memory.release();
    });
    *weights = made.release();
  });
}

}  // namespace gatun::cuda
