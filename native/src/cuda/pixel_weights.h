// SPDX-License-Identifier: Apache-2.0
// What encode-and-pool without day tokens makes of weights and encodings, in scratch, at the begin of a call.
#pragma once

#include "pixel_plan.h"

namespace gatun::cuda {

// Letters as in pixel_pool.cu; n = K + 1: the pixels' columns and that of their 1, the bias.
template <class Element>
struct PixelWeights {
  int inputs, embed, depth;  // K, E, and K in whole 16 bytes
  int64_t time, encodings;   // encodings: months * time
  const Element *patch, *hidden;
  const float *patch_bias, *token_weight, *token_bias, *day_encoding, *month_encoding, *norm_weight, *norm_bias,
      *hidden_bias;
  float eps;
  Element *factors, *scorer;  // R and S [2 K][depth], W g2 D [E][depth]
  float* edges;               // [2][n], last columns of R and S
  float* columns;             // [2][E], last column of W g2 D, and W b2 + bias
  float* encoded;             // [encodings][E], W g2 q
  float* offsets;             // [encodings][n + 1], y and c
  float* embedding;           // [n][E], g C A
  float* centred;             // [E][n], C A
  float* vectors;             // [E][n + encodings], D and behind it q

  PixelWeights(const EncodePoolArgs& args, int64_t inputs_of_patch)
      : inputs(static_cast<int>(inputs_of_patch)), embed(static_cast<int>(args.pool.embed)),
        depth(static_cast<int>(blocks_for(inputs, kVector) * kVector)), time(args.pool.time),
        encodings(args.pool.months * time), patch(packed(args.patch.weights)), hidden(packed(args.pool.weights)),
        patch_bias(args.patch.bias), token_weight(args.patch.norm_weight), token_bias(args.patch.norm_bias),
        day_encoding(args.pool.day_encoding), month_encoding(args.pool.month_encoding),
        norm_weight(args.pool.norm_weight), norm_bias(args.pool.norm_bias), hidden_bias(args.pool.hidden_bias),
        eps(args.patch.eps) {}

  GATUN_BOTH int size() const { return inputs + 1; }
  GATUN_BOTH int64_t all() const { return size() + encodings; }

  // Bytes from `memory` on; NULL: counts only.
  int64_t place(char* memory) {
    int64_t end = 0;
    const auto take = [&]<class Value>(Value*& part, int64_t count) {
      part = memory != nullptr ? reinterpret_cast<Value*>(memory + end) : nullptr;
      end += (count * static_cast<int64_t>(sizeof(Value)) + 15) / 16 * 16;
    };
    take(factors, int64_t{2} * inputs * depth);
    take(scorer, int64_t{embed} * depth);
    take(edges, 2 * size());
    take(columns, 2 * embed);
    take(encoded, encodings * embed);
    take(offsets, encodings * (size() + 1));
    take(embedding, int64_t{size()} * embed);
    take(centred, int64_t{size()} * embed);
    take(vectors, all() * embed);
    return end;
  }

 private:
  static constexpr int64_t kVector = 16 / static_cast<int64_t>(sizeof(Element));
  static const Element* packed(const gatun_weights* weights) {
    return reinterpret_cast<const Element*>(static_cast<const DeviceWeights*>(weights)->memory);
  }
};

// Queues what fills them.
template <class Element>
void prepare(gatun_stream* stream, const PixelWeights<Element>& weights, const PixelPlan& plan);

}  // namespace gatun::cuda
