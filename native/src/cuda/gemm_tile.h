// SPDX-License-Identifier: Apache-2.0
// The main loop of products: a block sums a [Rows, Columns] tile of a b^T over K in a pipeline of three stages, for any
// source of a and b. Linear layers, convolutions and patch embeddings bring their own sources and epilogues.
//
// A source is a small struct with
//   using Value = float (or Bf16);
//   GATUN_DEVICE Column column(int64_t k) const;                // what depends on k alone, made once for several rows
//   GATUN_DEVICE const Value* at(int row, const Column&) const;  // row of the tile; nullptr: zero
// With Wide = true, at() gives 16 bytes (four f32 or eight bf16), aligned, that lie in the sum as a whole; with
// Wide = false one element, any address. A source that computes its values has in the place of at()
//   GATUN_DEVICE Float4 four(int row, const Column&) const;  GATUN_DEVICE float one(int row, const Column&) const;
// and a Resident one lies in shared memory already.
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

// Left operand that lies in shared memory as a whole, zero from `depth` up to whole stages.
template <class Element>
struct Resident {
  using Value = Element;
  const Element* data;
  int pitch;
};

template <class Source>
constexpr bool kIsResident = false;
template <class Element>
constexpr bool kIsResident<Resident<Element>> = true;

template <class Source>
concept Computed = requires(const Source& source) { source.one(0, source.column(0)); };

