// SPDX-License-Identifier: Apache-2.0
// What the lanes of a warp do together: shuffles, votes, matrix loads and products.
#include "simt.h"

namespace gatun::simt {

namespace {

float value_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

struct Shuffle {
  float value;
  int from;
  float result;
};

struct Vote {
  bool value, result;
};

struct Matrices {
  const char* row;
  uint32_t* to;
};

struct Product {
  float* d;
  const uint32_t *a, *b;
};

template <class Slot>
Slot& slot(void* const* slots, int lane) {
  return *static_cast<Slot*>(slots[lane]);
}

// d += a b for matrices [16, K] and [K, 8] gathered from the lanes.
template <int K>
void multiply(void* const* slots, const float (&a)[16][K], const float (&b)[K][8]) {
  for (int lane = 0; lane < kWarp; ++lane) {
    float* d = slot<Product>(slots, lane).d;
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      for (int k = 0; k < K; ++k) d[i] += a[row][k] * b[k][column];
    }
  }
}

}  // namespace

int lane() { return here().thread % kWarp; }

void sync_warp() {
  meet("sync_warp", nullptr, [](void* const*) {});
}

float shuffle(float value, int from) {
  Shuffle mine{value, from, 0};
  meet("shuffle", &mine, [](void* const* slots) {
    for (int i = 0; i < kWarp; ++i) {
      auto& each = slot<Shuffle>(slots, i);
      each.result = slot<Shuffle>(slots, each.from % kWarp).value;
    }
  });
  return mine.result;
}

bool any(bool value) {
  Vote mine{value, false};
  meet("any", &mine, [](void* const* slots) {
    bool result = false;
    for (int i = 0; i < kWarp; ++i) result |= slot<Vote>(slots, i).value;
    for (int i = 0; i < kWarp; ++i) slot<Vote>(slots, i).result = result;
  });
  return mine.result;
}

void load_matrices(uint32_t (&to)[4], const void* row) {
  Matrices mine{static_cast<const char*>(row), to};
  meet("load_matrices", &mine, [](void* const* slots) {
    for (int i = 0; i < kWarp; ++i) {
      for (int matrix = 0; matrix < 4; ++matrix) {
        std::memcpy(&slot<Matrices>(slots, i).to[matrix], slot<Matrices>(slots, matrix * 8 + i / 4).row + i % 4 * 4, 4);
      }
    }
  });
}

void mma_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  Product mine{d, a, b};
  meet("mma_tf32", &mine, [](void* const* slots) {
    constexpr uint32_t kRead = ~0x1fffu;
    float left[16][8], right[8][8];
    for (int i = 0; i < kWarp; ++i) {
      const auto& each = slot<Product>(slots, i);
      for (int r = 0; r < 4; ++r) left[i / 4 + r % 2 * 8][i % 4 + r / 2 * 4] = value_of(each.a[r] & kRead);
      for (int r = 0; r < 2; ++r) right[i % 4 + r * 4][i / 4] = value_of(each.b[r] & kRead);
    }
    multiply<8>(slots, left, right);
  });
}

void mma_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  Product mine{d, a, b};
  meet("mma_bf16", &mine, [](void* const* slots) {
    float left[16][16], right[16][8];
    for (int i = 0; i < kWarp; ++i) {
      const auto& each = slot<Product>(slots, i);
      for (int half = 0; half < 2; ++half) {
        const auto value = [half](uint32_t pair) { return value_of(half == 0 ? pair << 16 : pair & 0xffff0000u); };
        for (int r = 0; r < 4; ++r) left[i / 4 + r % 2 * 8][i % 4 * 2 + half + r / 2 * 8] = value(each.a[r]);
        for (int r = 0; r < 2; ++r) right[i % 4 * 2 + half + r * 8][i / 4] = value(each.b[r]);
      }
    }
    multiply<16>(slots, left, right);
  });
}

}  // namespace gatun::simt
