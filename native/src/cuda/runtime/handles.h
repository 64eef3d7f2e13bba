// SPDX-License-Identifier: Apache-2.0
// CUDA's objects, each with its owner.
#pragma once

#include "check.h"

#include <memory>

namespace gatun::cuda {

// What fails here fails because the device is lost; the next call that waits says so.
struct Destroy {
  void operator()(cudaStream_t stream) const { (void)cudaStreamDestroy(stream); }
  void operator()(cudaEvent_t event) const { (void)cudaEventDestroy(event); }
  void operator()(cudaGraph_t graph) const { (void)cudaGraphDestroy(graph); }
  void operator()(cudaGraphExec_t graph) const { (void)cudaGraphExecDestroy(graph); }
};

template <class Object>
using Owned = std::unique_ptr<std::remove_pointer_t<Object>, Destroy>;

// One that waits for no other: not for the default stream either.
inline Owned<cudaStream_t> new_stream() {
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
  return Owned<cudaStream_t>(stream);
}

inline Owned<cudaEvent_t> new_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "creating an event");
  return Owned<cudaEvent_t>(event);
}

}  // namespace gatun::cuda
