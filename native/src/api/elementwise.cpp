// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <algorithm>
#include <utility>
#include <vector>

using namespace gatun;

namespace {

// Refused: views whose elements may lie at one place. Axes must nest: each step is longer than the reach of all axes
// with shorter steps, which holds for every permutation and slice of a dense tensor.
void want_writable(const View& out) {
  if (elements(out) == 0) return;
  std::vector<std::pair<int64_t, int64_t>> axes;  // stride, extent
  for (int32_t axis = 0; axis < out.rank; ++axis) {
    if (out.shape[axis] > 1) axes.emplace_back(out.stride[axis], out.shape[axis]);
  }
  std::sort(axes.begin(), axes.end());
  int64_t reach = 0;
  for (const auto& [stride, extent] : axes) {
    if (stride <= reach) {
      fail(GATUN_SHAPE_MISMATCH, "out of shape ", shape_text(out.shape, out.rank), " and strides ",
           shape_text(out.stride, out.rank), " has several elements at one place; it cannot be written");
    }
    reach += (extent - 1) * stride;
  }
}

}  // namespace

extern "C" {

gatun_status gatun_fill(gatun_stream* stream, const gatun_tensor* out, double value, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View to = view(live(stream), out, "out", Layout::strided);
    want_writable(to);
    return stream->device->backend->fill(stream, to, value, inner);
  });
}

gatun_status gatun_copy(gatun_stream* stream, const gatun_tensor* x, const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View from = view(live(stream), x, "x", Layout::strided);
    const View to = view(*stream, out, "out", Layout::strided);
    want_like(to, from, "out", "x");
    want_writable(to);
    want_apart(to, from, "x");
    return stream->device->backend->copy(stream, from, to, inner);
  });
}

gatun_status gatun_binary(gatun_stream* stream, int32_t op, const gatun_tensor* a, const gatun_tensor* b,
                          const gatun_tensor* out, gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View to = f32(live(stream), out, "out");
    if (op < GATUN_ADD || op > GATUN_MINIMUM) {
      fail(GATUN_INVALID_ARGUMENT, "operation ", op, " is none of gatun_binary_op");
    }
    for (const auto& [tensor, name] : {std::pair{a, "a"}, std::pair{b, "b"}}) {
      const View in = view(*stream, tensor, name, Layout::strided);
      want_dtype(in, GATUN_F32, name);
      want_like(in, to, name, "out");
      bool same = in.data == to.data;
      for (int32_t axis = 0; axis < in.rank; ++axis) {
        same = same && (in.shape[axis] <= 1 || in.stride[axis] == to.stride[axis]);
      }
      if (!same) want_apart(to, in, name);
    }
    return stream->device->backend->binary(stream, op, view(*stream, a, "a", Layout::strided),
                                           view(*stream, b, "b", Layout::strided), to, inner);
  });
}

gatun_status gatun_activate(gatun_stream* stream, const gatun_tensor* x, int32_t act, const gatun_tensor* out,
                            gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View in = f32(live(stream), x, "x");
    const View to = f32(*stream, out, "out");
    want_like(to, in, "out", "x");
    if (to.data != in.data) want_apart(to, in, "x");
    return stream->device->backend->activate(stream, {elements(in), activation(act), in.f32(), to.f32()}, inner);
  });
}

}  // extern "C"
