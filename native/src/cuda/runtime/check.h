// SPDX-License-Identifier: Apache-2.0
// CUDA's results as failures.
#pragma once

#include "../../status.h"

#include <cuda_runtime_api.h>

struct gatun_stream;

namespace gatun::cuda {

// The CUDA stream to queue on, whose device is the thread's current one from now on.
cudaStream_t native(gatun_stream* stream);

// Throws the Failure that says what `doing` ran into.
void check(cudaError_t result, const char* doing);

// After this error nothing works any more until the process ends.
bool lost(cudaError_t result);

}  // namespace gatun::cuda
