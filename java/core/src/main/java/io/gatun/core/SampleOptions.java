// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * How {@link Reductions#sampleTokens} draws. The filters look at the logits as they are, top-k first; only the draw
 * looks at the temperature.
 *
 * @param temperature divides the logits of the draw; up to 1e-10 it takes the largest logit, and neither filters nor
 *     draws
 * @param topK 0: off. A whole number: that many of the largest logits stay, and what equals the least of them. Between
 *     0 and 1: that share of all, rounded down, at least one
 * @param topP 0, or 1 and more: off. From the largest logit down (the lower place first among equals) a token stays if
 *     the probabilities of those before it sum to at most topP, so the one that crosses it stays too
 */
public record SampleOptions(double temperature, double topK, double topP) {
    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if one is negative or not finite, or topK is above 1 and not whole
     */
    public SampleOptions {
        require("temperature", temperature, "a finite number of at least 0 (0: the largest logit)", true);
        require("topK", topK, "0 (off), a share below 1 or a whole number of tokens",
                topK <= 1 || topK == Math.rint(topK));
        require("topP", topP, "a share between 0 and 1 (0 or 1: off)", true);
    }

    private static void require(String name, double value, String expected, boolean fits) {
        if (!(value >= 0) || Double.isInfinite(value) || !fits) {
            throw new ArgumentException(name + " is " + value + ", expected " + expected);
        }
    }
}
