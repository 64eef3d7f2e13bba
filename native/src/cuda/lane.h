// SPDX-License-Identifier: Apache-2.0
// What a kernel may ask of the machine, in thin functions: nvcc compiles them to the instructions they name, the host
// harness (native/test/simt) runs the same kernels without a GPU. Rules that both need:
//  - shared memory is dynamic only, through shared_memory();
//  - warp collectives are reached by all 32 lanes, barriers by all threads of the block;
//  - blocks are one-dimensional, a multiple of 32 threads.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)

// Most threads of a block and, where told, blocks of a multiprocessor that the registers must leave room for.
#define GATUN_KERNEL(...) __global__ void __launch_bounds__(__VA_ARGS__)
#define GATUN_DEVICE __device__ __forceinline__
#define GATUN_BOTH __host__ __device__ __forceinline__
// Rarely taken: one copy in the place of one for each unrolled element.
#define GATUN_APART __device__ __noinline__

#else

#include "simt.h"

#define GATUN_KERNEL(...) void
#define GATUN_DEVICE inline
#define GATUN_BOTH inline
#define GATUN_APART inline

#endif

namespace gatun::cuda {

constexpr int kWarp = 32;

// Sixteen bytes move in one access.
struct alignas(16) Float4 {
  float at[4];
};
struct alignas(8) Float2 {
  float at[2];
};

// bf16, the upper half of an f32.
struct Bf16 {
  uint16_t bits;
};

GATUN_BOTH float as_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
GATUN_BOTH uint32_t as_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

GATUN_BOTH float to_float(float value) { return value; }
GATUN_BOTH float to_float(Bf16 value) { return as_float(static_cast<uint32_t>(value.bits) << 16); }

// Nearest even; NaN stays NaN.
GATUN_BOTH Bf16 to_bf16(float value) {
  const uint32_t bits = as_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}

// Nearest tf32 (10 bits of fraction), ties away from zero as cvt.rna; infinities stay.
GATUN_BOTH uint32_t to_tf32(float value) {
#if defined(__CUDA_ARCH__)
  uint32_t rounded;
  asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(rounded) : "f"(value));
  return rounded;
#else
  const uint32_t bits = as_bits(value);
  return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & ~0x1fffu;
#endif
}

template <class Real>
GATUN_BOTH Real from_float(float value);
template <>
GATUN_BOTH float from_float<float>(float value) {
  return value;
}
template <>
GATUN_BOTH Bf16 from_float<Bf16>(float value) {
  return to_bf16(value);
}

// Four elements at an address aligned to their size.
GATUN_DEVICE void store4(float* to, const Float4& value) { *reinterpret_cast<Float4*>(to) = value; }
GATUN_DEVICE void store4(Bf16* to, const Float4& value) {
  uint32_t pair[2];
  for (int i = 0; i < 2; ++i) {
    const uint32_t high = to_bf16(value.at[2 * i + 1]).bits;
    pair[i] = to_bf16(value.at[2 * i]).bits | high << 16;
  }
  *reinterpret_cast<Float2*>(to) = {{as_float(pair[0]), as_float(pair[1])}};
}

// Exact, erf form. 1 + erf(t) as erfc(-t): nothing cancels far left.
GATUN_DEVICE float gelu(float x) { return 0.5f * x * erfcf(x * -0.70710678118654752f); }

#if defined(__CUDACC__)

GATUN_DEVICE int thread_index() { return static_cast<int>(threadIdx.x); }
GATUN_DEVICE int block_threads() { return static_cast<int>(blockDim.x); }
template <int Axis>
GATUN_DEVICE int64_t block_index() {
  return Axis == 0 ? blockIdx.x : Axis == 1 ? blockIdx.y : blockIdx.z;
}
template <int Axis>
GATUN_DEVICE int64_t grid_blocks() {
  return Axis == 0 ? gridDim.x : Axis == 1 ? gridDim.y : gridDim.z;
}
// 128-byte aligned.
GATUN_DEVICE char* shared_memory() {
  extern __shared__ __align__(128) char gatun_shared[];
  return gatun_shared;
}

GATUN_DEVICE void sync_block() { __syncthreads(); }
GATUN_DEVICE void sync_warp() { __syncwarp(); }

