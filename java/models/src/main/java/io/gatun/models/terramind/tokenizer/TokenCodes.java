// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.ChannelsLast;

/** Images to tokens and tokens to codes, which tokenizers of both kinds do alike. */
record TokenCodes(TokenizerEncoder encoder, TokenizerConfig config) {
    TerraMindTokenizer.Encoded encode(Scope scope, Tensor image) {
        try (FiniteScalarQuantizer.Quantized quantized = encoder.quantized(scope, image)) {
            Tensor tokens = Kernels.copy(scope, quantized.numbers(), DType.I64);
            return new TerraMindTokenizer.Encoded(ChannelsLast.toMap(quantized.codes()), tokens);
        }
    }

    Tensor embedding(Scope scope, Tensor tokens) {
        if (tokens.shape().rank() != 3 || tokens.shape().numElements() < 1) {
            throw new ShapeException(config.name() + ": token numbers have shape " + tokens.shape()
                    + ", expected [B, rows, columns]; those of a square image are [B, n, n]");
        }
        return ChannelsLast.intoMap(encoder.quantizer().codes(scope, tokens));
    }

    void requireCodes(Tensor quantized) {
        int levels = config.levels().size();
        if (quantized.shape().rank() != 4 || quantized.dim(1) != levels || quantized.shape().numElements() < 1) {
            throw new ShapeException(config.name() + ": codes have shape " + quantized.shape() + ", expected [B, "
                    + levels + ", rows, columns]");
        }
        if (quantized.dtype() != DType.F32) {
            throw new DTypeException(config.name() + ": codes are " + quantized.dtype() + ", expected float32; token"
                    + " numbers go through decodeTokens");
        }
    }
}
