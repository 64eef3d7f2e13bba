// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.models.layers.TransformerBlock;
import java.util.OptionalDouble;

/**
 * What a TerraMind encoder is built of, apart from its modalities.
 *
 * @param dim E, a multiple of 4 and of the heads
 * @param encoderDepth number of blocks
 * @param numHeads heads of the attention
 * @param mlpRatio width of the feed-forward part over E; a gated one has two thirds of it
 * @param qkvBias whether query, key and value have a bias
 * @param projBias whether the product behind the attention has a bias
 * @param mlpBias whether the feed-forward part has biases
 * @param normBias whether the norms' biases are learned; else they are buffers
 * @param activation of the feed-forward part
 * @param gatedMlp whether the feed-forward part is gated
 * @param qkNorm whether queries and keys go through norms
 * @param encoderNorm whether the last output goes through a norm
 * @param numRegisterTokens learned tokens before those of the modalities
 * @param eps of all norms, 0 to below 1
 */
public record TerraMindSize(int dim, int encoderDepth, int numHeads, double mlpRatio, boolean qkvBias, boolean projBias,
        boolean mlpBias, boolean normBias, Activation activation, boolean gatedMlp, boolean qkNorm, boolean encoderNorm,
        int numRegisterTokens, double eps) {
    /** Upstream's epsilon. */
    static final double EPS = 1e-6;

    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if one does not fit the others
     */
    public TerraMindSize {
        if (dim < 4 || dim % 4 != 0 || numHeads < 1 || dim % numHeads != 0) {
            throw new ArgumentException("TerraMind: dim " + dim + " must be a multiple of 4, for its positions, and of"
                    + " num_heads " + numHeads);
        }
        if (encoderDepth < 1 || mlpRatio * dim < 2 || numRegisterTokens < 0 || eps < 0 || eps >= 1) {
            throw new ArgumentException("TerraMind: encoder_depth " + encoderDepth + " must be at least 1, mlp_ratio "
                    + mlpRatio + " give a width of at least 2, num_register_tokens " + numRegisterTokens
                    + " not be negative, and layer_norm_eps " + eps + " be from 0 to below 1");
        }
    }

    static TerraMindSize small(int dim, int numHeads) {
        return new TerraMindSize(
                dim, 12, numHeads, 4, true, true, true, false, Activation.GELU, false, false, true, 0, EPS);
    }

    static TerraMindSize large(int dim, int encoderDepth, int numHeads) {
        return new TerraMindSize(dim, encoderDepth, numHeads, 4, false, false, false, false, Activation.SILU, true,
                false, true, 0, EPS);
    }

    TransformerBlock.Options block() {
        int hidden = (int) (dim * mlpRatio);
        return new TransformerBlock.Options(dim, gatedMlp ? 2 * hidden / 3 : hidden, numHeads, eps, qkvBias, projBias,
                mlpBias, normBias, activation, gatedMlp, qkNorm, OptionalDouble.empty());
    }
}
