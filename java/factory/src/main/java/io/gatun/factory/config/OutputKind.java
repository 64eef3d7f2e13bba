// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What of a prediction is written: upstream's {@code output_on_inference}. */
public enum OutputKind {
    /** The number of the class with the largest logit; in regression, the value. */
    PREDICTION,
    /** Softmax of the logits over the classes. */
    PROBABILITIES,
    /** What the model gives. */
    LOGITS;

    /**
     * The name in configurations and output files.
     *
     * @return for example {@code prediction}
     */
    public String lowerCase() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Upstream's forms: a word, or a list of words. */
    static List<OutputKind> all(Object given) {
        List<?> words = given instanceof List<?> list ? list : List.of(given);
        if (words.isEmpty()) {
            throw new ArgumentException("output_on_inference is an empty list, expected at least one of " + names());
        }
        Set<OutputKind> kinds = new LinkedHashSet<>();
        for (Object word : words) {
            kinds.add(Arrays.stream(values()).filter(kind -> kind.lowerCase().equals(word)).findFirst()
                    .orElseThrow(() -> new ArgumentException("output_on_inference: option " + word
                            + " is not supported, expected one or a list of " + names())));
        }
        return List.copyOf(kinds);
    }

    private static List<String> names() {
        return Arrays.stream(values()).map(OutputKind::lowerCase).toList();
    }
}
