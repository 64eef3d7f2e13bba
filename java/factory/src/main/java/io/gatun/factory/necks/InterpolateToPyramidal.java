// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.Images;
import io.gatun.core.ResizeMode;
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
 * A pyramid of equally large maps, as TerraTorch's neck of the same name: of n maps, map i grows by
 * {@code scaleFactor^(n - i)}; the last one grows, too.
 *
 * @param options factor and mode
 */
public record InterpolateToPyramidal(Options options) implements Neck {
    /**
     * Arguments.
     *
     * @param scaleFactor from one level to the next, positive
     * @param mode of the interpolation, without aligned corners; {@code nearest-exact} is NEAREST
     */
    public record Options(double scaleFactor, ResizeMode mode) {
        /** Differs from NEAREST between whole factors alone. */
        private static final String EXACT = "nearest-exact";

        /** Checks the factor; throws {@link ArgumentException}. */
        public Options {
            if (!(scaleFactor > 0 && scaleFactor < 1000)) {
                throw new ArgumentException("InterpolateToPyramidal: scale_factor is " + scaleFactor
                        + ", expected a positive number below 1000");
            }
        }

        /**
         * Upstream's.
         *
         * @return factor 2, nearest
         */
        public static Options defaults() {
            return new Options(2, ResizeMode.NEAREST);
        }

        /**
         * Reads {@code scale_factor} and {@code mode}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value, or the mode is {@code nearest-exact} and the
         *     factor no whole number
         */
        public static Options of(Arguments arguments) {
            double factor = arguments.number("scale_factor", 2);
            if (arguments.value("mode").filter(EXACT::equals).isEmpty()) {
                return new Options(factor, arguments.choice("mode", ResizeMode.class, ResizeMode.NEAREST));
            }
            if (factor != Math.rint(factor)) {
                throw new ArgumentException("InterpolateToPyramidal: mode nearest-exact with scale_factor " + factor
                        + ", expected a whole number; take nearest, bilinear, bicubic or area");
            }
            return new Options(factor, ResizeMode.NEAREST);
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
        return NeckLoader.of(channels, new InterpolateToPyramidal(options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        List<Tensor> levels = new ArrayList<>();
        for (Tensor feature : features) {
            double scale = Math.pow(options.scaleFactor(), features.size() - levels.size());
            try (Tensor map = Features.image(scope, "InterpolateToPyramidal", feature)) {
                levels.add(ChannelsLast.intoMap(Images.rescale2d(scope, map, scale, scale, options.mode(), false)));
            }
        }
        return levels;
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return channels;
    }
}
