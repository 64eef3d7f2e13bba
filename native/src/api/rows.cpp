// SPDX-License-Identifier: Apache-2.0
// Reductions, and operations on rows.
#include "checks.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace gatun;

namespace {

constexpr double kNoTemperature = 1e-10;        // below it a draw is the largest
constexpr int64_t kMostSampled = (1 << 23) - 1;  // weights of 2^40 at most are summed in 64 bits

void want_sampling(double temperature, double top_k, double top_p) {
  if (!(temperature >= 0) || !std::isfinite(temperature)) {
    fail(GATUN_INVALID_ARGUMENT, "sample_tokens: temperature is ", temperature,
         ", expected a finite number of at least 0 (0: the largest)");
  }
  if (!(top_k >= 0) || !std::isfinite(top_k) || (top_k > 1 && top_k != std::floor(top_k))) {
    fail(GATUN_INVALID_ARGUMENT, "sample_tokens: top_k is ", top_k,
         ", expected 0 (off), a share below 1 or a whole number of tokens");
  }
  if (!(top_p >= 0) || !std::isfinite(top_p)) {
    fail(GATUN_INVALID_ARGUMENT, "sample_tokens: top_p is ", top_p,
         ", expected a share between 0 and 1 (0 or 1: off)");
  }
}

// Above 0: its product with an infinite distance is infinite.
float inverse_of(double temperature) {
  return std::max(static_cast<float>(1 / temperature), std::numeric_limits<float>::min());
}

// How many of a row's logits top_k keeps.
int64_t kept(double top_k, int64_t width) {
  if (top_k == 0 || top_k >= static_cast<double>(width)) return width;
  if (top_k >= 1) return static_cast<int64_t>(top_k);
  return std::max(static_cast<int64_t>(top_k * static_cast<double>(width)), int64_t{1});
}

}  // namespace

extern "C" {

gatun_status gatun_reduce(gatun_stream* stream, const gatun_tensor* x, int32_t reduction, const gatun_tensor* out,
                          gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View to = f32(*stream, out, "out");
    want_rank(in, 3, "x");
    want_shape(to, {in.shape[0], in.shape[2]}, "out");
    if (reduction < GATUN_REDUCE_SUM || reduction > GATUN_REDUCE_MIN) {
      fail(GATUN_INVALID_ARGUMENT, "reduction ", reduction, " is none of gatun_reduction");
    }
    if (in.shape[1] < 1) fail(GATUN_SHAPE_MISMATCH, "reduce: x has nothing to reduce, expected at least 1 on axis 1");
    want_apart(to, in, "x");
    if (elements(to) == 0) return GATUN_OK;
    const ReduceArgs args{in.shape[0], in.shape[1], in.shape[2], reduction, in.f32(), to.f32()};
    return stream->device->backend->reduce(stream, args, inner);
  });
}

gatun_status gatun_softmax(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View to = f32(*stream, out, "out");
    const int64_t width = last_extent(in, "x");
    want_like(to, in, "out", "x");
    if (to.data != in.data) want_apart(to, in, "x");
    if (width < 1) fail(GATUN_SHAPE_MISMATCH, "softmax: the last axis of x is empty");
    if (elements(to) == 0) return GATUN_OK;
    return stream->device->backend->softmax(stream, {rows_of(in), width, in.f32(), to.f32()}, inner);
  });
}

gatun_status gatun_argmax(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View to = view(*stream, out, "out", Layout::dense);
    want_dtype(to, GATUN_I64, "out");
    const int64_t width = last_extent(in, "x");
    View rows = in;
    --rows.rank;
    want_like(to, rows, "out", "the rows of x");
    want_apart(to, in, "x");
    if (width < 1) fail(GATUN_SHAPE_MISMATCH, "argmax: the last axis of x is empty");
    if (elements(to) == 0) return GATUN_OK;
    const ArgmaxArgs args{rows_of(in), width, in.f32(), reinterpret_cast<int64_t*>(to.data)};
    return stream->device->backend->argmax(stream, args, inner);
  });
}

gatun_status gatun_sample_tokens(gatun_stream* stream, const gatun_tensor* logits, double temperature, double top_k,
                                 double top_p, int64_t seed, const gatun_tensor* counters, const gatun_tensor* out,
                                 gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), logits, "logits");
    const View numbers = view(*stream, counters, "counters", Layout::dense);
    const View to = view(*stream, out, "out", Layout::dense);
    want_rank(in, 2, "logits");
    want_dtype(numbers, GATUN_I64, "counters");
    want_dtype(to, GATUN_I64, "out");
    want_shape(numbers, {in.shape[0]}, "counters");
    want_shape(to, {in.shape[0]}, "out");
    want_apart(to, in, "logits");
    want_apart(to, numbers, "counters");
    const int64_t rows = in.shape[0], width = in.shape[1];
    if (width < 1 || width > kMostSampled) {
      fail(GATUN_SHAPE_MISMATCH, "sample_tokens: a row has ", width, " logits, expected 1 to ", kMostSampled);
    }
    want_sampling(temperature, top_k, top_p);
    if (rows == 0) return GATUN_OK;
    const auto to_tokens = reinterpret_cast<int64_t*>(to.data);
    const Backend& backend = *stream->device->backend;
    if (temperature <= kNoTemperature) return backend.argmax(stream, {rows, width, in.f32(), to_tokens}, inner);
    const SampleTokensArgs args{rows, width, in.f32(), inverse_of(temperature), kept(top_k, width),
                                top_p > 0 && top_p < 1 ? top_p : 1, static_cast<uint64_t>(seed),
                                reinterpret_cast<const int64_t*>(numbers.data), to_tokens};
    return backend.sample_tokens(stream, args, inner);
  });
}

gatun_status gatun_take_rows(gatun_stream* stream, const gatun_tensor* table, const gatun_tensor* ids,
                             const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View from = f32(live(stream), table, "table");
    const View chosen = view(*stream, ids, "ids", Layout::dense);
    const View to = f32(*stream, out, "out");
    want_rank(from, 2, "table");
    want_rank(chosen, 1, "ids");
    want_dtype(chosen, GATUN_I64, "ids");
    want_shape(to, {chosen.shape[0], from.shape[1]}, "out");
    want_apart(to, from, "table");
    want_apart(to, chosen, "ids");
    if (elements(to) == 0) return GATUN_OK;
    const TakeRowsArgs args{from.shape[0], chosen.shape[0], from.shape[1], from.f32(),
                            reinterpret_cast<const int64_t*>(chosen.data), to.f32()};
    return stream->device->backend->take_rows(stream, args, inner);
  });
}

}  // extern "C"
