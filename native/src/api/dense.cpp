// SPDX-License-Identifier: Apache-2.0
// Normalisation, products and attention on dense rows.
#include "checks.h"

using namespace gatun;

namespace {

void want_dense_rows(const View& view, const char* name) {
  if (view.shape[2] > 1 && view.stride[2] != 1) {
    fail(GATUN_SHAPE_MISMATCH, name, " has strides ", shape_text(view.stride, view.rank),
         "; its last axis must be dense. Copy it first.");
  }
}

// [B, N, E] f32 with a dense last axis.
View tokens(const gatun_stream& stream, const gatun_tensor* tensor, const char* name) {
  const View result = view(stream, tensor, name, Layout::strided);
  want_dtype(result, GATUN_F32, name);
  want_rank(result, 3, name);
  want_dense_rows(result, name);
  return result;
}

// The stride of an axis of one counts for nothing, whatever a view says.
int64_t stride_of(const View& view, int axis) { return view.shape[axis] == 1 ? 0 : view.stride[axis]; }

TokenView rows(const View& view) { return {view.f32(), stride_of(view, 0), stride_of(view, 1)}; }

void want_mask(const View& mask, int64_t batch, int64_t queries, int64_t keys) {
  if (mask.dtype != GATUN_BOOL && mask.dtype != GATUN_U8) {
    fail(GATUN_UNSUPPORTED_DTYPE, "mask is ", dtype_name(mask.dtype), ", expected bool or uint8");
  }
  want_rank(mask, 3, "mask");
  if ((mask.shape[0] != 1 && mask.shape[0] != batch) || (mask.shape[1] != 1 && mask.shape[1] != queries) ||
      mask.shape[2] != keys) {
    fail(GATUN_SHAPE_MISMATCH, "mask has shape ", shape_text(mask.shape, mask.rank), ", expected [", batch,
         " or 1, ", queries, " or 1, ", keys, "]");
  }
  want_dense_rows(mask, "mask");
}

}  // namespace

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
    if (elements(to) == 0) return GATUN_OK;
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

gatun_status gatun_attention(gatun_stream* stream, const gatun_tensor* query, const gatun_tensor* key,
                             const gatun_tensor* value, const gatun_tensor* mask, int64_t heads, int32_t precision,
                             const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View q = tokens(live(stream), query, "query"), k = tokens(*stream, key, "key");
    const View v = tokens(*stream, value, "value"), allowed = optional_view(*stream, mask, "mask", Layout::strided);
    const View to = f32(*stream, out, "out");
    const int64_t batch = q.shape[0], queries = q.shape[1], keys = k.shape[1], embed = q.shape[2];
    if (heads < 1 || embed % heads != 0) {
      fail(GATUN_SHAPE_MISMATCH, "query has ", embed, " columns for ", heads, " heads; expected a multiple");
    }
    want_shape(k, {batch, keys, embed}, "key");
    want_shape(v, {batch, keys, embed}, "value");
    want_shape(to, {batch, queries, embed}, "out");
    if (allowed) want_mask(allowed, batch, queries, keys);
    want_apart(to, q, "query");
    want_apart(to, k, "key");
    want_apart(to, v, "value");
    want_apart(to, allowed, "mask");
    const AttentionArgs args{batch, queries, keys, embed, heads, precision_of(precision), rows(q), rows(k), rows(v),
                             allowed.u8(), stride_of(allowed, 0), stride_of(allowed, 1), to.f32()};
    if (elements(to) == 0) return GATUN_OK;
    // A stride of 0 makes any number of keys from a few bytes; what they are arranged in must be countable.
    constexpr int64_t kMostNumbers = int64_t{1} << 44;
    if (elements(k) > kMostNumbers) {
      fail(GATUN_SHAPE_MISMATCH, "key has ", elements(k), " numbers, expected at most ", kMostNumbers);
    }
    if (keys == 0) fail(GATUN_SHAPE_MISMATCH, "attention: ", queries, " queries have no key, expected at least one");
    return stream->device->backend->attention(stream, args, inner);
  });
}

}  // extern "C"
