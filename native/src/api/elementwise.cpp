// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

using namespace gatun;

namespace {

// A write through stride 0 would land twice on one element: refused. Other strides may still make elements meet;
// permutations and slices, which is what views are made of, do not.
void want_writable(const View& out) {
  for (int32_t axis = 0; axis < out.rank; ++axis) {
    if (out.stride[axis] == 0 && out.shape[axis] > 1) {
      fail(GATUN_SHAPE_MISMATCH, "out repeats its elements along axis ", axis, " (stride 0); it cannot be written");
    }
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

gatun_status gatun_add(gatun_stream* stream, const gatun_tensor* a, const gatun_tensor* b, const gatun_tensor* out,
                       gatun_error* error) {
  return dispatch(error, [&](gatun_error* inner) {
    const View to = f32(live(stream), out, "out");
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
    return stream->device->backend->add(stream, view(*stream, a, "a", Layout::strided),
                                        view(*stream, b, "b", Layout::strided), to, inner);
  });
}

}  // extern "C"
