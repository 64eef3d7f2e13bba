// SPDX-License-Identifier: Apache-2.0
// One axis of a transposed convolution in gather form. Its outputs fall into classes that share their weights: one for
// each phase (position modulo stride). Folded with a 3x3 convolution behind it (kernel and padding are then those of
// the whole), the first, the last and an only output are classes of their own: a tap of the 3x3 falls outside there.
#pragma once

#include "launch.h"

namespace gatun::cuda {

// Outputs of one class: first, first + stride, ... Output j draws on inputs base + j, base + j - 1, ... (taps of them)
// through kernel cells cell, cell + stride, ...
struct AxisRun {
  int first, count, base, taps, cell;
};

struct TransposedAxis {
  int inputs, outputs, kernel, stride, padding;
  bool folded;

  GATUN_BOTH int classes() const { return folded ? stride + 3 : stride; }
  GATUN_BOTH int borders() const { return !folded ? 0 : outputs == 1 ? 1 : 2; }
  GATUN_BOTH int border_class(int index) const { return outputs == 1 ? stride + 2 : stride + index; }

  GATUN_BOTH int phase(int cls) const {
    if (cls < stride) return cls;
    // The last output lies at (inputs - 1) stride + kernel - 2 padding - 1 for each number of inputs.
    return cls == stride + 1 ? ((kernel - 2 * padding - 1) % stride + stride) % stride : 0;
  }
  GATUN_BOTH int cell(int cls) const { return (phase(cls) + padding) % stride; }
  GATUN_BOTH int taps(int cls) const { return (kernel - cell(cls) + stride - 1) / stride; }
  // Taps of the classes before one.
  GATUN_BOTH int taps_before(int cls) const {
    int sum = 0;
    for (int before = 0; before < cls; ++before) sum += taps(before);
    return sum;
  }

  GATUN_BOTH AxisRun run(int cls) const {
    int first = phase(cls), end = outputs;
    if (cls >= stride) {
      first = cls == stride + 1 ? outputs - 1 : 0;
      end = first + 1;
    } else if (folded) {
      if (first == 0) first = stride;
      end = outputs - 1;
    }
    return {first, first < end ? (end - 1 - first) / stride + 1 : 0, (first + padding) / stride, taps(cls), cell(cls)};
  }

  // An only output exists for some geometries.
  GATUN_BOTH bool exists(int cls) const {
    const int more = 1 + 2 * padding - kernel;
    return cls != stride + 2 || (more >= 0 && more % stride == 0);
  }

  // Whether tap `a` (0, 1, 2) of the folded 3x3 takes part.
  GATUN_BOTH bool takes_part(int cls, int a) const {
    return !(a == 0 && (cls == stride || cls == stride + 2)) && !(a == 2 && cls > stride);
  }
};

// Both axes. Weights lie as [row class][column class][output][tap][input].
struct TransposedPlane {
  TransposedAxis rows, columns;

  GATUN_BOTH int pairs() const { return rows.classes() * columns.classes(); }
  GATUN_BOTH int taps_in_all() const { return rows.taps_before(rows.classes()) * columns.taps_before(columns.classes()); }
  // Taps of the pairs of classes before this one.
  GATUN_BOTH int taps_before(int row_class, int column_class) const {
    return rows.taps_before(row_class) * columns.taps_before(columns.classes()) +
           rows.taps(row_class) * columns.taps_before(column_class);
  }
};

inline TransposedPlane plane_of(const gatun_weights& w, int64_t height, int64_t width, int64_t out_height,
                                int64_t out_width) {
  const int more = w.kind == WeightsKind::decoder ? 1 : 0;  // the 3x3 reaches one pixel further on each side
  const auto axis = [&](int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, int64_t padding) {
    return TransposedAxis{static_cast<int>(inputs),  static_cast<int>(outputs),        static_cast<int>(kernel) + 2 * more,
                          static_cast<int>(stride), static_cast<int>(padding) + more, more == 1};
  };
  return {axis(height, out_height, w.kernel_h, w.stride_h, w.padding_h),
          axis(width, out_width, w.kernel_w, w.stride_w, w.padding_w)};
}

}  // namespace gatun::cuda
