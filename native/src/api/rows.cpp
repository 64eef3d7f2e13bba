// SPDX-License-Identifier: Apache-2.0
// Reductions, and operations on rows.
#include "checks.h"

using namespace gatun;

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
