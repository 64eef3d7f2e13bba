// SPDX-License-Identifier: Apache-2.0
// The memory of one graph: which block is whose, without CUDA.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace gatun::cuda {

// Blocks have the same address in each replay, so one that was given back while the stream recorded serves later takes
// of the same recording: in a replay their uses run behind each other too. Constants are blocks of their own, which
// replays read and nothing writes. Not thread-safe.
class Arena {
 public:
  // A free block of at least so many bytes, the smallest there is, or nullptr. At most as much as asked for is wasted,
  // or a little: or a small request would take the block that the next large one needs.
  char* reuse(int64_t bytes);

  // A new block, in use.
  void add(char* block, int64_t bytes) { blocks_[block] = {bytes, State::live}; }
  // A new block that no buffer ever has: freed with the graph, never handed out.
  void add_constant(char* block) { constants_.push_back(block); }

  bool owns(char* block) const { return blocks_.contains(block); }
  // Whether an address lies in one of the blocks: a buffer may be written from an offset on.
  bool holds(char* address) const;

  // Given back by the stream that records.
  void give(char* block) { blocks_.at(block).state = State::free; }
  // Given back otherwise: nobody's, but what runs elsewhere may still use it and replays write it.
  void drop(char* block) { blocks_.at(block).state = State::dropped; }

  struct Leaving {
    std::vector<char*> dead;  // to be freed
    std::vector<char*> kept;  // of live buffers: they outlive the graph and are ordinary memory from now on
  };
  // At the graph's end.
  Leaving leave();

 private:
  enum class State { live, free, dropped };
  struct Block {
    int64_t bytes;
    State state;
  };
  std::map<char*, Block> blocks_;
  std::vector<char*> constants_;
};

}  // namespace gatun::cuda
