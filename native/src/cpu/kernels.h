// SPDX-License-Identifier: Apache-2.0
// The tables of tile functions, one table for each instruction set.
#pragma once

#include "../backend.h"

namespace gatun::cpu {

// What a tile function gets beside its arguments.
struct TileContext {
  float* shared;   // of the operation, written by its first phase
  float* scratch;  // of the worker
};

// An operation as tiles. Phases follow each other; the tiles of one phase are independent. Numbers depend on the
// arguments only, never on the threads.
template <class Args>
struct TiledKernel {
  int phases;
  int64_t (*shared_floats)(const Args&);
  int64_t (*scratch_floats)(const Args&);
  int64_t (*tiles)(const Args&, int phase);
  void (*tile)(const Args&, const TileContext&, int phase, int64_t tile);
  int (*phases_of)(const Args&) = nullptr;  // where their number depends on the arguments
};

// The folding of a decoder's weights into FoldedDecoder's layout (decoder_fold.h).
struct DecoderFoldArgs {
  gatun_weights shape;
  DecoderSource source;
  float* packed;
};

struct KernelTable {
  int panel;  // columns of a packed panel
  TiledKernel<ActivateArgs> activate;
  TiledKernel<ReduceArgs> reduce;
  TiledKernel<SoftmaxArgs> softmax;
  TiledKernel<ArgmaxArgs> argmax;
  TiledKernel<SampleTokensArgs> sample_tokens;
  TiledKernel<TakeRowsArgs> take_rows;
  TiledKernel<GroupNormArgs> group_norm;
  TiledKernel<LayerNormArgs> layer_norm;
  TiledKernel<LinearArgs> linear;
  TiledKernel<AttentionArgs> attention;
  TiledKernel<PatchEmbedArgs> patch_embed;
  TiledKernel<TemporalPoolArgs> temporal_pool;
  TiledKernel<ConvTranspose2dArgs> conv_transpose2d;
  TiledKernel<Conv2dArgs> conv2d;
  TiledKernel<Resize2dArgs> resize2d;
  TiledKernel<MaxPool2dArgs> max_pool2d;
  TiledKernel<Pad2dArgs> pad2d;
  TiledKernel<MapHeadArgs> map_head;
  TiledKernel<EncodePoolArgs> encode_pool;
  TiledKernel<DecoderFoldArgs> decoder_fold;
  TiledKernel<DecoderPrefixArgs> decoder_prefix;
  TiledKernel<RefineHeadArgs> refine_head;
};

namespace portable {
const KernelTable& table();
}
#if defined(__x86_64__)
namespace avx2 {
const KernelTable& table();
}
namespace avx512 {
const KernelTable& table();
}
namespace avx512_bf16 {
const KernelTable& table();
}
namespace avx512_amx {
const KernelTable& table();  // for operations of reduced precision only
}
#endif

enum class PairProducts;  // machine.h

const KernelTable& kernel_table(int32_t level, PairProducts products);

// The same for operations of reduced precision.
const KernelTable& reduced_table(int32_t level, PairProducts products);

// Floats' places that hold an input's column of `inputs`: a pair of bf16 fills one.
inline int64_t depth_of(const gatun_weights& weights, int64_t inputs) {
  return weights.precision == GATUN_REDUCED ? (inputs + 1) / 2 : inputs;
}
inline int64_t depth_of(const gatun_weights& weights) { return depth_of(weights, weights.inputs); }

// The CPU's weights: packed for the panel width of the device's table.
struct PackedWeights : gatun_weights {
  float* packed = nullptr;
  bool winograd = false;  // its 36 points may take the place of its nine cells; those of refine_head are packed
};

inline const PackedWeights& packed(const gatun_weights* weights) {
  return *static_cast<const PackedWeights*>(weights);
}

// One axis of a transposed convolution in gather form. Output o = stride * j + phase draws on inputs j + offset(tap)
// through kernel cell first + stride * tap.
struct GatherAxis {
  int64_t first, taps, base;

  GatherAxis(int64_t phase, int64_t kernel, int64_t stride, int64_t padding)
      : first((phase + padding) % stride), taps((kernel - first + stride - 1) / stride),
        base((phase + padding) / stride) {}

  int64_t kernel_cell(int64_t tap, int64_t stride) const { return first + stride * tap; }
  int64_t offset(int64_t tap) const { return base - tap; }
};

}  // namespace gatun::cpu
