// SPDX-License-Identifier: Apache-2.0
#include "staging.h"

#include <algorithm>
#include <cstring>

namespace gatun::cuda {

namespace {

constexpr int64_t kChunk = int64_t{4} << 20;
constexpr int64_t kAlignment = 256;

size_t size(int64_t bytes) { return static_cast<size_t>(bytes); }

}  // namespace

Staging::~Staging() {
  for (Chunk& each : chunks_) {
    if (each.memory != nullptr) (void)cudaFreeHost(each.memory);
  }
}

Staging::Chunk& Staging::chunk(int index) {
  Chunk& chosen = chunks_[index];
  if (chosen.passed == nullptr) chosen.passed = new_event();
  if (chosen.memory == nullptr) {
    void* memory = nullptr;
    check(cudaHostAlloc(&memory, size(kChunk), cudaHostAllocDefault), "allocating pinned memory for host copies");
    chosen.memory = static_cast<char*>(memory);
  }
  return chosen;
}

void Staging::wait(Chunk& chunk) {
  if (!chunk.queued) return;
  check(cudaEventSynchronize(chunk.passed.get()), "queued work");
  chunk.queued = false;
}

void Staging::from_host(cudaStream_t stream, char* dst, const char* src, int64_t bytes) {
  while (bytes > 0) {
    if (filled_ == kChunk) {
      check(cudaEventRecord(chunk(filling_).passed.get(), stream), "a copy from the host");
      chunks_[filling_].queued = true;
      filling_ = 1 - filling_;
      wait(chunks_[filling_]);
      filled_ = 0;
    }
    const int64_t piece = std::min(bytes, kChunk - filled_);
    char* staged = chunk(filling_).memory + filled_;
    std::memcpy(staged, src, size(piece));
    check(cudaMemcpyAsync(dst, staged, size(piece), cudaMemcpyHostToDevice, stream), "a copy from the host");
    filled_ = std::min(kChunk, (filled_ + piece + kAlignment - 1) / kAlignment * kAlignment);
    dst += piece;
    src += piece;
    bytes -= piece;
  }
}

// While one chunk is copied out the other is filled. Copies from the host that still read a chunk come before in the
// stream, and at the end all are done.
void Staging::to_host(cudaStream_t stream, char* dst, const char* src, int64_t bytes) {
  const int64_t pieces = (bytes + kChunk - 1) / kChunk;
  if (pieces == 0) return;
  const auto length = [&](int64_t piece) { return size(std::min(kChunk, bytes - piece * kChunk)); };
  for (int64_t piece = 0; piece <= pieces; ++piece) {
    if (piece < pieces) {
      Chunk& next = chunk(static_cast<int>(piece % 2));
      check(cudaMemcpyAsync(next.memory, src + piece * kChunk, length(piece), cudaMemcpyDeviceToHost, stream),
            "a copy to the host");
      check(cudaEventRecord(next.passed.get(), stream), "a copy to the host");
      next.queued = true;
    }
    if (piece > 0) {
      Chunk& arrived = chunks_[(piece - 1) % 2];
      wait(arrived);
      std::memcpy(dst + (piece - 1) * kChunk, arrived.memory, length(piece - 1));
    }
  }
  filled_ = 0;
}

}  // namespace gatun::cuda
