// SPDX-License-Identifier: Apache-2.0
// The three kernels the library exists for: masked-patch embedding, temporal pooling, transposed convolution.
#include "checks.h"

using namespace gatun;

namespace {

gatun_patch_embed_options checked(const gatun_patch_embed_options* options) {
  if (options == nullptr) fail(GATUN_INVALID_ARGUMENT, "options is NULL");
  if (options->struct_size != static_cast<int64_t>(sizeof(gatun_patch_embed_options))) {
    fail(GATUN_VERSION_MISMATCH, "options has struct_size ", options->struct_size, ", expected ",
         sizeof(gatun_patch_embed_options));
  }
  if (options->patch_t < 1 || options->patch_h < 1 || options->patch_w < 1) {
    fail(GATUN_SHAPE_MISMATCH, "patch is ", options->patch_t, " x ", options->patch_h, " x ", options->patch_w,
         ", expected at least 1 on each axis");
  }
  if (options->validity < GATUN_VALIDITY_NONE || options->validity > GATUN_VALIDITY_FILL) {
    fail(GATUN_INVALID_ARGUMENT, "validity ", options->validity, " is none of gatun_validity");
  }
  return *options;
}

void want_multiple(int64_t extent, int64_t patch, const char* axis) {
  if (extent % patch != 0) {
    fail(GATUN_SHAPE_MISMATCH, "patch_embed: extent ", extent, " of axis ", axis,
         " is not a multiple of the patch size ", patch, "; pad it to ", (extent / patch + 1) * patch);
  }
}

void want_out_extent(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding, const char* axis) {
  const int64_t least = (in - 1) * stride - 2 * padding + kernel;
  if (in < 1 || out < 1 || out < least || out >= least + stride) {
    fail(GATUN_SHAPE_MISMATCH, "conv_transpose2d: out has extent ", out, " on axis ", axis, ", expected ", least,
         " to ", least + stride - 1, " for ", in, " inputs, kernel ", kernel, ", stride ", stride, ", padding ",
         padding);
  }
}

}  // namespace

extern "C" {

gatun_status gatun_patch_embed(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* mask,
                               gatun_weights* weights, const gatun_tensor* bias, const gatun_tensor* norm_weight,
                               const gatun_tensor* norm_bias, const gatun_patch_embed_options* options,
                               const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 5, "x");
    const gatun_patch_embed_options chosen = checked(options);
    want_multiple(in.shape[2], chosen.patch_t, "T");
    want_multiple(in.shape[3], chosen.patch_h, "H");
    want_multiple(in.shape[4], chosen.patch_w, "W");
    const View missing = optional_view(*stream, mask, "mask", Layout::dense);
    if (static_cast<bool>(missing) != (chosen.validity == GATUN_VALIDITY_MASK)) {
      fail(GATUN_INVALID_ARGUMENT, "patch_embed: a mask goes with GATUN_VALIDITY_MASK and only with it; got ",
           missing ? "a mask" : "none", " and validity ", chosen.validity);
    }
    if (missing) {
      want_dtype(missing, GATUN_BOOL, "mask");
      want_like(missing, in, "mask", "x");
    }
    const gatun_weights& matrix = live(weights, WeightsKind::linear, stream->device);
    int64_t inputs = chosen.validity == GATUN_VALIDITY_NONE ? 1 : 2;
    bool overflow = false;
    for (int64_t factor : {in.shape[1], chosen.patch_t, chosen.patch_h, chosen.patch_w}) {
      overflow = __builtin_mul_overflow(inputs, factor, &inputs) || overflow;
    }
    if (overflow || matrix.inputs != inputs) {
      fail(GATUN_SHAPE_MISMATCH, "patch_embed: weight has ", matrix.inputs, " inputs, expected ", inputs, " for ",
           in.shape[1], " channels, patch ", chosen.patch_t, " x ", chosen.patch_h, " x ", chosen.patch_w,
           chosen.validity == GATUN_VALIDITY_NONE ? "" : " and validity channels");
    }
    if ((norm_weight == nullptr) != (norm_bias == nullptr)) {
      fail(GATUN_INVALID_ARGUMENT, "patch_embed: norm_weight and norm_bias come together or not at all");
    }
    const View to = f32(*stream, out, "out");
    const int64_t patches = (in.shape[2] / chosen.patch_t) * (in.shape[3] / chosen.patch_h) *
                            (in.shape[4] / chosen.patch_w);
    want_shape(to, {in.shape[0], patches, matrix.outputs}, "out");
    want_apart(to, in, "x");
    want_apart(to, missing, "mask");
    const PatchEmbedArgs args{in.shape[0], in.shape[1], in.shape[2], in.shape[3], in.shape[4], chosen.patch_t,
                              chosen.patch_h, chosen.patch_w, chosen.validity, chosen.fill_value, eps_of(chosen.eps),
                              in.f32(), missing.u8(), &matrix,
                              optional_vector(*stream, bias, matrix.outputs, "bias", to),
                              optional_vector(*stream, norm_weight, matrix.outputs, "norm_weight", to),
                              optional_vector(*stream, norm_bias, matrix.outputs, "norm_bias", to), to.f32()};
    return stream->device->backend->patch_embed(stream, args, inner);
  });
}

