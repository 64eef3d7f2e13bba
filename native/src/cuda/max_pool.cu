// SPDX-License-Identifier: Apache-2.0
// The largest of each window, channels last. kH kW FLOP and 4 (sH sW + 1) bytes an output for strides sH, sW up to the
// kernel: bound by memory.
#include "image_walk.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

GATUN_DEVICE void keep_larger(float& best, float x) {
  if (x > best || x != x) best = x;
}
GATUN_DEVICE void keep_larger(Float4& best, const Float4& x) {
  for (int i = 0; i < 4; ++i) keep_larger(best.at[i], x.at[i]);
}

template <class Word>
struct Problem {
  ImageWalk walk;
  int height, width, kernel_h, kernel_w, stride_h, stride_w;
  const Word* x;
  Word* out;
};

template <class Word>
GATUN_KERNEL(kWalkThreads) max_pool_words(Problem<Word> p) {
  const int64_t index = ImageWalk::index();
  if (index >= p.walk.count) return;
  const ImagePlace place = p.walk.place(index);
  const int64_t top = place.image * p.height + static_cast<int64_t>(place.y) * p.stride_h;
  const Word* window = p.x + (top * p.width + static_cast<int64_t>(place.x) * p.stride_w) * p.walk.words + place.word;
  Word best = *window;
  for (int dy = 0; dy < p.kernel_h; ++dy) {
    for (int dx = 0; dx < p.kernel_w; ++dx) {
      keep_larger(best, window[(static_cast<int64_t>(dy) * p.width + dx) * p.walk.words]);
    }
  }
  p.out[index] = best;
}

}  // namespace

gatun_status max_pool2d(gatun_stream* stream, const MaxPool2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    want_image("max_pool2d", args.batch, args.height, args.width);
    with_word(args.channels, args.x, args.out, [&]<class Word>(Word, int64_t words) {
      const Problem<Word> problem{ImageWalk(args.batch, args.out_height, args.out_width, words),
                                  static_cast<int>(args.height), static_cast<int>(args.width),
                                  static_cast<int>(args.kernel_h), static_cast<int>(args.kernel_w),
                                  static_cast<int>(args.stride_h), static_cast<int>(args.stride_w),
                                  reinterpret_cast<const Word*>(args.x), reinterpret_cast<Word*>(args.out)};
      launch(stream, "max_pool2d", max_pool_words<Word>, problem.walk.grid(), kWalkThreads, 0, problem);
    });
  });
}

}  // namespace gatun::cuda
