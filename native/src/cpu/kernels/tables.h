// SPDX-License-Identifier: Apache-2.0
// What each kernel file of this folder contributes to its instruction set's table.
#pragma once

#include "../kernels.h"

namespace gatun::cpu::GATUN_NS {

extern const TiledKernel<ActivateArgs> kActivate;
extern const TiledKernel<ReduceArgs> kReduce;
extern const TiledKernel<SoftmaxArgs> kSoftmax;
extern const TiledKernel<ArgmaxArgs> kArgmax;
extern const TiledKernel<SampleTokensArgs> kSampleTokens;
extern const TiledKernel<TakeRowsArgs> kTakeRows;
extern const TiledKernel<GroupNormArgs> kGroupNorm;
extern const TiledKernel<LayerNormArgs> kLayerNorm;
extern const TiledKernel<LinearArgs> kLinear;
extern const TiledKernel<AttentionArgs> kAttention;
extern const TiledKernel<PatchEmbedArgs> kPatchEmbed;
extern const TiledKernel<TemporalPoolArgs> kTemporalPool;
extern const TiledKernel<ConvTranspose2dArgs> kConvTranspose2d;
extern const TiledKernel<Conv2dArgs> kConv2d;
extern const TiledKernel<Resize2dArgs> kResize2d;
extern const TiledKernel<MaxPool2dArgs> kMaxPool2d;
extern const TiledKernel<Pad2dArgs> kPad2d;
extern const TiledKernel<MapHeadArgs> kMapHead;
extern const TiledKernel<EncodePoolArgs> kEncodePool;
extern const TiledKernel<DecoderFoldArgs> kDecoderFold;
extern const TiledKernel<DecoderPrefixArgs> kDecoderPrefix;
extern const TiledKernel<RefineHeadArgs> kRefineHead;

}  // namespace gatun::cpu::GATUN_NS
