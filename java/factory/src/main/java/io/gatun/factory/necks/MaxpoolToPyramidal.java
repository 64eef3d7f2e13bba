// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.Images;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import java.util.ArrayList;
import java.util.List;

/**
 * A pyramid of equally large maps, as TerraTorch's neck of the same name: map i shrinks by {@code kernelSize^i}, to the
 * largest value of each window; incomplete windows are dropped.
 *
 * @param options the kernel
 */
public record MaxpoolToPyramidal(Options options) implements Neck {
    /**
     * Arguments.
     *
     * @param kernelSize from one level to the next, at least 1
     */
    public record Options(int kernelSize) {
        /** Checks the size; throws {@link ArgumentException}. */
        public Options {
            Features.requirePositive("MaxpoolToPyramidal", "kernel_size", kernelSize);
        }

        /**
         * Upstream's.
         *
         * @return kernel 2
         */
        public static Options defaults() {
            return new Options(2);
        }

        /**
         * Reads {@code kernel_size}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if it is no positive integer
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integer("kernel_size", 2));
        }
    }

    /**
     * Prepares the neck.
     *
     * @param channels of the maps that go in
     * @param options arguments
     * @return its loader
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        return NeckLoader.of(channels, new MaxpoolToPyramidal(options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        List<Tensor> levels = new ArrayList<>();
        long kernel = 1;
        for (Tensor feature : features) {
            try (Tensor map = Features.image(scope, "MaxpoolToPyramidal", feature)) {
                levels.add(levels.isEmpty() ? feature
                        : ChannelsLast.intoMap(Images.maxPool2d(scope, map, kernel, kernel)));
            }
            kernel = Math.multiplyExact(kernel, options.kernelSize());
        }
        return levels;
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return channels;
    }
}