// Moves one stage of one operand: fetch() starts it, store() ends it where the elements pass through registers.
template <class Element, class Source, int Rows, int Threads, bool Wide>
struct Stager {
  using Value = typename Source::Value;
  static constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));
  static constexpr bool kConverts = sizeof(Value) != sizeof(Element), kHolds = kConverts || Computed<Source>;
  static constexpr int kVector = Wide ? 16 / static_cast<int>(sizeof(Value)) : 1;
  static constexpr int kPerRow = kDepth / kVector, kRowStep = Threads / kPerRow;
  static constexpr int kTurns = Wide && kHolds ? (Rows + kRowStep - 1) / kRowStep : 1;

  Float4 held[kTurns];

  GATUN_DEVICE void fetch(const Source& source, Element* to, int64_t first) {
    const int column = thread_index() % kPerRow * kVector, begin = thread_index() / kPerRow;
    const auto from_column = source.column(first + column);
#pragma unroll
    for (int turn = 0; turn < (Rows + kRowStep - 1) / kRowStep; ++turn) {
      const int row = begin + turn * kRowStep;
      if (Rows % kRowStep != 0 && row >= Rows) break;
      Element* cell = to + row * kPitch + column;
      if constexpr (Computed<Source>) {
        if constexpr (Wide) {
          held[turn] = source.four(row, from_column);
        } else {
          *cell = from_float<Element>(source.one(row, from_column));
        }
      } else {
        const Value* from = source.at(row, from_column);
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
  }

  GATUN_DEVICE void store(Element* to) const {
    if constexpr (Wide && kHolds) {
      const int column = thread_index() % kPerRow * kVector, begin = thread_index() / kPerRow;
#pragma unroll
      for (int turn = 0; turn < kTurns; ++turn) {
        const int row = begin + turn * kRowStep;
        if (Rows % kRowStep != 0 && row >= Rows) break;
        store4(to + row * kPitch + column, held[turn]);
      }
    }
  }
};

// Nothing to move.
template <class Element, class Value, int Rows, int Threads, bool Wide>
struct Stager<Element, Resident<Value>, Rows, Threads, Wide> {
  GATUN_DEVICE void fetch(const Resident<Value>&, Element*, int64_t) {}
  GATUN_DEVICE void store(Element*) const {}
};

// Of a block of 32 WarpsDown WarpsAcross threads.
template <class Precision_, int Rows, int Columns, int WarpsDown, int WarpsAcross>
struct GemmTile {
  using Precision = Precision_;
  using Element = typename Precision::Element;
  using Warp = WarpTile<Precision, Rows / WarpsDown, Columns / WarpsAcross>;
  static constexpr int kRows = Rows, kColumns = Columns, kThreads = WarpsDown * WarpsAcross * kWarp;
  static constexpr int kSharedBytes = kGemmStages * (Rows + Columns) * kStagePitch;
  static constexpr int kResidentBytes = kGemmStages * Columns * kStagePitch;  // where a is Resident
  static constexpr int kParts = WarpsAcross;                                  // of a row's sum

  Warp sums;

  // sums = a b^T over [0, depth). All threads of the block; `stages`, kSharedBytes (kResidentBytes) of shared memory, may
  // be used for other things afterwards.
  template <bool Wide, class SourceA, class SourceB>
  GATUN_DEVICE void multiply(const SourceA& a, const SourceB& b, int64_t depth, char* stages) {
    constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));
    constexpr int kLeft = kIsResident<SourceA> ? 0 : Rows * kPitch, kAhead = kGemmStages - 1;
    constexpr int kStage = kLeft + Columns * kPitch;
    auto* shared = reinterpret_cast<Element*>(stages);
    Stager<Element, SourceA, Rows, kThreads, Wide> left;
    Stager<Element, SourceB, Columns, kThreads, Wide> right;
    const int64_t steps = (depth + kDepth - 1) / kDepth;
    sums.clear();
#pragma unroll
    for (int step = 0; step < kAhead; ++step) {
      if (step < steps) {
        Element* stage = shared + step * kStage;
        left.fetch(a, stage, step * kDepth);
        right.fetch(b, stage + kLeft, step * kDepth);
        left.store(stage);
        right.store(stage + kLeft);
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
        right.fetch(b, stage + kLeft, (step + kAhead) * kDepth);
      }
      commit_copies();
      const Element* ready = shared + reading * kStage;
      const Element* columns = ready + kLeft + warp_column() * kPitch;
      if constexpr (kIsResident<SourceA>) {
        sums.multiply(a.data + warp_row() * a.pitch + step * kDepth, a.pitch, columns, kPitch, kDepth);
      } else {
        sums.multiply(ready + warp_row() * kPitch, kPitch, columns, kPitch, kDepth);
      }
      if (more) {
        left.store(stage);
        right.store(stage + kLeft);
      }
      reading = reading + 1 == kGemmStages ? 0 : reading + 1;
      writing = writing + 1 == kGemmStages ? 0 : writing + 1;
    }
    wait_copies<0>();
    sync_block();
  }

  // sums = a b^T over [0, depth), both whole in shared memory: stage after stage as Stager leaves them, [Rows] and
  // [Columns] rows of kStagePitch bytes, zero from `depth` to the next whole instruction.
  GATUN_DEVICE void multiply_staged(const Element* a, const Element* b, int depth) {
    constexpr int kDepth = kStageDepth<Element>, kPitch = kStagePitch / static_cast<int>(sizeof(Element));
    sums.clear();
    for (int first = 0; first < depth; first += kDepth, a += Rows * kPitch, b += Columns * kPitch) {
      sums.multiply(a + warp_row() * kPitch, kPitch, b + warp_column() * kPitch, kPitch,
                    depth - first < kDepth ? depth - first : kDepth);
    }
  }

  // A thread owns sums of kOwnRows rows, pairs of neighbours (the first at an even column) in kOwnPairs places.
  static constexpr int kOwnRows = Warp::kRows * 2, kOwnPairs = Warp::kColumns;
  GATUN_DEVICE static int own_row(int slot) { return warp_row() + Warp::row_of(slot / 2, slot % 2 * 2); }
  GATUN_DEVICE static int own_column(int pair) { return warp_column() + Warp::column_of(pair, 0); }
  GATUN_DEVICE float& own(int slot, int pair, int which) { return sums.at[slot / 2][pair][slot % 2 * 2 + which]; }

  // Calls body(row, column, value, next): the sums at (row, column) and (row, column + 1) of the tile.
  template <class Body>
  GATUN_DEVICE void for_pairs(const Body& body) {
#pragma unroll
    for (int slot = 0; slot < kOwnRows; ++slot) {
#pragma unroll
      for (int pair = 0; pair < kOwnPairs; ++pair) {
        body(own_row(slot), own_column(pair), own(slot, pair, 0), own(slot, pair, 1));
      }
    }
  }

  // parts[row][kParts] += body(slot, column, value) summed over the columns of each warp, always in the same order.
  // Behind it a barrier, then total() is the sum of a row.
  template <class Body>
  GATUN_DEVICE void add_row_parts(float* parts, const Body& body) {
#pragma unroll
    for (int slot = 0; slot < kOwnRows; ++slot) {
      float sum = 0;
#pragma unroll
      for (int pair = 0; pair < kOwnPairs; ++pair) {
#pragma unroll
        for (int which = 0; which < 2; ++which) sum += body(slot, own_column(pair) + which, own(slot, pair, which));
      }
      sum = warp_sum<4>(sum);
      if (lane_index() % 4 == 0) parts[own_row(slot) * kParts + warp_index() % WarpsAcross] += sum;
    }
  }
  GATUN_DEVICE static float total(const float* parts, int row) {
    float sum = parts[row * kParts];
#pragma unroll
    for (int part = 1; part < kParts; ++part) sum += parts[row * kParts + part];
    return sum;
  }
  static constexpr int kPartsBytes = Rows * kParts * static_cast<int>(sizeof(float));
  GATUN_DEVICE static void clear_parts(float* parts) {
    for (int i = thread_index(); i < Rows * kParts; i += kThreads) parts[i] = 0;
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

  GATUN_DEVICE int64_t column(int64_t k) const { return k < depth ? k : -1; }
  GATUN_DEVICE const Value* at(int row, int64_t k) const {
    return first + row < rows && k >= 0 ? data + (first + row) * depth + k : nullptr;
  }
};

}  // namespace gatun::cuda
