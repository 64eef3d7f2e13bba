// SPDX-License-Identifier: Apache-2.0
// The decoder's linear beginning as one gather product (decoder_fold.cu makes its weights), GELU in the epilogue.
// 2 E O ((k + 2) / s)^2 FLOP and 4 (E / s^2 + O) bytes a pixel: bound by the matrix units.
#include "activation.h"
#include "decoder_layout.h"
#include "operations.h"
#include "transposed_tile.h"

namespace gatun::cuda {

namespace {

struct FoldedOutput {
  const float *tap_bias, *bias, *whole_bias;
  float* out;
  int32_t activation;
  bool pairs;

  GATUN_DEVICE void put(const TransposedProblem& p, const TransposedPair& pair, const Place& place, int64_t pixel,
                        int64_t column, float value, float next) const {
    if (column >= p.outputs) return;
    float* to = out + pixel * p.outputs + column;
    const float first = finished(p, pair, place, column, value);
    if (column + 1 >= p.outputs) {
      *to = first;
      return;
    }
    const float second = finished(p, pair, place, column + 1, next);
    if (pairs) {
      *reinterpret_cast<Float2*>(to) = {{first, second}};
    } else {
      to[0] = first;
      to[1] = second;
    }
  }

  GATUN_DEVICE float finished(const TransposedProblem& p, const TransposedPair& pair, const Place& place,
                              int64_t column, float value) const {
    const int above = place.y - pair.rows.taps + 1, left = place.x - pair.columns.taps + 1;
    const bool whole = above >= 0 && place.y < p.plane.rows.inputs && left >= 0 && place.x < p.plane.columns.inputs;
    value += whole ? whole_bias[pair.index * p.outputs + column] : bias_of_existing(p, pair, place, column);
    return finish_product(activation, value);
  }

  GATUN_APART float bias_of_existing(const TransposedProblem& p, const TransposedPair& pair, const Place& place,
                                     int64_t column) const {
    float sum = bias[pair.index * p.outputs + column];
    const float* taps = tap_bias + pair.taps_before * p.outputs + column;
    for (int tap = 0; tap < pair.taps(); ++tap) {
      const int y = place.y - tap / pair.columns.taps, x = place.x - tap % pair.columns.taps;
      if (y >= 0 && y < p.plane.rows.inputs && x >= 0 && x < p.plane.columns.inputs) sum += taps[tap * p.outputs];
    }
    return sum;
  }
};

}  // namespace

gatun_status decoder_prefix(gatun_stream* stream, const DecoderPrefixArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    const int64_t rows = (args.height - 1) * w.stride_h - 2 * w.padding_h + w.kernel_h;
    const int64_t columns = (args.width - 1) * w.stride_w - 2 * w.padding_w + w.kernel_w;
    want_image("decoder_prefix", args.batch, rows, columns);
    const TransposedPlane plane = plane_of(w, args.height, args.width, rows, columns);
    const bool wide = whole_lines(w) && aligned(args.x);
    with_precision(w.precision, [&]<class Precision>(Precision) {
      const auto layout = DecoderLayout::of<typename Precision::Element>(w, plane);
      const FoldedOutput output{layout.tap_bias(w.memory), layout.bias(w.memory), layout.whole_bias(w.memory), args.out,
                                args.activation,
                                w.outputs % 2 == 0 && reinterpret_cast<uintptr_t>(args.out) % 8 == 0};
      for (bool borders : {false, true}) {
        launch_transposed<Precision>(stream, "decoder_prefix",
                                     {args.x, w.memory, args.batch, w.outputs, static_cast<int>(w.inputs), plane, borders},
                                     output, wide);
      }
    });
  });
}

}  // namespace gatun::cuda
