// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import java.util.List;

/**
 * Some of the features, in any order, repeated or not, as TerraTorch's neck of the same name.
 *
 * @param options which ones
 */
public record SelectIndices(Options options) implements Neck {
    /**
     * Arguments.
     *
     * @param indices numbers of the features; negative ones count from the last
     */
    public record Options(List<Integer> indices) {
        /** Copies the list. */
        public Options {
            indices = List.copyOf(indices);
        }

        /**
         * Reads {@code indices}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if it is missing or no list of integers
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integers("indices").orElseThrow(() -> new ArgumentException(
                    "SelectIndices: argument indices is missing, expected a list of integers")));
        }
    }

    /**
     * Prepares the neck.
     *
     * @param channels of the features that go in
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no feature of one of the numbers
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        return NeckLoader.of(channels, new SelectIndices(options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        return select(features);
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return select(channels);
    }

    private <T> List<T> select(List<T> all) {
        return options.indices().stream().map(i -> Features.at("SelectIndices", "indices", i, all)).toList();
    }
}
