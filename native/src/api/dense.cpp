// SPDX-License-Identifier: Apache-2.0
// Normalisation, products and attention on dense rows.
#include "checks.h"

using namespace gatun;

extern "C" {

gatun_status gatun_layer_norm(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* residual,
                              const gatun_tensor* weight, const gatun_tensor* bias, double eps,
                              const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View add = optional_f32(*stream, residual, "residual");
    const View to = f32(*stream, out, "out");
    const int64_t width = last_extent(in, "x");
    if (add) want_like(add, in, "residual", "x");
    want_like(to, in, "out", "x");
    if (to.data != in.data) want_apart(to, in, "x");
    if (add && to.data != add.data) want_apart(to, add, "residual");
    const LayerNormArgs args{rows_of(in), width, in.f32(), add.f32(), vector(*stream, weight, width, "weight", to),
                             vector(*stream, bias, width, "bias", to), eps_of(eps), to.f32()};
    return stream->device->backend->layer_norm(stream, args, inner);
  });
}

gatun_status gatun_group_norm(gatun_stream* stream, const gatun_tensor* x, int64_t groups, const gatun_tensor* weight,
                              const gatun_tensor* bias, double eps, int32_t act, const gatun_tensor* out,
                              gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View to = f32(*stream, out, "out");
    want_rank(in, 3, "x");
    const int64_t channels = in.shape[2];
    want_like(to, in, "out", "x");
    if (to.data != in.data) want_apart(to, in, "x");
    if (groups < 1 || channels % groups != 0) {
      fail(GATUN_SHAPE_MISMATCH, "group_norm: x has ", channels, " channels for ", groups,
           " groups, expected a multiple");
    }
    const GroupNormArgs args{in.shape[0], in.shape[1], channels, groups, in.f32(),
                             vector(*stream, weight, channels, "weight", to),
                             vector(*stream, bias, channels, "bias", to), eps_of(eps),
                             activation_among(act, {GATUN_ACT_NONE, GATUN_ACT_GELU, GATUN_ACT_SILU}, "group_norm"),
                             to.f32()};
    if (elements(to) == 0) return GATUN_OK;
    return stream->device->backend->group_norm(stream, args, inner);
  });
}

gatun_status gatun_linear(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights,
                          const gatun_tensor* bias, int32_t act, const gatun_tensor* residual,
                          const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const gatun_weights& matrix = live(weights, WeightsKind::linear, stream->device);
    const View add = optional_f32(*stream, residual, "residual");
    const View to = f32(*stream, out, "out");
    if (last_extent(in, "x") != matrix.inputs) {
      fail(GATUN_SHAPE_MISMATCH, "x has shape ", shape_text(in.shape, in.rank), ", its last axis must be ",
           matrix.inputs, " for a weight of [", matrix.outputs, ", ", matrix.inputs, "]");
    }
    if (last_extent(to, "out") != matrix.outputs || rows_of(to) != rows_of(in)) {
      fail(GATUN_SHAPE_MISMATCH, "out has shape ", shape_text(to.shape, to.rank), ", expected ", rows_of(in),
           " rows of ", matrix.outputs);
    }
    if (add) {
      want_like(add, to, "residual", "out");
      want_apart(to, add, "residual");
    }
    want_apart(to, in, "x");
    const LinearArgs args{rows_of(in), in.f32(), &matrix, optional_vector(*stream, bias, matrix.outputs, "bias", to),
                          product_activation(act), add.f32(), to.f32()};
    return stream->device->backend->linear(stream, args, inner);
  });
}

gatun_status gatun_attention(gatun_stream* stream, const gatun_tensor* qkv, int64_t heads, int32_t precision,
                             const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), qkv, "qkv");
    const View to = f32(*stream, out, "out");
    want_rank(in, 3, "qkv");
    const int64_t embed = in.shape[2] / 3;
    if (heads < 1 || in.shape[2] % 3 != 0 || embed % heads != 0) {
      fail(GATUN_SHAPE_MISMATCH, "qkv has ", in.shape[2], " columns for ", heads,
           " heads; expected 3 E with E a multiple of the heads");
    }
    want_shape(to, {in.shape[0], in.shape[1], embed}, "out");
    want_apart(to, in, "qkv");
    const AttentionArgs args{in.shape[0], in.shape[1], embed, heads, precision_of(precision), in.f32(),
                             to.f32()};
    return stream->device->backend->attention(stream, args, inner);
  });
}

}  // extern "C"
