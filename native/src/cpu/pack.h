// SPDX-License-Identifier: Apache-2.0
// Arranges weights for the product of kernels/gemm.h: [phase][panel][tap][input][panel column], zero-padded columns.
// In reduced precision pairs of bf16 are in the place of floats: [phase][panel][tap][input / 2][panel column][2], an
// odd number of inputs filled up with 0. Those of refine_head are Winograd's 36 matrices, one phase each, always f32.
#pragma once

#include "../backend.h"

namespace gatun::cpu {

int64_t packed_floats(const gatun_weights& shape, int panel);

void pack(const gatun_weights& shape, const float* source, int panel, float* out);

}  // namespace gatun::cpu
