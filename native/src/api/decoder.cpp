// SPDX-License-Identifier: Apache-2.0
// The overlap decoder: its linear beginning in one operation, and its end.
#include "checks.h"
#include "composed.h"

using namespace gatun;

namespace {

struct Drawing {
  View x, land, out;
  const float *weight, *bias, *scale, *shift;
};

// What map_head and refine_head have in common: `channels` enter the head.
Drawing checked(gatun_stream* stream, const gatun_tensor* x, int64_t channels, const gatun_tensor* weight,
                const gatun_tensor* bias, const gatun_tensor* scale, const gatun_tensor* shift,
                const gatun_tensor* land, const gatun_tensor* out) {
  const View in = f32(*stream, x, "x");
  want_rank(in, 5, "x");
  const int64_t batch = in.shape[0], months = in.shape[1], height = in.shape[2], width = in.shape[3];
  const View dry = optional_view(*stream, land, "land", Layout::dense);
  if (dry) {
    want_dtype(dry, GATUN_BOOL, "land");
    want_shape(dry, {batch, height, width}, "land");
  }
  const View to = f32(*stream, out, "out");
  want_shape(to, {batch, months, height, width}, "out");
  want_apart(to, in, "x");
  want_apart(to, dry, "land");
  const int64_t length = channels > 0 ? channels : in.shape[4];
  return {in, dry, to, vector(*stream, weight, length, "weight", to), vector(*stream, bias, 1, "bias", to),
          vector(*stream, scale, months, "scale", to), vector(*stream, shift, months, "shift", to)};
}

}  // namespace

extern "C" {

gatun_status gatun_decoder_weights(gatun_stream* stream, const gatun_tensor* proj_weight,
                                   const gatun_tensor* proj_bias, const gatun_tensor* up_weight,
                                   const gatun_tensor* up_bias, const gatun_tensor* conv_weight,
                                   const gatun_tensor* conv_bias, int64_t stride_h, int64_t stride_w,
                                   int64_t padding_h, int64_t padding_w, int32_t precision, gatun_weights** weights,
                                   gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    if (weights == nullptr) fail(GATUN_INVALID_ARGUMENT, "weights is NULL");
    *weights = nullptr;
    const View proj = f32(live(stream), proj_weight, "proj_weight"), up = f32(*stream, up_weight, "up_weight");
    const View conv = f32(*stream, conv_weight, "conv_weight");
    want_rank(proj, 2, "proj_weight");
    want_rank(up, 4, "up_weight");
    want_rank(conv, 4, "conv_weight");
    if (elements(proj) == 0 || elements(up) == 0 || elements(conv) == 0) {
      fail(GATUN_SHAPE_MISMATCH, "decoder_weights: no weight may be empty");
    }
    const int64_t hidden = proj.shape[0], channels = up.shape[1];
    want_shape(up, {hidden, channels, up.shape[2], up.shape[3]}, "up_weight");
    want_shape(conv, {conv.shape[0], channels, 3, 3}, "conv_weight");
    gatun_weights shape;
    shape.kind = WeightsKind::decoder;
    shape.precision = precision_of(precision);
    shape.outputs = conv.shape[0];
    shape.inputs = proj.shape[1];
    shape.kernel_h = up.shape[2];
    shape.kernel_w = up.shape[3];
    want_geometry(shape.kernel_h, stride_h, padding_h, "H");
    want_geometry(shape.kernel_w, stride_w, padding_w, "W");
    shape.stride_h = stride_h;
    shape.stride_w = stride_w;
    shape.padding_h = padding_h;
    shape.padding_w = padding_w;
    want_taps(shape, 2);
    const View nothing;
    const DecoderSource source{shape.inputs, hidden, channels, proj.f32(),
                               vector(*stream, proj_bias, hidden, "proj_bias", nothing), up.f32(),
                               vector(*stream, up_bias, channels, "up_bias", nothing), conv.f32(),
                               vector(*stream, conv_bias, shape.outputs, "conv_bias", nothing)};
    const Backend& backend = *stream->device->backend;
    return backend.decoder_weights != nullptr ? backend.decoder_weights(stream, shape, source, weights, inner)
                                              : compose_decoder_weights(stream, shape, source, weights, inner);
  });
}

gatun_status gatun_decoder_prefix(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights, int32_t act,
                                  const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 4, "x");
    const gatun_weights& w = live(weights, WeightsKind::decoder, stream->device);
    want_shape(in, {in.shape[0], in.shape[1], in.shape[2], w.inputs}, "x");
    const int64_t rows = (in.shape[1] - 1) * w.stride_h - 2 * w.padding_h + w.kernel_h;
    const int64_t columns = (in.shape[2] - 1) * w.stride_w - 2 * w.padding_w + w.kernel_w;
    if (in.shape[1] < 1 || in.shape[2] < 1 || rows < 1 || columns < 1) {
      fail(GATUN_SHAPE_MISMATCH, "decoder_prefix: x has ", in.shape[1], " x ", in.shape[2],
           " patches, too few for kernel ", w.kernel_h, " x ", w.kernel_w, " with padding ", w.padding_h, ", ",
           w.padding_w);
    }
    const View to = f32(*stream, out, "out");
    want_shape(to, {in.shape[0], rows, columns, w.outputs}, "out");
    want_apart(to, in, "x");
    const DecoderPrefixArgs args{in.shape[0], in.shape[1], in.shape[2], in.f32(), &w, product_activation(act),
                                 to.f32()};
    const Backend& backend = *stream->device->backend;
    return backend.decoder_prefix != nullptr ? backend.decoder_prefix(stream, args, inner)
                                             : compose_decoder_prefix(stream, args, inner);
  });
}

gatun_status gatun_map_head(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* weight,
                            const gatun_tensor* bias, const gatun_tensor* scale, const gatun_tensor* shift,
                            const gatun_tensor* land, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const Drawing d = checked(&live(stream), x, 0, weight, bias, scale, shift, land, out);
    const MapHeadArgs args{d.x.shape[0], d.x.shape[1], d.x.shape[2], d.x.shape[3], d.x.shape[4], d.x.f32(), d.weight,
                           d.bias, d.scale, d.shift, d.land.u8(), d.out.f32()};
    if (elements(d.out) == 0) return GATUN_OK;
    return stream->device->backend->map_head(stream, args, inner);
  });
}

gatun_status gatun_refine_head(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights,
                               const gatun_tensor* conv_bias, const gatun_tensor* head_weight,
                               const gatun_tensor* head_bias, const gatun_tensor* scale, const gatun_tensor* shift,
                               const gatun_tensor* land, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const gatun_weights& w = live(weights, WeightsKind::refine, live(stream).device);
    const Drawing d = checked(stream, x, w.outputs, head_weight, head_bias, scale, shift, land, out);
    want_shape(d.x, {d.x.shape[0], d.x.shape[1], d.x.shape[2], d.x.shape[3], w.inputs}, "x");
    const RefineHeadArgs args{d.x.shape[0], d.x.shape[1], d.x.shape[2], d.x.shape[3], d.x.f32(), &w,
                              vector(*stream, conv_bias, w.outputs, "conv_bias", d.out), d.weight, d.bias, d.scale,
                              d.shift, d.land.u8(), d.out.f32()};
    const Backend& backend = *stream->device->backend;
    return backend.refine_head != nullptr ? backend.refine_head(stream, args, inner)
                                          : compose_refine_head(stream, args, inner);
  });
}

}  // extern "C"
