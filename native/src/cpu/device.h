// SPDX-License-Identifier: Apache-2.0
// The CPU backend's own handles.
#pragma once

#include "kernels.h"
#include "machine.h"
#include "memory_pool.h"
#include "queue.h"
#include "workers.h"

#include <atomic>
#include <mutex>

namespace gatun::cpu {

struct CpuDevice : gatun_device {
  CpuDevice(int threads, int64_t memory_limit, int32_t cpu_level)
      : level(cpu_level), pairs(pair_products(cpu_level)), kernels(kernel_table(cpu_level, pairs)),
        reduced(reduced_table(cpu_level, pairs)), pool(memory_limit), workers(threads) {}

  int32_t level;
  PairProducts pairs;
  const KernelTable &kernels, &reduced;
  MemoryPool pool;
  Workers workers;
  // Streams, events and wrapped buffers; allocated ones are counted by the pool.
  std::atomic<int64_t> handles{0};
};

struct CpuStream : gatun_stream {
  explicit CpuStream(CpuDevice& owner) : queue(owner.workers) { device = &owner; }
  Queue queue;
  std::atomic<int64_t> staged_bytes{0};  // of host memory, in queued copies
};

struct CpuEvent : gatun_event {
  std::mutex mutex;
  std::shared_ptr<Progress> progress;  // null: never recorded
  uint64_t ticket = 0;
};

struct CpuBuffer : gatun_buffer {
  Block block;  // empty where the memory is the caller's
};

struct CpuWeights : PackedWeights {
  Block block;
};

inline CpuDevice& own(gatun_device* device) { return *static_cast<CpuDevice*>(device); }
inline CpuStream& own(gatun_stream* stream) { return *static_cast<CpuStream*>(stream); }
inline CpuEvent& own(gatun_event* event) { return *static_cast<CpuEvent*>(event); }
inline CpuDevice& device_of(gatun_stream* stream) { return own(stream->device); }

gatun_status fill(gatun_stream* stream, const View& out, double value, gatun_error* error);
gatun_status copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error);
gatun_status binary(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                    gatun_error* error);

}  // namespace gatun::cpu
