// SPDX-License-Identifier: Apache-2.0
// The kernels the library exists for: masked-patch embedding, temporal pooling, both in one, transposed convolution.
#include "../convert.h"
#include "checks.h"
#include "composed.h"

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

struct Packing {
  float scale, offset;
};

// How stored numbers of x become values. Only integers are packed.
Packing packing_of(const View& x, const gatun_patch_embed_options& options) {
  if (x.dtype == GATUN_F32 || x.dtype == GATUN_BF16) return {1, 0};
  if (x.dtype != GATUN_I16) {
    fail(GATUN_UNSUPPORTED_DTYPE, "x is ", dtype_name(x.dtype), ", expected float32, bfloat16 or int16");
  }
  const Packing packing{static_cast<float>(options.scale_factor), static_cast<float>(options.add_offset)};
  if (!std::isfinite(packing.scale) || packing.scale == 0 || !std::isfinite(packing.offset)) {
    fail(GATUN_INVALID_ARGUMENT, "patch_embed: x is int16 with scale_factor ", options.scale_factor,
         " and add_offset ", options.add_offset,
         ", expected finite f32 numbers and a scale other than 0 (1 and 0 where x is not packed)");
  }
  if (options.validity == GATUN_VALIDITY_NAN) {
    fail(GATUN_INVALID_ARGUMENT,
         "patch_embed: x is int16, which has no NaN; use GATUN_VALIDITY_FILL or GATUN_VALIDITY_MASK");
  }
  return packing;
}

// As it lies in x.
float fill_of(const View& x, float value) {
  return x.dtype == GATUN_BF16 ? static_cast<float>(dtype::as_double(dtype::convert<dtype::Bf16>(value))) : value;
}

// The output and the positions are to be given later: the fusion has its own checks, and no positions.
PatchEmbedArgs patch_embed_args(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* mask,
                                gatun_weights* weights, const gatun_tensor* bias, const gatun_tensor* norm_weight,
                                const gatun_tensor* norm_bias, const gatun_patch_embed_options* options,
                                const View& to) {
  const View in = view(live(stream), x, "x", Layout::dense);
  want_rank(in, 5, "x");
  const gatun_patch_embed_options chosen = checked(options);
  const Packing packing = packing_of(in, chosen);
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
  want_apart(to, in, "x");
  want_apart(to, missing, "mask");
  return {in.shape[0], in.shape[1], in.shape[2], in.shape[3], in.shape[4], chosen.patch_t, chosen.patch_h,
          chosen.patch_w, chosen.validity, fill_of(in, chosen.fill_value), eps_of(chosen.eps), packing.scale,
          packing.offset, in.dtype, in.data, missing.u8(), &matrix,
          optional_vector(*stream, bias, matrix.outputs, "bias", to),
          optional_vector(*stream, norm_weight, matrix.outputs, "norm_weight", to),
          optional_vector(*stream, norm_bias, matrix.outputs, "norm_bias", to), nullptr, GATUN_F32, nullptr};
}

struct Places {
  int64_t batch, months, time, places, embed;
};

// x is to be given by the caller, who has checked its shape: that is where `size` comes from.
TemporalPoolArgs temporal_pool_args(gatun_stream* stream, const Places& size, const gatun_tensor* day_encoding,
                                    const gatun_tensor* month_encoding, const gatun_tensor* norm_weight,
                                    const gatun_tensor* norm_bias, double eps, gatun_weights* weights,
                                    const gatun_tensor* hidden_bias, const gatun_tensor* score_weight,
                                    const gatun_tensor* score_bias, const gatun_tensor* padded, const View& to,
                                    const char* what) {
  const int64_t embed = size.embed;
  if (size.time < 1) fail(GATUN_SHAPE_MISMATCH, what, ": x has no days");
  const gatun_weights& matrix = live(weights, WeightsKind::linear, stream->device);
  if (matrix.inputs != embed || matrix.outputs != embed) {
    fail(GATUN_SHAPE_MISMATCH, what, ": weight is [", matrix.outputs, ", ", matrix.inputs, "], expected [", embed,
         ", ", embed, "]");
  }
  const View day = f32(*stream, day_encoding, "day_encoding");
  want_shape(day, {size.time, embed}, "day_encoding");
  const View month = f32(*stream, month_encoding, "month_encoding");
  want_shape(month, {size.months, embed}, "month_encoding");
  const View skip = optional_view(*stream, padded, "padded", Layout::dense);
  if (skip) {
    want_dtype(skip, GATUN_BOOL, "padded");
    want_shape(skip, {size.batch, size.months, size.time}, "padded");
  }
  want_shape(to, {size.batch, size.places, size.months, embed}, "out");
  want_apart(to, day, "day_encoding");
  want_apart(to, month, "month_encoding");
  want_apart(to, skip, "padded");
  return {size.batch, size.months, size.time, size.places, embed, nullptr, day.f32(), month.f32(),
          vector(*stream, norm_weight, embed, "norm_weight", to), vector(*stream, norm_bias, embed, "norm_bias", to),
          eps_of(eps), &matrix, vector(*stream, hidden_bias, embed, "hidden_bias", to),
          vector(*stream, score_weight, embed, "score_weight", to),
          vector(*stream, score_bias, 1, "score_bias", to), skip.u8(), to.f32()};
}

}  // namespace

