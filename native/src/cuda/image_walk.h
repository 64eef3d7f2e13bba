// SPDX-License-Identifier: Apache-2.0
// One thread for each word of a channels-last image: neighbours in a warp are neighbours in memory. A word is a float,
// or four channels where addresses and channels allow.
#pragma once

#include "launch.h"

#include <algorithm>

namespace gatun::cuda {

constexpr int kWalkThreads = 256;

struct ImagePlace {
  int64_t image;
  int y, x;
  int64_t word;
};

// [images, height, width, words]
struct ImageWalk {
  int64_t count, words;
  int height, width;

  ImageWalk(int64_t images, int64_t rows, int64_t columns, int64_t channel_words)
      : count(images * rows * columns * channel_words), words(channel_words), height(static_cast<int>(rows)),
        width(static_cast<int>(columns)) {}

  Grid grid() const { return {blocks_for(count, kWalkThreads)}; }

  GATUN_DEVICE static int64_t index() { return block_index<0>() * kWalkThreads + thread_index(); }

  // Division of 64 bits takes some hundred instructions: most images need none.
  GATUN_DEVICE ImagePlace place(int64_t index) const {
    return count <= UINT32_MAX ? split(static_cast<uint32_t>(index)) : split(static_cast<uint64_t>(index));
  }

 private:
  template <class Index>
  GATUN_DEVICE ImagePlace split(Index index) const {
    const auto across = static_cast<Index>(width), down = static_cast<Index>(height), each = static_cast<Index>(words);
    const Index pixel = index / each, line = pixel / across;
    return {static_cast<int64_t>(line / down), static_cast<int>(line % down), static_cast<int>(pixel % across),
            static_cast<int64_t>(index % each)};
  }
};

// Words behave like numbers, channel by channel.
GATUN_DEVICE void add_scaled(float& sum, float factor, float value) { sum += factor * value; }
GATUN_DEVICE void add_scaled(Float4& sum, float factor, const Float4& value) {
  for (int i = 0; i < 4; ++i) sum.at[i] += factor * value.at[i];
}

// On the host: a word of one value.
template <class Word>
Word repeated(float value) {
  Word word;
  std::fill_n(reinterpret_cast<float*>(&word), sizeof word / sizeof value, value);
  return word;
}

// Calls body(word, how many of them a pixel has) with a float or a Float4 for its type.
template <class Body>
void with_word(int64_t channels, const void* x, const void* out, const Body& body) {
  if (channels % 4 == 0 && aligned(x) && aligned(out)) {
    body(Float4{}, channels / 4);
  } else {
    body(float{}, channels);
  }
}

}  // namespace gatun::cuda
