// SPDX-License-Identifier: Apache-2.0
// Runs CUDA kernels on the host, block by block: one thread, one fiber for each lane, which gives way where lanes meet.
// The kernels are the very sources that nvcc compiles; they see the machine through native/src/cuda/lane.h.
//
// It shows what a GPU would do wrong with: a missing barrier (lanes start in another order each time), shared memory
// read before it is written (it starts as NaN), a collective that not all lanes of a warp reach, data of an
// asynchronous copy used before the wait (the copy happens there). It does not model: overlap of blocks, clocks,
// bank conflicts, TMA, wgmma, library calls, graphs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace gatun::simt {

constexpr int kWarp = 32;

struct Machine {
  int64_t grid[3];
  int threads;
  int64_t shared_bytes;
};

// Place of the running lane.
struct Place {
  int thread;
  int64_t block[3];
  int64_t grid[3];
  int threads;
  char* shared;
};
const Place& here();

// All lanes of the block wait for each other.
void barrier();

// All lanes of the warp meet: the last to come runs `all` on the slots of the 32 lanes. `what` must be the same.
void meet(const char* what, void* slot, void (*all)(void* const* slots));

int lane();
void sync_warp();
float shuffle(float value, int from);
bool any(bool value);
void load_matrices(uint32_t (&to)[4], const void* row);
// The products by the documented fragment layout, summed in f32. tf32 reads the upper 19 bits, as the unit does.
void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);

// An asynchronous copy of the lane (`from` NULL: zeros), in groups as cp.async has them.
void copy_later(void* to, const void* from, std::size_t bytes);
void close_group();
// Completes all groups but the newest `open`.
void complete_groups(int open);

// Runs `lane` for every lane of every block. Throws std::runtime_error where lanes wait for each other in vain.
// GATUN_SIMT_ORDER=forward|backward|shuffled is the order in which lanes and blocks start.
void run(const char* kernel, const Machine& machine, const std::function<void()>& lane);

}  // namespace gatun::simt
