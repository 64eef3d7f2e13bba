// SPDX-License-Identifier: Apache-2.0
// A CUDA runtime on the host, in the place of NVIDIA's, of the calls that the plug-in makes: its order of things is what
// the tests hold it to. Work runs as late as CUDA allows, when something waits for it, so that what is overwritten too
// early shows, or at once, so that what is freed too early does (GATUN_FAKE_TIMING=late|early). Memory is the host's, of
// its exact size: AddressSanitizer sees a step beyond it.
#pragma once

#include <cuda_runtime_api.h>
#include <functional>

namespace fake {

// A kernel: runs in the order of the stream, or in each replay where the stream records.
void enqueue(cudaStream_t stream, std::function<void()> work);

}  // namespace fake
