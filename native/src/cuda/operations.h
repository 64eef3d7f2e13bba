// SPDX-License-Identifier: Apache-2.0
// The operations of the CUDA backend, one family a file. Each checks nothing: the dispatch layer has.
#pragma once

#include "../backend.h"

namespace gatun::cuda {

// Puts the operations below into a backend's table.
void add_operations(Backend& backend);

gatun_status weights_create(gatun_stream* stream, const gatun_weights& shape, const float* source,
                            gatun_weights** weights, gatun_error* error);
gatun_status weights_free(gatun_weights* weights, gatun_stream* stream, gatun_error* error);
gatun_status fill(gatun_stream* stream, const View& out, double value, gatun_error* error);
gatun_status copy(gatun_stream* stream, const View& x, const View& out, gatun_error* error);
gatun_status binary(gatun_stream* stream, int32_t op, const View& a, const View& b, const View& out,
                    gatun_error* error);
gatun_status activate(gatun_stream* stream, const ActivateArgs& args, gatun_error* error);
gatun_status reduce(gatun_stream* stream, const ReduceArgs& args, gatun_error* error);
gatun_status softmax(gatun_stream* stream, const SoftmaxArgs& args, gatun_error* error);
gatun_status argmax(gatun_stream* stream, const ArgmaxArgs& args, gatun_error* error);
gatun_status sample_tokens(gatun_stream* stream, const SampleTokensArgs& args, gatun_error* error);
gatun_status take_rows(gatun_stream* stream, const TakeRowsArgs& args, gatun_error* error);
gatun_status group_norm(gatun_stream* stream, const GroupNormArgs& args, gatun_error* error);
gatun_status layer_norm(gatun_stream* stream, const LayerNormArgs& args, gatun_error* error);
gatun_status linear(gatun_stream* stream, const LinearArgs& args, gatun_error* error);
gatun_status attention(gatun_stream* stream, const AttentionArgs& args, gatun_error* error);
gatun_status patch_embed(gatun_stream* stream, const PatchEmbedArgs& args, gatun_error* error);
gatun_status temporal_pool(gatun_stream* stream, const TemporalPoolArgs& args, gatun_error* error);
gatun_status conv_transpose2d(gatun_stream* stream, const ConvTranspose2dArgs& args, gatun_error* error);
gatun_status conv2d(gatun_stream* stream, const Conv2dArgs& args, gatun_error* error);
gatun_status resize2d(gatun_stream* stream, const Resize2dArgs& args, gatun_error* error);
gatun_status max_pool2d(gatun_stream* stream, const MaxPool2dArgs& args, gatun_error* error);
gatun_status pad2d(gatun_stream* stream, const Pad2dArgs& args, gatun_error* error);
gatun_status map_head(gatun_stream* stream, const MapHeadArgs& args, gatun_error* error);
gatun_status encode_pool(gatun_stream* stream, const EncodePoolArgs& args, gatun_error* error);
// Encode-and-pool without day tokens. Queues nothing and returns false where encode_pool's own kernel is better.
bool pixel_pool(gatun_stream* stream, const EncodePoolArgs& args);
gatun_status decoder_weights(gatun_stream* stream, const gatun_weights& shape, const DecoderSource& source,
                             gatun_weights** weights, gatun_error* error);
gatun_status decoder_prefix(gatun_stream* stream, const DecoderPrefixArgs& args, gatun_error* error);
gatun_status refine_head(gatun_stream* stream, const RefineHeadArgs& args, gatun_error* error);

}  // namespace gatun::cuda
