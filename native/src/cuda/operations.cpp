// SPDX-License-Identifier: Apache-2.0
#include "operations.h"

namespace gatun::cuda {

void add_operations(Backend& backend) {
  backend.weights_create = weights_create;
  backend.weights_free = weights_free;
  backend.fill = fill;
  backend.copy = copy;
  backend.binary = binary;
  backend.activate = activate;
  backend.reduce = reduce;
  backend.softmax = softmax;
  backend.argmax = argmax;
  backend.sample_tokens = sample_tokens;
  backend.take_rows = take_rows;
  backend.group_norm = group_norm;
  backend.layer_norm = layer_norm;
  backend.linear = linear;
  backend.attention = attention;
  backend.patch_embed = patch_embed;
  backend.temporal_pool = temporal_pool;
  backend.conv_transpose2d = conv_transpose2d;
  backend.conv2d = conv2d;
  backend.resize2d = resize2d;
  backend.max_pool2d = max_pool2d;
  backend.pad2d = pad2d;
  backend.map_head = map_head;
  backend.encode_pool = encode_pool;
  backend.decoder_weights = decoder_weights;
  backend.decoder_prefix = decoder_prefix;
  backend.refine_head = refine_head;
}

}  // namespace gatun::cuda
