// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.layers.ChannelsLast;

/**
 * How many tokens of an image are others once it was decoded and encoded again.
 *
 * @param tokens tokens of the image
 * @param changed those that became others
 */
public record RoundTrip(long tokens, long changed) {
    /**
     * Encodes, decodes at the size of the tokens, and encodes again; scores of classes as the class of the highest.
     *
     * @param scope where it runs
     * @param tokenizer the tokenizer
     * @param image as {@link TerraMindTokenizer#encode} takes it
     * @param options how a DiVAE decodes, without an image size
     * @return the counts
     */
    public static RoundTrip of(Scope scope, TerraMindTokenizer tokenizer, Tensor image, DecodeOptions options) {
        try (Tensor first = tokenizer.tokenize(scope, image);
                Tensor decoded = tokenizer.decodeTokens(scope, first, options);
                Tensor again = retokenized(scope, tokenizer, decoded)) {
            long[] before = first.toLongArray();
            long[] after = again.toLongArray();
            long changed = 0;
            for (int i = 0; i < before.length; i++) {
                changed += before[i] == after[i] ? 0 : 1;
            }
            return new RoundTrip(before.length, changed);
        }
    }

    private static Tensor retokenized(Scope scope, TerraMindTokenizer tokenizer, Tensor decoded) {
        if (!tokenizer.config().isClasses()) {
            return tokenizer.tokenize(scope, decoded);
        }
        try (Tensor scores = ChannelsLast.of(scope, decoded); Tensor classes = Reductions.argmax(scope, scores)) {
            return tokenizer.tokenize(scope, classes);
        }
    }

    /**
     * The share of changed tokens.
     *
     * @return 0 to 1
     */
    public double share() {
        return (double) changed / tokens;
    }
}
