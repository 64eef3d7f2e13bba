// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

using namespace gatun;

extern "C" {

gatun_status gatun_conv2d(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights,
                          const gatun_tensor* bias, int64_t padding, int32_t act, const gatun_tensor* out,
                          gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 4, "x");
    const gatun_weights& w = live(weights, WeightsKind::conv2d, stream->device);
    want_shape(in, {in.shape[0], in.shape[1], in.shape[2], w.inputs}, "x");
    if (padding < 0 || padding >= w.kernel_h || padding >= w.kernel_w) {
      fail(GATUN_SHAPE_MISMATCH, "conv2d: padding is ", padding, ", expected 0 to less than the kernel ", w.kernel_h,
           " x ", w.kernel_w);
    }
    const int64_t rows = in.shape[1] + 2 * padding - w.kernel_h + 1;
    const int64_t columns = in.shape[2] + 2 * padding - w.kernel_w + 1;
    if (rows < 1 || columns < 1) {
      fail(GATUN_SHAPE_MISMATCH, "conv2d: kernel ", w.kernel_h, " x ", w.kernel_w, " is larger than the padded image ",
           in.shape[1] + 2 * padding, " x ", in.shape[2] + 2 * padding);
    }
    const View to = f32(*stream, out, "out");
    want_shape(to, {in.shape[0], rows, columns, w.outputs}, "out");
    want_apart(to, in, "x");
    const Conv2dArgs args{in.shape[0], in.shape[1], in.shape[2], padding, in.f32(), &w,
                          optional_vector(*stream, bias, w.outputs, "bias", to), activation(act), to.f32()};
    return stream->device->backend->conv2d(stream, args, inner);
  });
}

}  // extern "C"
