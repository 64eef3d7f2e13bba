// SPDX-License-Identifier: Apache-2.0
// Arranges weights for the product of kernels/gemm.h: [phase][panel][tap][input][panel column], zero-padded columns.
// Those for Winograd's convolution are 36 matrices, one phase each.
#pragma once

#include "kernels.h"

namespace gatun::cpu {

int64_t packed_floats(const PackedWeights& shape, int panel);

// To shape.packed.
void pack(const PackedWeights& shape, const float* source, int panel);

}  // namespace gatun::cpu
