// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.ConvTranspose2d;
import java.util.List;

/**
 * One transposed convolution from a feature to the classes, as TerraTorch's decoder of the same name; no head follows.
 */
public final class LinearDecoder implements Decoder {
    private static final String NAME = "LinearDecoder";

    private final Options options;
    private final int inputs;
    private final ConvTranspose2d conv;

    /**
     * Arguments.
     *
     * @param numClasses channels of the result
     * @param upsamplingSize how many times the result is larger than the feature: kernel and stride
     * @param inIndex number of the feature; negative ones count from the last
     */
    public record Options(int numClasses, int upsamplingSize, int inIndex) {
        /** Checks the numbers; throws {@link ArgumentException}. */
        public Options {
            Features.requirePositive(NAME, "num_classes", numClasses);
            Features.requirePositive(NAME, "upsampling_size", upsamplingSize);
        }

        /**
         * Reads {@code num_classes}, {@code upsampling_size} and {@code in_index}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one is missing or has another type or value
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integer("num_classes"), arguments.integer("upsampling_size"),
                    arguments.integer("in_index", -1));
        }
    }

    private LinearDecoder(Options options, int inputs, ConvTranspose2d conv) {
        this.options = options;
        this.inputs = inputs;
        this.conv = conv;
    }

    /**
     * Prepares the decoder. Its weights are {@code conv.weight} and {@code conv.bias}.
     *
     * @param channels of the features
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no such feature
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        int inputs = Features.at(NAME, "in_index", options.inIndex(), channels);
        return new DecoderLoader(options.numClasses(), true, (scope, state) -> new LinearDecoder(options, inputs,
                ConvTranspose2d.load(
                        scope, state.at("conv"), inputs, options.numClasses(), options.upsamplingSize())));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        Tensor feature = Features.at(NAME, "in_index", options.inIndex(), features);
        try (Tensor map = Features.image(scope, NAME, feature, inputs)) {
            return ChannelsLast.intoMap(conv.apply(scope, map));
        }
    }

    @Override
    public int outChannels() {
        return options.numClasses();
    }
}
