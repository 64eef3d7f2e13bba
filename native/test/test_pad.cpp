// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

namespace {

// Torch's F.pad, one pixel after the other.
int64_t source(int32_t mode, int64_t at, int64_t extent) {
  if (mode == GATUN_PAD_REPLICATE) return std::clamp<int64_t>(at, 0, extent - 1);
  if (mode == GATUN_PAD_CIRCULAR) return (at + extent) % extent;
  if (mode == GATUN_PAD_REFLECT) return extent - 1 - std::llabs(extent - 1 - std::llabs(at));
  return at >= 0 && at < extent ? at : -1;
}

void check(Session& s, const Shape& shape, int64_t top, int64_t bottom, int64_t left, int64_t right, int32_t mode) {
  const int64_t height = shape[1], width = shape[2], channels = shape[3];
  const Shape wide = {shape[0], top + height + bottom, left + width + right, channels};
  const Tensor x = random_tensor(s, shape, 6), out(s, wide);
  OK(gatun_pad2d(s.stream, x, top, left, mode, 2.5, out, &err));
  const std::vector<float> in = x.floats();
  std::vector<float> want;
  for (int64_t index = 0; index < count_of(wide); ++index) {
    const int64_t c = index % channels, column = index / channels % wide[2];
    const int64_t line = index / channels / wide[2], b = line / wide[1], row = line % wide[1];
    const int64_t from_y = source(mode, row - top, height), from_x = source(mode, column - left, width);
    const int64_t at = ((b * height + from_y) * width + from_x) * channels + c;
    want.push_back(from_y < 0 || from_x < 0 ? 2.5f : in[static_cast<size_t>(at)]);
  }
  CHECK(same_bits(out.floats(), want), "mode", mode, "borders", top, bottom, left, right, "channels", channels);
}

TEST(padMatchesReferenceForEveryModeAndBorder) {
  Session s(3);
  for (int32_t mode : {GATUN_PAD_CONSTANT, GATUN_PAD_REFLECT, GATUN_PAD_REPLICATE, GATUN_PAD_CIRCULAR}) {
    for (int64_t top : {0, 1, 4}) {
      for (int64_t right : {0, 2, 3}) {
        check(s, {2, 5, 4, 3}, top, right, 1, right, mode);
        check(s, {2, 5, 4, 3}, right, top, right, 0, mode);
      }
    }
    for (int64_t channels : {0, 1, 4, 17, 64}) check(s, {1, 4, 6, channels}, 1, 2, 3, 0, mode);
    check(s, {0, 5, 4, 3}, 1, 1, 1, 1, mode);
  }
  check(s, {1, 2, 3, 4}, 2, 2, 3, 3, GATUN_PAD_CIRCULAR);
  check(s, {1, 2, 3, 4}, 7, 9, 8, 11, GATUN_PAD_REPLICATE);
  check(s, {1, 2, 3, 4}, 7, 9, 8, 11, GATUN_PAD_CONSTANT);
  check(s, {1, 0, 3, 4}, 2, 0, 0, 1, GATUN_PAD_CONSTANT);
}

}  // namespace