extern "C" {

gatun_status gatun_patch_embed(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* mask,
                               gatun_weights* weights, const gatun_tensor* bias, const gatun_tensor* norm_weight,
                               const gatun_tensor* norm_bias, const gatun_tensor* position,
                               const gatun_patch_embed_options* options, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View to = view(live(stream), out, "out", Layout::dense);
    if (to.dtype != GATUN_F32 && to.dtype != GATUN_BF16) {
      fail(GATUN_UNSUPPORTED_DTYPE, "out is ", dtype_name(to.dtype), ", expected float32 or bfloat16");
    }
    PatchEmbedArgs args = patch_embed_args(stream, x, mask, weights, bias, norm_weight, norm_bias, options, to);
    want_shape(to, {args.batch, args.tokens(), args.weights->outputs}, "out");
    const View places = optional_f32(*stream, position, "position");
    if (places) want_shape(places, {args.tokens(), args.weights->outputs}, "position");
    want_apart(to, places, "position");
    args.position = places.f32();
    args.out_dtype = to.dtype;
    args.out = to.data;
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
    const View to = f32(*stream, out, "out");
    TemporalPoolArgs args = temporal_pool_args(
        stream, {in.shape[0], in.shape[1], in.shape[2], in.shape[3], in.shape[4]}, day_encoding, month_encoding,
        norm_weight, norm_bias, eps, weights, hidden_bias, score_weight, score_bias, padded, to, "temporal_pool");
    want_apart(to, in, "x");
    args.x = in.f32();
    return stream->device->backend->temporal_pool(stream, args, inner);
  });
}

gatun_status gatun_encode_pool(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* mask,
                               gatun_weights* patch_weights, const gatun_tensor* patch_bias,
                               const gatun_tensor* patch_norm_weight, const gatun_tensor* patch_norm_bias,
                               const gatun_patch_embed_options* options, const gatun_tensor* day_encoding,
                               const gatun_tensor* month_encoding, const gatun_tensor* norm_weight,
                               const gatun_tensor* norm_bias, double eps, gatun_weights* hidden_weights,
                               const gatun_tensor* hidden_bias, const gatun_tensor* score_weight,
                               const gatun_tensor* score_bias, const gatun_tensor* padded, const gatun_tensor* out,
                               gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View to = f32(live(stream), out, "out");
    want_rank(to, 4, "out");
    if (patch_norm_weight == nullptr) fail(GATUN_INVALID_ARGUMENT, "encode_pool: patch_norm_weight is NULL");
    EncodePoolArgs args{};
    args.patch = patch_embed_args(stream, x, mask, patch_weights, patch_bias, patch_norm_weight, patch_norm_bias,
                                  options, to);
    const int64_t months = to.shape[2], time = args.patch.time / args.patch.patch_t;
    if (months < 1 || args.patch.batch % months != 0) {
      fail(GATUN_SHAPE_MISMATCH, "encode_pool: x has ", args.patch.batch, " months in all, out ", months,
           " for each sample; expected a multiple");
    }
    const int64_t places = (args.patch.height / args.patch.patch_h) * (args.patch.width / args.patch.patch_w);
    args.pool = temporal_pool_args(stream,
                                   {args.patch.batch / months, months, time, places, args.patch.weights->outputs},
                                   day_encoding, month_encoding, norm_weight, norm_bias, eps, hidden_weights,
                                   hidden_bias, score_weight, score_bias, padded, to, "encode_pool");
    if (args.patch.weights->precision != args.pool.weights->precision) {
      fail(GATUN_INVALID_ARGUMENT, "encode_pool: patch_weights have precision ", args.patch.weights->precision,
           ", hidden_weights ", args.pool.weights->precision, "; expected the same");
    }
    const Backend& backend = *stream->device->backend;
    return backend.encode_pool != nullptr ? backend.encode_pool(stream, args, inner)
                                          : compose_encode_pool(stream, args, inner);
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
