// SPDX-License-Identifier: Apache-2.0
// The geometry of a decoder's linear beginning folded into one transposed convolution. Projection, transposed
// convolution (kernel k, stride s, padding p) and 3x3 convolution with padding 1 have no activation between them, so
// together they are one with kernel k + 2, stride s, padding p + 1. Only at the first and the last output of an axis
// does it differ: there the 3x3's tap that falls outside is left out, hence a class of weights of their own.
#pragma once

#include "kernels.h"

// Once for each instruction set, as everything inline that kernels use.
#if defined(GATUN_NS)
namespace gatun::cpu::GATUN_NS {
#else
namespace gatun::cpu {
#endif

// No copy is left to the linker.
#define GATUN_FOLD_INLINE __attribute__((always_inline))

struct FoldedAxis {
  int64_t kernel, stride, padding;  // of the transposed convolution as it was

  // Outputs inside an axis are of the class of their phase; then come the first, the last and an only one.
  int64_t first_class() const { return stride; }
  int64_t last_class() const { return stride + 1; }
  int64_t only_class() const { return stride + 2; }
  int64_t classes() const { return stride + 3; }

  // An axis of a single output exists only for some geometries.
  bool exists(int64_t cls) const {
    const int64_t more = 1 + 2 * padding - kernel;
    return cls != only_class() || (more >= 0 && more % stride == 0);
  }

  int64_t outputs(int64_t inputs) const { return (inputs - 1) * stride - 2 * padding + kernel; }

  int64_t border_class(int64_t at, int64_t outputs) const {
    return outputs == 1 ? only_class() : at == 0 ? first_class() : last_class();
  }

  int64_t phase(int64_t cls) const {
    if (cls < stride) return cls;
    return cls == last_class() ? ((kernel - 2 * padding - 1) % stride + stride) % stride : 0;
  }

  // Whether tap `a` (0, 1, 2) of the 3x3 takes part.
  bool takes_part(int64_t cls, int64_t a) const {
    return !(a == 0 && (cls == first_class() || cls == only_class())) &&
           !(a == 2 && (cls == last_class() || cls == only_class()));
  }

  GATUN_FOLD_INLINE GatherAxis gather(int64_t cls) const { return {phase(cls), kernel + 2, stride, padding + 1}; }
};

// Where the parts of the packed weights lie: a bias for each class, then for each class [panel][tap][depth][column],
// row classes slowest; depth counts the inputs, or pairs of them in reduced precision. An input more than the tokens
// have carries 1 where there is a token, and with it the projection's bias, which must not come from patches outside.
struct FoldedDecoder {
  FoldedAxis rows, columns;
  int64_t inputs, depth, outputs, panel;

  FoldedDecoder(const gatun_weights& shape, int columns_of_panel)
      : rows{shape.kernel_h, shape.stride_h, shape.padding_h}, columns{shape.kernel_w, shape.stride_w, shape.padding_w},
        inputs(shape.inputs + 1), depth(depth_of(shape, inputs)), outputs(shape.outputs), panel(columns_of_panel) {}

  GATUN_FOLD_INLINE int64_t taps(int64_t row_class, int64_t column_class) const {
    return rows.gather(row_class).taps * columns.gather(column_class).taps;
  }
  // Floats' places of one class.
  GATUN_FOLD_INLINE int64_t block_floats(int64_t row_class, int64_t column_class) const {
    if (!rows.exists(row_class) || !columns.exists(column_class)) return 0;
    return (outputs + panel - 1) / panel * panel * taps(row_class, column_class) * depth;
  }
  int64_t bias_at(int64_t row_class, int64_t column_class) const {
    return (row_class * columns.classes() + column_class) * outputs;
  }
  GATUN_FOLD_INLINE int64_t block_at(int64_t row_class, int64_t column_class) const {
    int64_t at = rows.classes() * columns.classes() * outputs;
    for (int64_t row = 0; row <= row_class; ++row) {
      for (int64_t column = 0; column < (row < row_class ? columns.classes() : column_class); ++column) {
        at += block_floats(row, column);
      }
    }
    return at;
  }
  int64_t floats() const { return block_at(rows.classes() - 1, columns.classes()); }
};

#undef GATUN_FOLD_INLINE

}  // namespace
