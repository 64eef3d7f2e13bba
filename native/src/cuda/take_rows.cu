// SPDX-License-Identifier: Apache-2.0
// Rows of a table. 8 bytes an element and 8 a row, no FLOP: bound by memory.
#include "image_walk.h"
#include "operations.h"

namespace gatun::cuda {

namespace {

template <class Word>
GATUN_KERNEL(kWalkThreads)
take_words(ImageWalk walk, int64_t table_rows, const Word* table, const int64_t* ids, Word nothing, Word* out) {
  const int64_t index = ImageWalk::index();
  if (index >= walk.count) return;
  const ImagePlace place = walk.place(index);
  const int64_t id = ids[place.image];
  out[index] = id >= 0 && id < table_rows ? table[id * walk.words + place.word] : nothing;
}

}  // namespace

gatun_status take_rows(gatun_stream* stream, const TakeRowsArgs& args, gatun_error* error) {
  return guard(error, [&] {
    with_word(args.width, args.table, args.out, [&]<class Word>(Word, int64_t words) {
      const ImageWalk walk(args.rows, 1, 1, words);
      launch(stream, "take_rows", take_words<Word>, walk.grid(), kWalkThreads, 0, walk, args.table_rows,
             reinterpret_cast<const Word*>(args.table), args.ids, repeated<Word>(NAN),
             reinterpret_cast<Word*>(args.out));
    });
  });
}

}  // namespace gatun::cuda
