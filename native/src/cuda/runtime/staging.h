// SPDX-License-Identifier: Apache-2.0
// Pinned host memory between the caller's and the device's, of one stream: the caller's is free again when a call
// returns, and a small copy does not wait for the device.
#pragma once

#include "handles.h"

#include <cstdint>

namespace gatun::cuda {

class Staging {
 public:
  Staging() = default;
  // The stream has been waited for.
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  // Returns when the source has been read; waits only where both chunks are full of copies that have not run.
  void from_host(cudaStream_t stream, char* dst, const char* src, int64_t bytes);
  // Returns when dst is written.
  void to_host(cudaStream_t stream, char* dst, const char* src, int64_t bytes);

 private:
  struct Chunk {
    char* memory = nullptr;  // allocated when first needed: most streams copy little
    Owned<cudaEvent_t> passed;
    bool queued = false;  // since it was last waited for
  };

  Chunk& chunk(int index);
  void wait(Chunk& chunk);

  Chunk chunks_[2];
  int filling_ = 0;
  int64_t filled_ = 0;  // bytes of that chunk
};

}  // namespace gatun::cuda
