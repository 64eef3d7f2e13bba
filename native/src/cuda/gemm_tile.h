// SPDX-License-Identifier: Apache-2.0
// The main loop of products: a block sums a [Rows, Columns] tile of a b^T over K in a pipeline of three stages, for any
// source of a and b. Linear layers, convolutions and patch embeddings bring their own sources and epilogues.
//
// A source is a small struct with
//   using Value = float (or Bf16);
//   GATUN_DEVICE const Value* at(int row, int64_t k) const;   // row of the tile; nullptr: zero
// With Wide = true, at() gives 16 bytes (four f32 or eight bf16), aligned, that lie in the sum as a whole; with
// Wide = false one element, any address.
// Each thread asks for the same k of several rows in turn, so that what depends on k alone is computed once.
//
// The order of a sum is K's, whatever the tile: results do not depend on the tile's size.
#pragma once

#include "mma_tile.h"

namespace gatun::cuda {

constexpr int kGemmStages = 3;
constexpr int kStageBytes = 128;              // of a row in one stage: 32 f32 or 64 bf16
constexpr int kStagePitch = kStageBytes + 16;  // rows in different banks

template <class Element>
constexpr int kStageDepth = kStageBytes / static_cast<int>(sizeof(Element));

// Moves one stage of one operand: fetch() starts it, store() ends it where the elements change their type on the way.
template <class Element, class Source, int Rows, int Threads, bool Wide>
struct Stager {
  using Value = typename Source::Value;
  static constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));
  static constexpr bool kConverts = sizeof(Value) != sizeof(Element);
  static constexpr int kVector = Wide ? 16 / static_cast<int>(sizeof(Value)) : 1;
  static constexpr int kPerRow = kDepth / kVector, kRowStep = Threads / kPerRow;
  static constexpr int kTurns = Wide && kConverts ? (Rows + kRowStep - 1) / kRowStep : 1;

  Float4 held[kTurns];

  GATUN_DEVICE void fetch(const Source& source, Element* to, int64_t first) {
    const int column = thread_index() % kPerRow * kVector, begin = thread_index() / kPerRow;
    const int64_t k = first + column;
#pragma unroll
    for (int turn = 0; turn < (Rows + kRowStep - 1) / kRowStep; ++turn) {
      const int row = begin + turn * kRowStep;
      if (Rows % kRowStep != 0 && row >= Rows) break;
      const Value* from = source.at(row, k);
      Element* cell = to + row * kPitch + column;
      if constexpr (Wide && kConverts) {
        held[turn] = from != nullptr ? *reinterpret_cast<const Float4*>(from) : Float4{};
      } else if constexpr (Wide) {
        copy_async16(cell, from, from != nullptr);
      } else if constexpr (!kConverts && sizeof(Element) == 4) {
        copy_async4(cell, from, from != nullptr);
      } else {
        *cell = from_float<Element>(from != nullptr ? to_float(*from) : 0.0f);
      }
    }
  }

  GATUN_DEVICE void store(Element* to) const {
    if constexpr (Wide && kConverts) {
      const int column = thread_index() % kPerRow * kVector, begin = thread_index() / kPerRow;
#pragma unroll
      for (int turn = 0; turn < kTurns; ++turn) {
        const int row = begin + turn * kRowStep;
        if (Rows % kRowStep != 0 && row >= Rows) break;
        uint32_t pair[2];
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const uint32_t high = to_bf16(held[turn].at[2 * i + 1]).bits;
          pair[i] = to_bf16(held[turn].at[2 * i]).bits | high << 16;
        }
        auto* cell = reinterpret_cast<Float2*>(to + row * kPitch + column);
        *cell = {{as_float(pair[0]), as_float(pair[1])}};
      }
    }
  }
};

// Of a block of 32 WarpsDown WarpsAcross threads.
template <class Precision_, int Rows, int Columns, int WarpsDown, int WarpsAcross>
struct GemmTile {
  using Precision = Precision_;
  using Element = typename Precision::Element;
  using Warp = WarpTile<Precision, Rows / WarpsDown, Columns / WarpsAcross>;
  static constexpr int kRows = Rows, kColumns = Columns, kThreads = WarpsDown * WarpsAcross * kWarp;
  static constexpr int kSharedBytes = kGemmStages * (Rows + Columns) * kStagePitch;

  Warp sums;

  // sums = a b^T over [0, depth). All threads of the block; shared memory may be used for other things afterwards.
  template <bool Wide, class SourceA, class SourceB>
  GATUN_DEVICE void multiply(const SourceA& a, const SourceB& b, int64_t depth) {
    constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));
    constexpr int kStage = (Rows + Columns) * kPitch, kAhead = kGemmStages - 1;
    auto* shared = reinterpret_cast<Element*>(shared_memory());
    Stager<Element, SourceA, Rows, kThreads, Wide> left;
    Stager<Element, SourceB, Columns, kThreads, Wide> right;
    const int64_t steps = (depth + kDepth - 1) / kDepth;
    sums.clear();
#pragma unroll
    for (int step = 0; step < kAhead; ++step) {
      if (step < steps) {
        Element* stage = shared + step * kStage;
        left.fetch(a, stage, step * kDepth);
        right.fetch(b, stage + Rows * kPitch, step * kDepth);
        left.store(stage);
        right.store(stage + Rows * kPitch);
      }
      commit_copies();
    }
    int reading = 0, writing = kAhead;
    for (int64_t step = 0; step < steps; ++step) {
      wait_copies<kAhead - 1>();
      sync_block();  // this stage has come, and all have read the one that is written next
      Element* stage = shared + writing * kStage;
      const bool more = step + kAhead < steps;
      if (more) {
        left.fetch(a, stage, (step + kAhead) * kDepth);
        right.fetch(b, stage + Rows * kPitch, (step + kAhead) * kDepth);
      }
      commit_copies();
      const Element* ready = shared + reading * kStage;
      sums.multiply(ready + warp_row() * kPitch, kPitch, ready + (Rows + warp_column()) * kPitch, kPitch, kDepth);
      if (more) {
        left.store(stage);
        right.store(stage + Rows * kPitch);
      }
      reading = reading + 1 == kGemmStages ? 0 : reading + 1;
      writing = writing + 1 == kGemmStages ? 0 : writing + 1;
    }
    wait_copies<0>();
    sync_block();
  }

  // Calls body(row, column, value, next): the sums at (row, column) and (row, column + 1) of the tile; column is even.
  template <class Body>
  GATUN_DEVICE void for_pairs(const Body& body) const {
#pragma unroll
    for (int i = 0; i < Warp::kRows; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = warp_row() + Warp::row_of(i, half * 2);
#pragma unroll
        for (int j = 0; j < Warp::kColumns; ++j) {
          body(row, warp_column() + Warp::column_of(j, 0), sums.at[i][j][half * 2], sums.at[i][j][half * 2 + 1]);
        }
      }
    }
  }

 private:
  GATUN_DEVICE static int warp_row() { return warp_index() / WarpsAcross * (Rows / WarpsDown); }
  GATUN_DEVICE static int warp_column() { return warp_index() % WarpsAcross * (Columns / WarpsAcross); }
};

// Rows of a dense matrix [rows][depth] of which the tile takes those from `first` on.
template <class Value_>
struct RowSource {
  using Value = Value_;
  const Value* data;
  int64_t first, rows, depth;

  GATUN_DEVICE const Value* at(int row, int64_t k) const {
    return first + row < rows && k < depth ? data + (first + row) * depth + k : nullptr;
  }
};

}  // namespace gatun::cuda
