// SPDX-License-Identifier: Apache-2.0
#include "fake_cudart.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

using Work = std::function<void()>;

// Work that is queued, by number; a graph's, while it records.
struct CUstream_st {
  std::deque<Work> queue;
  uint64_t submitted = 0, done = 0;
  CUgraph_st* recording = nullptr;
  bool broken = false;  // it did, while it recorded, what CUDA ends a recording for
};
struct CUevent_st {
  CUstream_st* stream = nullptr;
  uint64_t point = 0;
};
struct CUgraph_st {
  std::vector<Work> nodes;
};
struct CUgraphExec_st {
  std::vector<Work> nodes;
};
struct CUmemPoolHandle_st {
  std::map<void*, size_t> blocks;
};

namespace {

constexpr size_t kMemory = size_t{256} << 20;

std::recursive_mutex mutex;
std::map<CUstream_st*, std::unique_ptr<CUstream_st>> streams;
size_t used = 0;
cudaError_t next_error = cudaSuccess;
std::atomic<void (*)()> before_end{nullptr};
thread_local int current = -1;

void run_until(CUstream_st* stream, uint64_t point) {
  if (!streams.contains(stream)) return;  // its work was done before it was destroyed
  while (stream->done < point) {
    const Work work = std::move(stream->queue.front());
    stream->queue.pop_front();
    ++stream->done;
    work();
  }
}

// What a test said that fails next, once.
cudaError_t take_error() { return std::exchange(next_error, cudaSuccess); }

cudaError_t refuse_recording(CUstream_st* stream) {
  if (stream->recording == nullptr) return cudaSuccess;
  stream->broken = true;
  return cudaErrorStreamCaptureUnsupported;
}

// GATUN_FAKE_TIMING=early: work runs when it is queued, the other end of what CUDA may do.
bool early() {
  const char* told = std::getenv("GATUN_FAKE_TIMING");
  return told != nullptr && std::strcmp(told, "early") == 0;
}

}  // namespace

namespace fake {

void enqueue(cudaStream_t stream, Work work) {
  const std::lock_guard lock(mutex);
  if (stream->recording != nullptr) {
    stream->recording->nodes.push_back(std::move(work));
  } else {
    stream->queue.push_back(std::move(work));
    ++stream->submitted;
    if (early()) run_until(stream, stream->submitted);
  }
}

}  // namespace fake

extern "C" {

// The next call that waits ends with this error.
__attribute__((visibility("default"))) void fake_cuda_fail(int error) {
  const std::lock_guard lock(mutex);
  next_error = static_cast<cudaError_t>(error);
}

// Called once where the next recording is about to end.
__attribute__((visibility("default"))) void fake_cuda_before_end(void (*call)()) { before_end = call; }

cudaError_t cudaDriverGetVersion(int* version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaRuntimeGetVersion(int* version) { return *version = CUDART_VERSION, cudaSuccess; }
cudaError_t cudaGetDeviceCount(int* count) { return *count = 2, cudaSuccess; }
cudaError_t cudaGetDevice(int* device) { return *device = std::max(current, 0), cudaSuccess; }
cudaError_t cudaSetDevice(int device) { return current = device, cudaSuccess; }
cudaError_t cudaGetLastError() { return cudaSuccess; }
const char* cudaGetErrorName(cudaError_t) { return "cudaErrorOfTheTest"; }
const char* cudaGetErrorString(cudaError_t) { return "what the test said"; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::strcpy(properties->name, "fake device");
  properties->major = 9;
  properties->minor = 0;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) { return *value = 4, cudaSuccess; }
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  const std::lock_guard lock(mutex);
  *free = kMemory - used;
  *total = kMemory;
  return cudaSuccess;
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  return *pool = new CUmemPoolHandle_st, cudaSuccess;
}
// What was given back lies in queues of streams that are gone by now: all of it has run.
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  const bool empty = pool->blocks.empty();
  delete pool;
  if (!empty) std::abort();  // the device was closed over memory that is in use
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr, void* value) {
  const std::lock_guard lock(mutex);
  uint64_t bytes = 0;
  for (const auto& [block, size] : pool->blocks) bytes += size;
  std::memcpy(value, &bytes, sizeof bytes);
  return cudaSuccess;
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }

// Which pool a block came from: of one device in most tests, of two in one of them.
static std::map<void*, cudaMemPool_t> pools;

cudaError_t cudaMallocFromPoolAsync(void** block, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  if (used + bytes > kMemory) return cudaErrorMemoryAllocation;
  *block = std::aligned_alloc(512, bytes);
  // NaN until the stream has come so far; another stream that writes it before finds that gone.
  fake::enqueue(stream, [to = *block, bytes] { std::memset(to, 0xff, bytes); });
  used += bytes;
  pool->blocks[*block] = bytes;
  pools[*block] = pool;
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* block, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  fake::enqueue(stream, [block] {
    const auto pool = pools.extract(block).mapped();
    used -= pool->blocks.extract(block).mapped();
    std::free(block);
  });
  return cudaSuccess;
}

cudaError_t cudaHostAlloc(void** memory, size_t bytes, unsigned) {
  *memory = std::malloc(bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) { return std::free(memory), cudaSuccess; }
cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t bytes, cudaMemcpyKind, cudaStream_t stream) {
  fake::enqueue(stream, [=] { std::memcpy(dst, src, bytes); });
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard lock(mutex);
  auto made = std::make_unique<CUstream_st>();
  *stream = made.get();
  streams[*stream] = std::move(made);
  return cudaSuccess;
}
// The work goes on in CUDA; here it runs now.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  run_until(stream, stream->submitted);
  streams.erase(stream);
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  run_until(stream, stream->submitted);
  return take_error();
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  fake::enqueue(stream, [from = event->stream, point = event->point] {
    if (from != nullptr) run_until(from, point);
  });
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) { return *event = new CUevent_st, cudaSuccess; }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return delete event, cudaSuccess; }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  *event = {stream, stream->submitted};
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard lock(mutex);
  if (event->stream != nullptr) run_until(event->stream, event->point);
  return take_error();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const std::lock_guard lock(mutex);
  if (stream->recording != nullptr) return cudaErrorIllegalState;
  stream->recording = new CUgraph_st;
  stream->broken = false;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (const auto call = before_end.exchange(nullptr)) call();
  const std::lock_guard lock(mutex);
  *graph = std::exchange(stream->recording, nullptr);
  if (!stream->broken) return cudaSuccess;
  delete *graph;
  *graph = nullptr;
  return cudaErrorStreamCaptureInvalidated;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* replay, cudaGraph_t graph, unsigned long long) {
  return *replay = new CUgraphExec_st{graph->nodes}, cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) { return delete graph, cudaSuccess; }
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t replay) { return delete replay, cudaSuccess; }
cudaError_t cudaGraphLaunch(cudaGraphExec_t replay, cudaStream_t stream) {
  const std::lock_guard lock(mutex);
  if (refuse_recording(stream) != cudaSuccess) return cudaErrorStreamCaptureUnsupported;
  for (const Work& node : replay->nodes) fake::enqueue(stream, node);
  return cudaSuccess;
}

}  // extern "C"
