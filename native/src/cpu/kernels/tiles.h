// SPDX-License-Identifier: Apache-2.0
// The processor's tiles (AMX): eight matrices of up to 16 rows of 64 bytes each, and the product of two of them that
// hold pairs of bf16. In assembly, because g++'s intrinsics do not tell the compiler which memory they read.
#pragma once

#include "simd.h"

namespace gatun::cpu::GATUN_NS {

constexpr int kTileRows = 16;
constexpr int kTilePairs = 16;  // in a row; a row of sums is as long

// The memory operand of LDTILECFG.
struct TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

static inline void set_shape(TileShapes& shapes, int tile, int64_t rows, int64_t pairs) {
  shapes.rows[tile] = static_cast<uint8_t>(rows);
  shapes.row_bytes[tile] = static_cast<uint16_t>(pairs * static_cast<int64_t>(sizeof(Pair)));
}

#if defined(__AMX_BF16__)
// Clears all tiles.
static inline void configure(const TileShapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }

// A thread's tiles then cost the system nothing when it switches threads.
static inline void release_tiles() { asm volatile("tilerelease"); }

template <int Tile>
static inline void clear_tile() {
  asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
}

// Strides are in bytes.
template <int Tile>
static inline void load_tile(const Pair* from, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(Tile) : "memory");
}

template <int Tile>
static inline void store_tile(float* to, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(Tile) : "memory");
}

// sums += a b
template <int Sums, int A, int B>
static inline void multiply_tiles() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sums), "i"(A), "i"(B));
}
#else  // in tests, on machines without tiles: what Intel's manual writes under each instruction
struct Tiles {
  TileShapes shapes;
  Int rows[8][kTileRows];
};
static thread_local Tiles emulated = {{0}, {}};

// Where the processor would raise an exception.
static inline void need(bool holds) {
  if (!holds) __builtin_trap();
}

static inline void configure(const TileShapes& shapes) {
  emulated = {shapes, {}};
  for (int tile = 0; tile < 8; ++tile) {
    need(shapes.rows[tile] <= kTileRows && shapes.row_bytes[tile] <= sizeof(Int));
    need((shapes.rows[tile] == 0) == (shapes.row_bytes[tile] == 0));
  }
}

static inline void release_tiles() { emulated = {{0}, {}}; }

template <int Tile>
static inline void clear_tile() {
  need(emulated.shapes.rows[Tile] > 0);
  memset(emulated.rows[Tile], 0, sizeof emulated.rows[Tile]);
}

template <int Tile>
static inline void load_tile(const Pair* from, int64_t stride) {
  clear_tile<Tile>();
  for (int row = 0; row < emulated.shapes.rows[Tile]; ++row) {
    const char* source = reinterpret_cast<const char*>(from) + row * stride;
    memcpy(&emulated.rows[Tile][row], source, emulated.shapes.row_bytes[Tile]);
  }
}

template <int Tile>
static inline void store_tile(float* to, int64_t stride) {
  need(emulated.shapes.rows[Tile] > 0);
  for (int row = 0; row < emulated.shapes.rows[Tile]; ++row) {
    memcpy(reinterpret_cast<char*>(to) + row * stride, &emulated.rows[Tile][row], emulated.shapes.row_bytes[Tile]);
  }
}

// Numbers below the normal ones are 0, before and after each operation.
static inline Vec flushed(Vec v) { return absolute(v) < splat(0x1p-126f) ? splat(0.0f) : v; }

// The first products of all pairs and the second ones are summed apart.
template <int Sums, int A, int B>
static inline void multiply_tiles() {
  const TileShapes& shapes = emulated.shapes;
  const int pairs = shapes.rows[B];
  need(pairs > 0 && shapes.rows[A] > 0 && shapes.rows[Sums] == shapes.rows[A]);
  need(shapes.row_bytes[A] == pairs * sizeof(Pair) && shapes.row_bytes[Sums] == shapes.row_bytes[B]);
  for (int row = 0; row < shapes.rows[A]; ++row) {
    Vec first = splat(0.0f), second = first;
    for (int k = 0; k < pairs; ++k) {
      const Int a = splat_int(emulated.rows[A][row][k]), b = emulated.rows[B][k];
      first = flushed(first + flushed(first_of(a)) * flushed(first_of(b)));
      second = flushed(second + flushed(second_of(a)) * flushed(second_of(b)));
    }
    emulated.rows[Sums][row] = bits(flushed(from_bits(emulated.rows[Sums][row]) + flushed(first + second)));
  }
}
#endif

}  // namespace gatun::cpu::GATUN_NS
