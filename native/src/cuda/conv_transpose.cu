// SPDX-License-Identifier: Apache-2.0
// Overlap-aware transposed convolution in gather form, any stride, kernel >= stride and padding: each output sums the
// patches that reach it, nothing is scattered. 2 P O I (k / s)^2 FLOP for P output pixels, 4 P (I / s^2 + O) bytes:
// bound by the matrix units, by memory for few inputs.
#include "dense_output.h"
#include "operations.h"
#include "transposed_tile.h"

namespace gatun::cuda {

namespace {

struct PlainOutput {
  DenseOutput dense;

  GATUN_DEVICE void put(const TransposedProblem& p, const TransposedPair&, const Place&, int64_t pixel, int64_t column,
                        float value, float next) const {
    dense.put(pixel * p.outputs, column, value, next);
  }
};

}  // namespace

gatun_status conv_transpose2d(gatun_stream* stream, const ConvTranspose2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    const auto& w = static_cast<const DeviceWeights&>(*args.weights);
    want_image("conv_transpose2d", args.batch, args.out_height, args.out_width);
    const TransposedProblem problem{args.x, w.memory, args.batch, w.outputs, static_cast<int>(w.inputs),
                                    plane_of(w, args.height, args.width, args.out_height, args.out_width), false};
    const PlainOutput output{{args.bias, nullptr, args.out, w.outputs, false}};
    const bool wide = whole_lines(w) && aligned(args.x);
    with_precision(w.precision, [&]<class Precision>(Precision) {
      launch_transposed<Precision>(stream, "conv_transpose2d", problem, output, wide);
    });
  });
}

}  // namespace gatun::cuda