GATUN_DEVICE float shuffle_xor(float value, int mask) { return __shfl_xor_sync(0xffffffffu, value, mask); }
GATUN_DEVICE float shuffle(float value, int lane) { return __shfl_sync(0xffffffffu, value, lane); }
GATUN_DEVICE bool any(bool value) { return __any_sync(0xffffffffu, value) != 0; }

// Sixteen (or four) bytes from global to shared memory, zeros where not valid; visible after wait_copies and a barrier.
GATUN_DEVICE void copy_async16(void* to, const void* from, bool valid) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(to));
  const int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(address), "l"(from), "r"(bytes) : "memory");
}
GATUN_DEVICE void copy_async4(void* to, const void* from, bool valid) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(to));
  const int bytes = valid ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(address), "l"(from), "r"(bytes) : "memory");
}
GATUN_DEVICE void commit_copies() { asm volatile("cp.async.commit_group;\n" ::: "memory"); }
// Waits until at most Open of the groups of this thread are unfinished.
template <int Open>
GATUN_DEVICE void wait_copies() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(Open) : "memory");
}

// Four 8x8 matrices of 16-bit (8x4 of 32-bit) elements: lane i gives the address of row i % 8 of matrix i / 8, register
// r of lane i gets the 32 bits at column i % 4 of row i / 4 of matrix r.
GATUN_DEVICE void load_matrices(uint32_t (&to)[4], const void* row) {
  const auto address = static_cast<uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
               : "r"(address)
               : "memory");
}

// d += a b on one warp. With g = lane / 4, t = lane % 4:
//   tf32 16x8x8: a {(g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)}, b {(t, g), (t + 4, g)} as (k, n),
//   bf16 16x8x16: a {(g, 2t..), (g + 8, 2t..), (g, 2t + 8..), (g + 8, 2t + 8..)}, b {(2t.., g), (2t + 8.., g)}, two
//   elements a register, the lower k in the lower half;
//   d {(g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)}.
GATUN_DEVICE void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
GATUN_DEVICE void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else

GATUN_DEVICE int thread_index() { return simt::here().thread; }
GATUN_DEVICE int block_threads() { return simt::here().threads; }
template <int Axis>
GATUN_DEVICE int64_t block_index() {
  return simt::here().block[Axis];
}
template <int Axis>
GATUN_DEVICE int64_t grid_blocks() {
  return simt::here().grid[Axis];
}
GATUN_DEVICE char* shared_memory() { return simt::here().shared; }
GATUN_DEVICE void sync_block() { simt::barrier(); }
GATUN_DEVICE void sync_warp() { simt::sync_warp(); }
GATUN_DEVICE float shuffle_xor(float value, int mask) { return simt::shuffle(value, simt::lane() ^ mask); }
GATUN_DEVICE float shuffle(float value, int lane) { return simt::shuffle(value, lane); }
GATUN_DEVICE bool any(bool value) { return simt::any(value); }
GATUN_DEVICE void copy_async16(void* to, const void* from, bool valid) { simt::copy_later(to, valid ? from : nullptr, 16); }
GATUN_DEVICE void copy_async4(void* to, const void* from, bool valid) { simt::copy_later(to, valid ? from : nullptr, 4); }
GATUN_DEVICE void commit_copies() { simt::close_group(); }
template <int Open>
GATUN_DEVICE void wait_copies() {
  simt::complete_groups(Open);
}
GATUN_DEVICE void load_matrices(uint32_t (&to)[4], const void* row) { simt::load_matrices(to, row); }
GATUN_DEVICE void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { simt::mma_tf32(d, a, b); }
GATUN_DEVICE void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) { simt::mma_bf16(d, a, b); }

#endif

GATUN_DEVICE int lane_index() { return thread_index() % kWarp; }
GATUN_DEVICE int warp_index() { return thread_index() / kWarp; }

// Sum (largest) over groups of Width lanes, in every lane, always in the same order.
template <int Width = kWarp>
GATUN_DEVICE float warp_sum(float value) {
  for (int mask = Width / 2; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
  return value;
}
template <int Width = kWarp>
GATUN_DEVICE float warp_max(float value) {
  for (int mask = Width / 2; mask > 0; mask /= 2) value = fmaxf(value, shuffle_xor(value, mask));
  return value;
}

}  // namespace gatun::cuda
