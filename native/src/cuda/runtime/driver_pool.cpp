// SPDX-License-Identifier: Apache-2.0
#include "device.h"

namespace gatun::cuda {

void DriverPool::create() {
  cudaMemPoolProps wanted{};
  wanted.allocType = cudaMemAllocationTypePinned;
  wanted.location.type = cudaMemLocationTypeDevice;
  wanted.location.id = device_.index;
  check(cudaMemPoolCreate(&pool_, &wanted), "creating the memory pool");
  uint64_t keep = UINT64_MAX;  // it caches until it is trimmed
  check(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &keep), "configuring the memory pool");
  int no = 0;  // or it would make a stream wait for another, for the sake of memory
  check(cudaMemPoolSetAttribute(pool_, cudaMemPoolReuseAllowInternalDependencies, &no), "configuring the memory pool");
}

DriverPool::~DriverPool() {
  if (pool_ != nullptr) (void)cudaMemPoolDestroy(pool_);
}

char* DriverPool::take(int64_t bytes, Queue queue) {
  void* block = nullptr;
  const cudaError_t result =
      cudaMallocFromPoolAsync(&block, static_cast<size_t>(bytes), pool_, static_cast<cudaStream_t>(queue));
  if (result == cudaErrorMemoryAllocation) {
    (void)cudaGetLastError();
    return nullptr;
  }
  check(result, "allocating device memory");
  return static_cast<char*>(block);
}

// Called where nothing may be thrown. It fails only where the device is lost, which the next call that waits says.
void DriverPool::give(char* block, Queue queue) { (void)cudaFreeAsync(block, static_cast<cudaStream_t>(queue)); }

int64_t DriverPool::held() {
  uint64_t bytes = 0;
  check(cudaMemPoolGetAttribute(pool_, cudaMemPoolAttrReservedMemCurrent, &bytes), "asking the memory pool");
  return static_cast<int64_t>(bytes);
}

void DriverPool::trim() { check(cudaMemPoolTrimTo(pool_, 0), "trimming the memory pool"); }

void DriverPool::settle() {
  const std::lock_guard lock(device_.mutex);
  for (const Stream* stream : device_.streams) {
    if (stream->recording == nullptr) check(cudaStreamSynchronize(stream->queue), "queued work");
  }
}

int64_t DriverPool::free_on_device() {
  size_t free = 0, total = 0;
  return cudaMemGetInfo(&free, &total) == cudaSuccess ? static_cast<int64_t>(free) : 0;
}

}  // namespace gatun::cuda
