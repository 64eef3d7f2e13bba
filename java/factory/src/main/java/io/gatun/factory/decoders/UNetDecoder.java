// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * U-Net over all maps, coarsest last, as TerraTorch's decoder of the same name: a block for each map, from the last to
 * the first. The last block has no map left to join; its result has the size of the first map.
 */
public final class UNetDecoder implements Decoder {
    private static final String NAME = "UNetDecoder";

    private final List<Integer> channels;
    private final Options options;
    private final List<UNetBlock> blocks;

    /**
     * Arguments.
     *
     * @param channels of the blocks' results, coarsest first; as many as there are maps
     * @param norm behind each convolution
     * @param scse whether the blocks attend to channels and pixels, upstream's attention_type {@code scse}
     */
    public record Options(List<Integer> channels, UNetNorm norm, boolean scse) {
        /** Copies and checks the channels; throws {@link ArgumentException}. */
        public Options {
            channels = List.copyOf(channels);
            channels.forEach(each -> Features.requirePositive(NAME, "one of channels", each));
        }

        /**
         * With what upstream does by default.
         *
         * @param channels of the blocks' results
         * @return batch norm, no attention
         */
        public static Options of(List<Integer> channels) {
            return new Options(channels, UNetNorm.batchNorm(), false);
        }

        /**
         * Reads {@code channels}, {@code use_batchnorm} and {@code attention_type}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if channels are missing, or one has another type or value
         */
        public static Options of(Arguments arguments) {
            List<Integer> channels = arguments.integers("channels").orElseThrow(() -> new ArgumentException(
                    NAME + ": argument channels is missing, expected a list of integers, one for each feature"));
            String attention = arguments.text("attention_type", "");
            if (!attention.isEmpty() && !attention.equals("scse")) {
                throw new ArgumentException(NAME + ": attention_type is " + attention + ", expected scse or none");
            }
            return new Options(channels, UNetNorm.of(arguments.value("use_batchnorm").orElse(true)),
                    attention.equals("scse"));
        }
    }

    private UNetDecoder(Scope scope, StateDict state, List<Integer> channels, Options options) {
        this.channels = channels;
        this.options = options;
        this.blocks = new ArrayList<>();
        for (int i = 0; i < channels.size(); i++) {
            blocks.add(UNetBlock.load(scope, state.at("decoder.blocks." + i), options, inputs(channels, options, i),
                    skipped(channels, i), options.channels().get(i)));
        }
    }

    private static int inputs(List<Integer> channels, Options options, int block) {
        return block == 0 ? channels.getLast() : options.channels().get(block - 1);
    }

    private static int skipped(List<Integer> channels, int block) {
        int level = channels.size() - 2 - block;
        return level < 0 ? 0 : channels.get(level);
    }

    /**
     * Prepares the decoder. Its weights are {@code decoder.blocks.i.conv1.0}, {@code conv1.1} (norm), {@code conv2.0},
     * {@code conv2.1}, and with attention {@code attention1.attention} and {@code attention2.attention}.
     *
     * @param channels of the maps, finest first
     * @param options arguments
     * @return its loader
     * @throws ShapeException if there are not as many maps as channels, or too few channels for attention
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        Features.requireChannels(NAME, channels);
        if (channels.size() != options.channels().size()) {
            throw new ShapeException(NAME + ": channels should have the same length as embed_dim; there are "
                    + channels.size() + " features of channels " + channels + ", and channels is "
                    + options.channels());
        }
        if (options.scse()) {
            for (int i = 0; i < channels.size(); i++) {
                ScseAttention.requireChannels(inputs(channels, options, i) + skipped(channels, i));
                ScseAttention.requireChannels(options.channels().get(i));
            }
        }
        return DecoderLoader.of(options.channels().getLast(),
                (scope, state) -> new UNetDecoder(scope, state, List.copyOf(channels), options));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        Features.requireCount(NAME, features, channels.size());
        int top = features.size() - 1;
        Tensor x = image(scope, features, top);
        for (int i = 0; i <= top; i++) {
            try (Tensor level = image(scope, features, Math.max(0, top - 1 - i))) {
                x = blocks.get(i).apply(scope, x, level.dim(1), level.dim(2),
                        i < top ? Optional.of(level) : Optional.empty());
            }
        }
        return ChannelsLast.intoMap(x);
    }

    private Tensor image(Scope scope, List<Tensor> features, int level) {
        return Features.image(scope, NAME, features.get(level), channels.get(level));
    }

    @Override
    public int outChannels() {
        return options.channels().getLast();
    }
}
