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

// Backends copy the images with their padding: those must have a number of bytes.
void want_padded(const View& in, const Window& rows, const Window& columns) {
  int64_t bytes = 4;
  if (__builtin_mul_overflow(bytes, in.shape[0], &bytes) || __builtin_mul_overflow(bytes, in.shape[3], &bytes) ||
      __builtin_mul_overflow(bytes, in.shape[1] + 2 * rows.padding, &bytes) ||
      __builtin_mul_overflow(bytes, in.shape[2] + 2 * columns.padding, &bytes)) {
    fail(GATUN_SHAPE_MISMATCH, "conv2d: padding of ", rows.padding, " and ", columns.padding, " around ", in.shape[1],
         " x ", in.shape[2], " pixels makes images of more bytes than 64 bits count");
  }
}

// Images and what becomes of them, of the same batch and channels.
struct Pair {
  View in, to;
};

Pair images(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* out) {
  const Pair pair{f32(live(stream), x, "x"), f32(*stream, out, "out")};
  want_rank(pair.in, 4, "x");
  want_rank(pair.to, 4, "out");
  want_shape(pair.to, {pair.in.shape[0], pair.to.shape[1], pair.to.shape[2], pair.in.shape[3]}, "out");
  want_apart(pair.to, pair.in, "x");
  return pair;
}

// The step between samples in pixels of x, in torch's f32.
float step_of(int64_t in, int64_t out, bool align_corners, double scale, const char* axis) {
  if (in < 1 || out < 1) {
    fail(GATUN_SHAPE_MISMATCH, "resize2d: ", in, " pixels on axis ", axis, " are to become ", out,
         ", expected at least 1");
  }
  if (!(scale >= 0) || (scale > 0 && !(static_cast<double>(out) / scale < 0x1p40))) {
    fail(GATUN_INVALID_ARGUMENT, "resize2d: the scale of axis ", axis, " is ", scale,
         ", expected 0 (by the extents) or a factor of size");
  }
  if (align_corners) return out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
  return scale > 0 ? static_cast<float>(1 / scale) : static_cast<float>(in) / static_cast<float>(out);
}

// The borders of one axis, at most as wide as the mode has pixels for.
void want_border(int64_t before, int64_t extent, int64_t out, int32_t mode, const char* axis) {
  const int64_t most = mode == GATUN_PAD_REFLECT     ? extent - 1
                       : mode == GATUN_PAD_CIRCULAR  ? extent
                       : mode == GATUN_PAD_CONSTANT || extent > 0 ? INT64_MAX
                                                                  : 0;
  int64_t after = 0;
  if (__builtin_sub_overflow(out - extent, before, &after)) after = before > 0 ? INT64_MIN : INT64_MAX;
  if (before < 0 || after < 0 || before > most || after > most) {
    fail(GATUN_SHAPE_MISMATCH, "pad2d: axis ", axis, " gets borders of ", before, " and ", after, " around ", extent,
         " pixels, expected 0 to ", most, " in this mode");
  }
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
    want_padded(in, rows, columns);
    return stream->device->backend->conv2d(stream, args, inner);
  });
}

gatun_status gatun_resize2d(gatun_stream* stream, const gatun_tensor* x, int32_t mode, int32_t align_corners,
                            double scale_h, double scale_w, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const auto [in, to] = images(stream, x, out);
    if (mode < GATUN_RESIZE_NEAREST || mode > GATUN_RESIZE_AREA) {
      fail(GATUN_INVALID_ARGUMENT, "mode ", mode, " is none of gatun_resize_mode");
    }
    const bool smooth = mode == GATUN_RESIZE_BILINEAR || mode == GATUN_RESIZE_BICUBIC;
    if (align_corners < 0 || align_corners > 1 || (align_corners == 1 && !smooth)) {
      fail(GATUN_INVALID_ARGUMENT, "resize2d: align_corners is ", align_corners,
           ", expected 0, or 1 with bilinear and bicubic");
    }
    if (mode == GATUN_RESIZE_AREA && (scale_h != 0 || scale_w != 0)) {
      fail(GATUN_INVALID_ARGUMENT, "resize2d: area has the scales ", scale_h, ", ", scale_w, ", expected 0");
    }
    const Resize2dArgs args{in.shape[0], in.shape[1], in.shape[2], in.shape[3], to.shape[1], to.shape[2], mode,
                            align_corners == 1, step_of(in.shape[1], to.shape[1], align_corners == 1, scale_h, "H"),
                            step_of(in.shape[2], to.shape[2], align_corners == 1, scale_w, "W"), in.f32(), to.f32()};
    if (elements(to) == 0) return GATUN_OK;
    return stream->device->backend->resize2d(stream, args, inner);
  });
}

gatun_status gatun_max_pool2d(gatun_stream* stream, const gatun_tensor* x, int64_t kernel_h, int64_t kernel_w,
                              int64_t stride_h, int64_t stride_w, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const auto [in, to] = images(stream, x, out);
    if (kernel_h < 1 || kernel_w < 1 || kernel_h > in.shape[1] || kernel_w > in.shape[2] || stride_h < 1 ||
        stride_w < 1) {
      fail(GATUN_SHAPE_MISMATCH, "max_pool2d: kernel ", kernel_h, " x ", kernel_w, " and strides ", stride_h, ", ",
           stride_w, " on ", in.shape[1], " x ", in.shape[2],
           " pixels; expected kernels of 1 to the extent and strides of at least 1");
    }
    const int64_t rows = (in.shape[1] - kernel_h) / stride_h + 1, columns = (in.shape[2] - kernel_w) / stride_w + 1;
    want_shape(to, {in.shape[0], rows, columns, in.shape[3]}, "out");
    if (elements(to) == 0) return GATUN_OK;
    const MaxPool2dArgs args{in.shape[0], in.shape[1], in.shape[2], in.shape[3], rows, columns, kernel_h, kernel_w,
                             rows > 1 ? stride_h : 1, columns > 1 ? stride_w : 1, in.f32(), to.f32()};
    return stream->device->backend->max_pool2d(stream, args, inner);
  });
}

gatun_status gatun_pad2d(gatun_stream* stream, const gatun_tensor* x, int64_t top, int64_t left, int32_t mode,
                         double value, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const auto [in, to] = images(stream, x, out);
    if (mode < GATUN_PAD_CONSTANT || mode > GATUN_PAD_CIRCULAR) {
      fail(GATUN_INVALID_ARGUMENT, "mode ", mode, " is none of gatun_pad_mode");
    }
    want_border(top, in.shape[1], to.shape[1], mode, "H");
    want_border(left, in.shape[2], to.shape[2], mode, "W");
    if (elements(to) == 0) return GATUN_OK;
    const Pad2dArgs args{in.shape[0], in.shape[1], in.shape[2], in.shape[3], to.shape[1], to.shape[2], top, left,
                         mode, static_cast<float>(value), in.f32(), to.f32()};
    return stream->device->backend->pad2d(stream, args, inner);
  });
}

}  // extern "C"
