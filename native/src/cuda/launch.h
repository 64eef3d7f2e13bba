// SPDX-License-Identifier: Apache-2.0
// What a launcher needs: a place for its kernel on a stream, and memory in the stream's order.
#pragma once

#include "../backend.h"
#include "../status.h"
#include "lane.h"
#include "runtime.h"

#include <functional>
#include <string>

#if defined(__CUDACC__)
#include "runtime/check.h"
#endif

namespace gatun::cuda {

struct Grid {
  int64_t x = 1, y = 1, z = 1;
};

// Scratch of one operation: given back when it has been queued, behind it.
class Scratch {
 public:
  Scratch(gatun_stream* stream, int64_t bytes)
      : stream_(stream), memory_(bytes > 0 ? take_memory(stream, bytes) : nullptr) {}
  ~Scratch() {
    if (memory_ != nullptr) give_memory(stream_, memory_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class Value>
  Value* as() const {
    return reinterpret_cast<Value*>(memory_);
  }
  // Keeps it: whoever takes it gives it back.
  char* release() {
    char* memory = memory_;
    memory_ = nullptr;
    return memory;
  }

 private:
  gatun_stream* stream_;
  char* memory_;
};

// To 16 bytes, for accesses of a Float4.
inline bool aligned(const void* address) { return reinterpret_cast<uintptr_t>(address) % 16 == 0; }

inline int64_t blocks_for(int64_t count, int64_t each) { return (count + each - 1) / each; }

// Weights in the layout of our kernels (weights.cu says which), one block of memory.
struct DeviceWeights : gatun_weights {
  char* memory = nullptr;
};

// Whether the sum's index can be walked in steps of 16 bytes.
inline bool whole_lines(const gatun_weights& w) { return w.inputs % (w.precision == GATUN_REDUCED ? 8 : 4) == 0; }

// Kernels count images, lines and columns in 32 bits, elements in 64.
inline void want_image(const char* name, int64_t images, int64_t height, int64_t width) {
  constexpr int64_t kMost = 1 << 29;
  if (images > kMost || height > kMost || width > kMost) {
    fail(GATUN_SHAPE_MISMATCH, name, ": ", images, " images of ", height, " x ", width,
         " pixels; on CUDA each may be at most ", kMost, "; split the batch");
  }
}

inline void want_grid(const char* name, const Grid& grid) {
  if (grid.x > INT32_MAX || grid.y > UINT16_MAX || grid.z > UINT16_MAX) {
    fail(GATUN_SHAPE_MISMATCH, name, ": ", grid.x, " x ", grid.y, " x ", grid.z,
         " blocks are more than one launch takes (2147483647 x 65535 x 65535); split the batch");
  }
}

#if defined(__CUDACC__)

// Queues a kernel on the stream. Nothing is queued for an empty grid.
template <class... Parameters, class... Arguments>
void launch(gatun_stream* stream, const char* name, void (*kernel)(Parameters...), const Grid& grid, int threads,
            int64_t shared_bytes, const Arguments&... arguments) {
  if (grid.x * grid.y * grid.z == 0) return;
  want_grid(name, grid);
  const cudaStream_t queue = native(stream);  // first: it makes the stream's device the current one
  if (shared_bytes > 48 << 10) {
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes)),
          name);
  }
  kernel<<<dim3(static_cast<unsigned>(grid.x), static_cast<unsigned>(grid.y), static_cast<unsigned>(grid.z)),
           static_cast<unsigned>(threads), static_cast<size_t>(shared_bytes), queue>>>(arguments...);
  check(cudaGetLastError(), name);
}

#else

// Runs work now, or records it where the stream records a graph.
void queue(gatun_stream* stream, std::function<void()> work);

template <class... Parameters, class... Arguments>
void launch(gatun_stream* stream, const char* name, void (*kernel)(Parameters...), const Grid& grid, int threads,
            int64_t shared_bytes, const Arguments&... arguments) {
  if (grid.x * grid.y * grid.z == 0) return;
  want_grid(name, grid);
  queue(stream, [=] {
    simt::run(name, {{grid.x, grid.y, grid.z}, threads, shared_bytes}, [&] { kernel(arguments...); });
  });
}

#endif

}  // namespace gatun::cuda
