// SPDX-License-Identifier: Apache-2.0
// Operations on channels-last images.
#include "checks.h"

using namespace gatun;

namespace {

// One axis of a convolution.
struct Window {
  int64_t out, stride, padding, dilation;
};

// The caller's geometry of one axis, with a stride or a dilation that has no effect as 1.
Window window(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, const char* axis) {
  int64_t reach = 0, padded = 0;
  if (stride < 1 || dilation < 1) {
    fail(GATUN_SHAPE_MISMATCH, "conv2d: stride is ", stride, " and dilation ", dilation, " on axis ", axis,
         ", expected at least 1");
  }
  if (__builtin_mul_overflow(kernel - 1, dilation, &reach) || padding < 0 || padding > reach) {
    fail(GATUN_SHAPE_MISMATCH, "conv2d: padding is ", padding, " on axis ", axis,
         ", expected 0 to dilation (kernel - 1), for kernel ", kernel, " and dilation ", dilation);
  }
  if (__builtin_mul_overflow(padding, 2, &padded) || __builtin_add_overflow(padded, in, &padded) || reach >= padded) {
    fail(GATUN_SHAPE_MISMATCH, "conv2d: on axis ", axis, " a kernel of ", kernel, " cells with dilation ", dilation,
         " is larger than the padded image, ", in, " pixels and 2 x ", padding, " of padding");
  }
  const int64_t out = (padded - reach - 1) / stride + 1;
  return {out, out > 1 ? stride : 1, padding, kernel > 1 ? dilation : 1};
}

}  // namespace

extern "C" {

gatun_status gatun_conv2d(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights,
                          const gatun_tensor* bias, const gatun_conv2d_options* options, int32_t act,
                          const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 4, "x");
    const gatun_weights& w = live(weights, WeightsKind::conv2d, stream->device);
    want_shape(in, {in.shape[0], in.shape[1], in.shape[2], w.inputs}, "x");
    if (options == nullptr) fail(GATUN_INVALID_ARGUMENT, "options is NULL");
    const gatun_conv2d_options o = *options;
    if (o.struct_size != static_cast<int64_t>(sizeof o)) {
      fail(GATUN_VERSION_MISMATCH, "options has struct_size ", o.struct_size, ", expected ", sizeof o);
    }
    const Window rows = window(in.shape[1], w.kernel_h, o.stride_h, o.padding_h, o.dilation_h, "H");
    const Window columns = window(in.shape[2], w.kernel_w, o.stride_w, o.padding_w, o.dilation_w, "W");
    const View to = f32(*stream, out, "out");
    want_shape(to, {in.shape[0], rows.out, columns.out, w.outputs}, "out");
    want_apart(to, in, "x");
    const Conv2dArgs args{in.shape[0], in.shape[1], in.shape[2], rows.out, columns.out, rows.stride, columns.stride,
                          rows.padding, columns.padding, rows.dilation, columns.dilation, in.f32(), &w,
                          optional_vector(*stream, bias, w.outputs, "bias", to), product_activation(act), to.f32()};
    if (elements(to) == 0) return GATUN_OK;  // no image
    return stream->device->backend->conv2d(stream, args, inner);
  });
}

}  // extern "C"
