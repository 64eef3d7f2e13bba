// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import io.gatun.models.layers.TransformerBlock;

/**
 * Sizes of a tokenizer's transformer, upstream's {@code vit_b_enc} and the like.
 *
 * @param dim E, upstream's {@code dim_tokens}, a multiple of 4 and of the heads
 * @param depth number of blocks
 * @param numHeads heads of the attention
 * @param mlpRatio width of the feed-forward part over E
 * @param qkvBias whether query, key and value have a bias
 */
public record TokenizerSize(int dim, int depth, int numHeads, double mlpRatio, boolean qkvBias) {
    /** Epsilon of all norms. */
    static final double EPS = 1e-6;

    /** Checks the numbers; throws {@link ArgumentException} if one does not fit the others. */
    public TokenizerSize {
        if (dim < 4 || dim % 4 != 0 || numHeads < 1 || dim % numHeads != 0 || depth < 1 || mlpRatio * dim < 1) {
            throw new ArgumentException("tokenizer: dim_tokens " + dim + " must be a multiple of 4, for its positions,"
                    + " and of num_heads " + numHeads + "; depth " + depth + " must be at least 1 and mlp_ratio "
                    + mlpRatio + " give a width of at least 1");
        }
    }

    /**
     * A size by upstream's name.
     *
     * @param key the argument that has it
     * @param name for example {@code vit_b_enc}
     * @return the size
     * @throws ArgumentException if upstream has no such transformer; those without attention are not built
     */
    static TokenizerSize named(String key, String name) {
        return switch (name) {
            case "vit_s_enc", "vit_s_dec" -> new TokenizerSize(512, 8, 8, 4, true);
            case "vit_b_enc", "vit_b_dec" -> new TokenizerSize(768, 12, 12, 4, true);
            case "vit_l_enc", "vit_l_dec" -> new TokenizerSize(1024, 24, 16, 4, true);
            default -> throw new ArgumentException("tokenizer: " + key + " is " + name
                    + ", expected vit_s, vit_b or vit_l with _enc or _dec behind it");
        };
    }

    /** Another size by upstream's keyword arguments, absent ones as here. */
    TokenizerSize with(Arguments arguments) {
        return new TokenizerSize(arguments.integer("dim_tokens", dim), arguments.integer("depth", depth),
                arguments.integer("num_heads", numHeads), arguments.number("mlp_ratio", mlpRatio),
                arguments.flag("qkv_bias", qkvBias));
    }

    int hidden() {
        return (int) (dim * mlpRatio);
    }

    TransformerBlock.Options block() {
        return new TransformerBlock.Options(dim, hidden(), numHeads, EPS, qkvBias, true, true);
    }
}
