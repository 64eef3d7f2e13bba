// SPDX-License-Identifier: Apache-2.0
// What a launcher needs of the runtime below it. The CUDA runtime (runtime/) and the host harness (native/test/simt)
// each provide it.
#pragma once

#include "../backend.h"

namespace gatun::cuda {

// What the decision functions look at.
struct Limits {
  int multiprocessors = 0;
  int64_t shared_per_block = 0;  // bytes, with the opt-in
  int capability = 0;            // 80, 90, ...
};
const Limits& limits(gatun_stream* stream);

// Memory in the order of the stream. Throws OUT_OF_MEMORY.
char* take_memory(gatun_stream* stream, int64_t bytes);
void give_memory(gatun_stream* stream, char* memory);

}  // namespace gatun::cuda