gatun_status gatun_temporal_pool(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* day_encoding,
                                 const gatun_tensor* month_encoding, const gatun_tensor* norm_weight,
                                 const gatun_tensor* norm_bias, double eps, gatun_weights* weights,
                                 const gatun_tensor* hidden_bias, const gatun_tensor* score_weight,
                                 const gatun_tensor* score_bias, const gatun_tensor* padded, const gatun_tensor* out,
                                 gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 5, "x");
    const int64_t batch = in.shape[0], months = in.shape[1], time = in.shape[2], places = in.shape[3];
    const int64_t embed = in.shape[4];
    if (time < 1) fail(GATUN_SHAPE_MISMATCH, "temporal_pool: x has no days");
    const gatun_weights& matrix = live(weights, WeightsKind::linear, stream->device);
    if (matrix.inputs != embed || matrix.outputs != embed) {
      fail(GATUN_SHAPE_MISMATCH, "temporal_pool: weight is [", matrix.outputs, ", ", matrix.inputs, "], expected [",
           embed, ", ", embed, "]");
    }
    const View day = f32(*stream, day_encoding, "day_encoding");
    want_shape(day, {time, embed}, "day_encoding");
    const View month = f32(*stream, month_encoding, "month_encoding");
    want_shape(month, {months, embed}, "month_encoding");
    const View skip = optional_view(*stream, padded, "padded", Layout::dense);
    if (skip) {
      want_dtype(skip, GATUN_BOOL, "padded");
      want_shape(skip, {batch, months, time}, "padded");
    }
    const View to = f32(*stream, out, "out");
    want_shape(to, {batch, places, months, embed}, "out");
    want_apart(to, in, "x");
    want_apart(to, day, "day_encoding");
    want_apart(to, month, "month_encoding");
    want_apart(to, skip, "padded");
    const TemporalPoolArgs args{batch, months, time, places, embed, in.f32(), day.f32(), month.f32(),
                                vector(*stream, norm_weight, embed, "norm_weight", to),
                                vector(*stream, norm_bias, embed, "norm_bias", to), eps_of(eps), &matrix,
                                vector(*stream, hidden_bias, embed, "hidden_bias", to),
                                vector(*stream, score_weight, embed, "score_weight", to),
                                vector(*stream, score_bias, 1, "score_bias", to), skip.u8(), to.f32()};
    return stream->device->backend->temporal_pool(stream, args, inner);
  });
}

gatun_status gatun_conv_transpose2d(gatun_stream* stream, const gatun_tensor* x, gatun_weights* weights,
                                    const gatun_tensor* bias, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    want_rank(in, 4, "x");
    const gatun_weights& w = live(weights, WeightsKind::conv_transpose2d, stream->device);
    const View to = f32(*stream, out, "out");
    want_rank(to, 4, "out");
    want_shape(in, {in.shape[0], in.shape[1], in.shape[2], w.inputs}, "x");
    want_shape(to, {in.shape[0], to.shape[1], to.shape[2], w.outputs}, "out");
    want_out_extent(in.shape[1], to.shape[1], w.kernel_h, w.stride_h, w.padding_h, "H");
    want_out_extent(in.shape[2], to.shape[2], w.kernel_w, w.stride_w, w.padding_w, "W");
    want_apart(to, in, "x");
    const ConvTranspose2dArgs args{in.shape[0], in.shape[1], in.shape[2], to.shape[1], to.shape[2], in.f32(), &w,
                                   optional_vector(*stream, bias, w.outputs, "bias", to), to.f32()};
    return stream->device->backend->conv_transpose2d(stream, args, inner);
  });
}

}  // extern "C"
