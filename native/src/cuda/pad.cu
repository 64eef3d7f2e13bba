// SPDX-License-Identifier: Apache-2.0
// A border around channels-last images. 4 bytes read, 4 written an element, no FLOP: bound by memory.
#include "image_walk.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

struct Axis {
  int before, extent;

  // Where output `place` is taken from; -1: the constant.
  GATUN_DEVICE int source(int32_t mode, int place) const {
    const int at = place - before;
    if (at >= 0 && at < extent) return at;
    switch (mode) {
      case GATUN_PAD_REFLECT: return at < 0 ? -at : 2 * (extent - 1) - at;
      case GATUN_PAD_REPLICATE: return at < 0 ? 0 : extent - 1;
      case GATUN_PAD_CIRCULAR: return at < 0 ? at + extent : at - extent;
      default: return -1;
    }
  }
};

template <class Word>
struct Problem {
  ImageWalk walk;
  Axis rows, columns;
  int32_t mode;
  Word value;
  const Word* x;
  Word* out;
};

template <class Word>
GATUN_KERNEL(kWalkThreads) pad_words(Problem<Word> p) {
  const int64_t index = ImageWalk::index();
  if (index >= p.walk.count) return;
  const ImagePlace place = p.walk.place(index);
  const int y = p.rows.source(p.mode, place.y), x = p.columns.source(p.mode, place.x);
  const int64_t from = ((place.image * p.rows.extent + y) * p.columns.extent + x) * p.walk.words + place.word;
  p.out[index] = y < 0 || x < 0 ? p.value : p.x[from];
}

}  // namespace

gatun_status pad2d(gatun_stream* stream, const Pad2dArgs& args, gatun_error* error) {
  return guard(error, [&] {
    want_image("pad2d", args.batch, args.out_height, args.out_width);
    const Axis rows{static_cast<int>(args.top), static_cast<int>(args.height)};
    const Axis columns{static_cast<int>(args.left), static_cast<int>(args.width)};
    with_word(args.channels, args.x, args.out, [&]<class Word>(Word, int64_t words) {
      const Problem<Word> problem{ImageWalk(args.batch, args.out_height, args.out_width, words), rows, columns,
                                  args.mode, repeated<Word>(args.value), reinterpret_cast<const Word*>(args.x),
                                  reinterpret_cast<Word*>(args.out)};
      launch(stream, "pad2d", pad_words<Word>, problem.walk.grid(), kWalkThreads, 0, problem);
    });
  });
}

}  // namespace gatun::cuda
