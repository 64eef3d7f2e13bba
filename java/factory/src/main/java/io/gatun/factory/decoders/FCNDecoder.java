// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.ConvTranspose2d;
import io.gatun.models.layers.LayerNorm;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Blocks that double one of the maps, as TerraTorch's decoder of the same name: transposed convolution, 3x3
 * convolution, layer norm over the channels of each pixel, GELU.
 */
public final class FCNDecoder implements Decoder {
    private static final String NAME = "FCNDecoder";
    private static final double NORM_EPS = 1e-6;

    private final Options options;
    private final int inputs;
    private final List<Block> blocks;

    /**
     * Arguments.
     *
     * @param channels of each block's result
     * @param numConvs number of blocks
     * @param inIndex number of the feature; negative ones count from the last
     */
    public record Options(int channels, int numConvs, int inIndex) {
        /** Checks the numbers; throws {@link ArgumentException}. */
        public Options {
            Features.requirePositive(NAME, "channels", channels);
            Features.requirePositive(NAME, "num_convs", numConvs);
        }

        /**
         * Upstream's.
         *
         * @return four blocks of 256 channels on the last feature
         */
        public static Options defaults() {
            return new Options(256, 4, -1);
        }

        /**
         * Reads {@code channels}, {@code num_convs} and {@code in_index}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integer("channels", 256), arguments.integer("num_convs", 4),
                    arguments.integer("in_index", -1));
        }
    }

    private record Block(ConvTranspose2d up, Conv2d conv, LayerNorm norm) {
        static Block load(Scope scope, StateDict state, int inputs, int outputs) {
            StateDict norm = state.at("2.ln");
            return new Block(ConvTranspose2d.load(scope, state.at("0"), inputs, outputs, 2),
                    Conv2d.load(scope, state.at("1"), outputs, outputs, 3),
                    new LayerNorm(norm.takeTensor(scope, "weight", outputs), norm.takeTensor(scope, "bias", outputs),
                            NORM_EPS));
        }

        Tensor apply(Scope scope, Tensor image) {
            try (Tensor normed = normed(scope, image)) {
                return Kernels.activate(scope, normed, Activation.GELU);
            }
        }

        private Tensor normed(Scope scope, Tensor image) {
            try (Tensor convolved = convolved(scope, image)) {
                return norm.apply(scope, convolved);
            }
        }

        private Tensor convolved(Scope scope, Tensor image) {
            try (Tensor doubled = up.apply(scope, image)) {
                return conv.apply(scope, doubled, Activation.NONE);
            }
        }
    }

    private FCNDecoder(Scope scope, StateDict state, Options options, int inputs) {
        this.options = options;
        this.inputs = inputs;
        this.blocks = IntStream.range(0, options.numConvs()).mapToObj(i -> Block.load(
                scope, state.at("convs." + i), i == 0 ? inputs : options.channels(), options.channels())).toList();
    }

    /**
     * Prepares the decoder. Its weights are {@code convs.i.0}, {@code convs.i.1} and {@code convs.i.2.ln}.
     *
     * @param channels of the features
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no such feature
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        int inputs = Features.at(NAME, "in_index", options.inIndex(), channels);
        return DecoderLoader.of(
                options.channels(), (scope, state) -> new FCNDecoder(scope, state, options, inputs));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        Tensor feature = Features.at(NAME, "in_index", options.inIndex(), features);
        Tensor image = Features.image(scope, NAME, feature, inputs);
        for (Block block : blocks) {
            try (Tensor smaller = image) {
                image = block.apply(scope, smaller);
            }
        }
        return ChannelsLast.intoMap(image);
    }

    @Override
    public int outChannels() {
        return options.channels();
    }
}
