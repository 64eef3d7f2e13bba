// SPDX-License-Identifier: Apache-2.0
#include "checks.h"
#include "composed.h"

using namespace gatun;

namespace {

gatun_status create(gatun_stream* stream, const View& source, const gatun_weights& shape, gatun_weights** weights,
                    gatun_error* error) {
  if (weights == nullptr) fail(GATUN_INVALID_ARGUMENT, "weights is NULL");
  *weights = nullptr;
  if (elements(source) == 0) {
    fail(GATUN_SHAPE_MISMATCH, "weight has shape ", shape_text(source.shape, source.rank), "; it must not be empty");
  }
  want_taps(shape, 0);
  return stream->device->backend->weights_create(stream, shape, source.f32(), weights, error);
}

gatun_weights convolution(WeightsKind kind, const View& weight, int64_t outputs, int64_t inputs) {
  gatun_weights shape;
  shape.kind = kind;
  shape.outputs = outputs;
  shape.inputs = inputs;
  shape.kernel_h = weight.shape[2];
  shape.kernel_w = weight.shape[3];
  return shape;
}

}  // namespace

extern "C" {

gatun_status gatun_linear_weights(gatun_stream* stream, const gatun_tensor* weight, int32_t precision,
                                  gatun_weights** weights, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View source = f32(live(stream), weight, "weight");
    want_rank(source, 2, "weight");
    gatun_weights shape;
    shape.precision = precision_of(precision);
    shape.outputs = source.shape[0];
    shape.inputs = source.shape[1];
    return create(stream, source, shape, weights, inner);
  });
}

gatun_status gatun_conv2d_weights(gatun_stream* stream, const gatun_tensor* weight, int32_t precision,
                                  gatun_weights** weights, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View source = f32(live(stream), weight, "weight");
    want_rank(source, 4, "weight");
    gatun_weights shape = convolution(WeightsKind::conv2d, source, source.shape[0], source.shape[1]);
    shape.precision = precision_of(precision);
    return create(stream, source, shape, weights, inner);
  });
}

gatun_status gatun_refine_weights(gatun_stream* stream, const gatun_tensor* weight, int32_t precision,
                                  gatun_weights** weights, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View source = f32(live(stream), weight, "weight");
    want_rank(source, 4, "weight");
    want_shape(source, {source.shape[0], source.shape[1], 3, 3}, "weight");
    gatun_weights shape = convolution(WeightsKind::refine, source, source.shape[0], source.shape[1]);
    shape.precision = precision_of(precision);
    return create(stream, source, shape, weights, inner);
  });
}

gatun_status gatun_conv_transpose2d_weights(gatun_stream* stream, const gatun_tensor* weight, int64_t stride_h,
                                            int64_t stride_w, int64_t padding_h, int64_t padding_w,
                                            int32_t precision, gatun_weights** weights, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View source = f32(live(stream), weight, "weight");
    want_rank(source, 4, "weight");
    gatun_weights shape = convolution(WeightsKind::conv_transpose2d, source, source.shape[1], source.shape[0]);
    shape.precision = precision_of(precision);
    want_geometry(shape.kernel_h, stride_h, padding_h, "H");
    want_geometry(shape.kernel_w, stride_w, padding_w, "W");
    shape.stride_h = stride_h;
    shape.stride_w = stride_w;
    shape.padding_h = padding_h;
    shape.padding_w = padding_w;
    return create(stream, source, shape, weights, inner);
  });
}

gatun_status gatun_weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    if (weights == nullptr) return GATUN_OK;
    live(weights, weights->kind, live(stream).device);
    const Backend& backend = *stream->device->backend;
    return weights->kind == WeightsKind::decoder && backend.decoder_weights == nullptr
               ? compose_decoder_weights_free(weights, stream, inner)
               : backend.weights_free(weights, stream, inner);
  });
}

}  // extern "C"
