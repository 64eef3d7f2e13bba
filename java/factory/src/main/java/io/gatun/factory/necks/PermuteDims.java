// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.models.Arguments;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The axes of each feature in another order, as TerraTorch's neck of the same name. The result is a view: no value
 * moves.
 *
 * @param options the order
 */
public record PermuteDims(Options options) implements Neck {
    /**
     * Arguments.
     *
     * @param newOrder for each axis of the result the axis it was
     */
    public record Options(List<Integer> newOrder) {
        /** Copies and checks the order; throws {@link ArgumentException} unless each axis is named once. */
        public Options {
            newOrder = List.copyOf(newOrder);
            int rank = newOrder.size();
            List<Integer> sorted = newOrder.stream().map(axis -> axis < 0 ? axis + rank : axis).sorted().toList();
            if (!sorted.equals(IntStream.range(0, rank).boxed().toList())) {
                throw new ArgumentException("PermuteDims: new_order is " + newOrder + ", expected each of the axes 0"
                        + " to " + (rank - 1) + " once");
            }
        }

        /**
         * Reads {@code new_order}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if it is missing or no order of axes
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integers("new_order").orElseThrow(() -> new ArgumentException(
                    "PermuteDims: argument new_order is missing, expected a list of integers")));
        }
    }

    /**
     * Prepares the neck.
     *
     * @param channels of the features that go in
     * @param options arguments
     * @return its loader
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        return NeckLoader.of(channels, new PermuteDims(options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        int[] axes = options.newOrder().stream().mapToInt(Integer::intValue).toArray();
        for (Tensor feature : features) {
            if (feature.shape().rank() != axes.length) {
                throw new ShapeException("PermuteDims: a feature has shape " + feature.shape() + ", and new_order "
                        + options.newOrder() + " is for " + axes.length + " axes");
            }
        }
        return features.stream().map(feature -> feature.permute(axes)).toList();
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return channels;
    }
}
