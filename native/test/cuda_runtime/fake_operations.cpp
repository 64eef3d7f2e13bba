// SPDX-License-Identifier: Apache-2.0
// A few operations over the fake runtime, dense f32 only, in the place of the kernels.
#include "cuda/operations.h"
#include "cuda/runtime/check.h"
#include "cuda/runtime.h"
#include "fake_cudart.h"

namespace gatun::cuda {

namespace {

int64_t count_of(const View& view) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < view.rank; ++axis) count *= view.shape[axis];
  return count;
}

template <class Each>
gatun_status each(gatun_stream* stream, const View& out, gatun_error* error, const Each& value) {
  return guard(error, [&] {
    fake::enqueue(native(stream), [to = out.f32(), count = count_of(out), value] {
      for (int64_t at = 0; at < count; ++at) to[at] = value(at);
    });
  });
}

gatun_status fake_fill(gatun_stream* stream, const View& out, double value, gatun_error* error) {
  return each(stream, out, error, [value](int64_t) { return static_cast<float>(value); });
}

gatun_status fake_copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error) {
  return each(stream, out, error, [x](int64_t at) { return x.f32()[at]; });
}

// Adds, whatever is asked. With scratch, as an operation has it: given back when the work has been queued.
gatun_status fake_binary(gatun_stream* stream, int32_t, const View& a, const View& b, const View& out,
                         gatun_error* error) {
  return guard(error, [&] {
    const int64_t count = count_of(out);
    auto* scratch = reinterpret_cast<float*>(take_memory(stream, count * 4));
    fake::enqueue(native(stream), [=] {
      for (int64_t at = 0; at < count; ++at) scratch[at] = a.f32()[at] + b.f32()[at];
    });
    fake::enqueue(native(stream), [=] {
      for (int64_t at = 0; at < count; ++at) out.f32()[at] = scratch[at];
    });
    give_memory(stream, reinterpret_cast<char*>(scratch));
  });
}

}  // namespace

void add_operations(Backend& backend) {
  backend.fill = fake_fill;
  backend.copy = fake_copy;
  backend.binary = fake_binary;
}

}  // namespace gatun::cuda
