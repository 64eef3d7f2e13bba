// SPDX-License-Identifier: Apache-2.0
// The CPU backend's own handles.
#pragma once

#include "kernels.h"
#include "machine.h"
#include "memory_pool.h"
#include "onednn.h"
#include "queue.h"
#include "workers.h"

#include <atomic>
#include <vector>

namespace gatun::cpu {

struct CpuDevice : gatun_device {
  CpuDevice(int threads, int64_t memory_limit, int32_t cpu_level)
      : level(cpu_level), onednn(cpu_level == best_level() && cpu_level != GATUN_CPU_PORTABLE),
        kernels(kernel_table(cpu_level, has_pair_products(cpu_level))), pool(memory_limit),
        onednn_scratch(static_cast<size_t>(threads)), workers(threads) {}

  // Whether oneDNN may take these weights' products; reduced ones are ours.
  bool serves(const gatun_weights& weights) const { return onednn && weights.precision != GATUN_REDUCED; }

  int32_t level;
  bool onednn;  // it chooses its own instruction set: it only serves devices at the machine's best level
  const KernelTable& kernels;
  MemoryPool pool;
  std::vector<OneDnnScratch> onednn_scratch;  // of each worker
  Workers workers;
  // Streams, events and wrapped buffers; allocated ones are counted by the pool.
  std::atomic<int64_t> handles{0};
};

struct CpuStream : gatun_stream {
  explicit CpuStream(CpuDevice& owner) : queue(owner.workers) { device = &owner; }
  Queue queue;
};

struct CpuEvent : gatun_event {
  std::mutex mutex;
  std::shared_ptr<Progress> progress;  // null: never recorded
  uint64_t ticket = 0;
};

struct CpuBuffer : gatun_buffer {
  Block block;  // empty where the memory is the caller's
};

struct KnownConvolution {
  TileConvolution::Shape shape;
  std::shared_ptr<const TileConvolution> convolution;  // null: oneDNN does not serve this shape
};

struct CpuWeights : PackedWeights {
  Block block;
  std::vector<float> zeros;  // the bias of oneDNN's primitives where the caller gives none
  std::unique_ptr<TileProduct> product;
  mutable std::mutex mutex;
  mutable std::deque<KnownConvolution> convolutions;  // the last used first, a few
};

inline CpuDevice& own(gatun_device* device) { return *static_cast<CpuDevice*>(device); }
inline CpuStream& own(gatun_stream* stream) { return *static_cast<CpuStream*>(stream); }
inline CpuEvent& own(gatun_event* event) { return *static_cast<CpuEvent*>(event); }
inline CpuDevice& device_of(gatun_stream* stream) { return own(stream->device); }

// Scratch of one operation, given back in stream order when it has been queued.
class Scratch {
 public:
  Scratch(CpuStream& stream, int64_t floats) : stream_(stream) {
    if (floats > 0) block_ = own(stream.device).pool.take(floats * 4, stream.queue.progress());
  }
  // Destroyed after the operation was queued: the block goes back behind it.
  ~Scratch() {
    if (block_.data != nullptr) {
      own(stream_.device).pool.give(block_, stream_.queue.progress(), stream_.queue.submitted());
    }
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* floats() const { return reinterpret_cast<float*>(block_.data); }

 private:
  CpuStream& stream_;
  Block block_;
};

// Rounded up to whole cache lines.
inline int64_t in_lines(int64_t floats) { return (floats + 15) / 16 * 16; }

// Memory of a queued kernel: one shared part, and a part for each worker.
struct TileMemory {
  float* shared = nullptr;
  float* scratch = nullptr;
  int64_t scratch_floats = 0;
};

// Inside an operation: one phase of a kernel, its tiles shared out among the workers.
template <class Args>
void run_phase(CpuDevice& device, const Args& args, const TiledKernel<Args>& kernel, const TileMemory& memory,
               int phase) {
  device.workers.for_tiles(kernel.tiles(args, phase), [&](int64_t tile, int worker) {
    kernel.tile(args, TileContext{memory.shared, memory.scratch + worker * memory.scratch_floats}, phase, tile);
  });
}

template <class Args>
void run_phases(CpuDevice& device, const Args& args, const TiledKernel<Args>& kernel, const TileMemory& memory) {
  for (int phase = 0; phase < kernel.phases; ++phase) run_phase(device, args, kernel, memory, phase);
}

gatun_status linear(gatun_stream* stream, const LinearArgs& args, gatun_error* error);
gatun_status conv2d(gatun_stream* stream, const Conv2dArgs& args, gatun_error* error);
gatun_status fill(gatun_stream* stream, const View& out, double value, gatun_error* error);
gatun_status copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error);
gatun_status binary(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                    gatun_error* error);

}  // namespace gatun::cpu
