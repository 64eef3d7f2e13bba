// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.TorchActivation;
import io.gatun.factory.internal.ActivationName;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Linear;
import java.util.List;
import java.util.Optional;

/**
 * All maps side by side through one linear layer and an activation, as TerraTorch's decoder of the same name.
 */
public final class MLPDecoder implements Decoder {
    private static final String NAME = "MLPDecoder";

    private final Options options;
    private final List<Integer> channels;
    private final int outChannels;
    private final Linear hidden;

    /**
     * Arguments. Upstream has {@code channels} and {@code out_dim}, too, and uses neither; both are taken and have no
     * effect, and with {@code corrected} they are refused.
     *
     * @param activation behind the linear layer
     * @param outIndex number of the feature whose channels the result has; negative ones count from the last
     */
    public record Options(TorchActivation activation, int outIndex) {
        /**
         * Upstream's.
         *
         * @return ReLU, the last feature
         */
        public static Options defaults() {
            return new Options(TorchActivation.RELU, -1);
        }

        /**
         * Reads {@code activation}, {@code out_index}, {@code channels}, {@code out_dim} and {@code corrected}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value, or has no effect and {@code corrected} is true
         */
        public static Options of(Arguments arguments) {
            boolean corrected = arguments.flag("corrected", false);
            for (String unused : List.of("channels", "out_dim")) {
                if (arguments.integer(unused, 100) < 1 || (corrected && arguments.has(unused))) {
                    throw new ArgumentException(NAME + ": " + unused + " has no effect; the result has the channels of"
                            + " the feature out_index. Remove it");
                }
            }
            return new Options(ActivationName.of(NAME, "activation", arguments.value("activation").orElse("ReLU")),
                    arguments.integer("out_index", -1));
        }
    }

    private MLPDecoder(Scope scope, StateDict state, List<Integer> channels, Options options, int outChannels) {
        this.options = options;
        this.channels = channels;
        this.outChannels = outChannels;
        this.hidden =
                Linear.load(scope, state.at("hidden_layer"), (long) channels.size() * outChannels, outChannels);
    }

    /**
     * Prepares the decoder. Its weights are {@code hidden_layer.weight} [C, n C] and {@code hidden_layer.bias}.
     *
     * @param channels of the n maps, all C
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no feature out_index
     * @throws ShapeException if the channels differ
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        int out = Features.at(NAME, "out_index", options.outIndex(), channels);
        if (channels.stream().mapToInt(Integer::intValue).sum() != out * channels.size()) {
            throw new ShapeException(NAME + ": the features have channels " + channels
                    + ", expected the same number in each, " + out + " as in feature " + options.outIndex());
        }
        return DecoderLoader.of(out,
                (scope, state) -> new MLPDecoder(scope, state, List.copyOf(channels), options, out));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        Features.requireCount(NAME, features, channels.size());
        try (Tensor all = sideBySide(scope, features)) {
            return ChannelsLast.intoMap(
                    options.activation().behind(scope, activation -> mixed(scope, all, activation)));
        }
    }

    private Tensor mixed(Scope scope, Tensor all, Activation activation) {
        if (activation.inProducts()) {
            return Kernels.linear(scope, all, hidden.weight(), hidden.bias(), activation, Optional.empty());
        }
        try (Tensor product = mixed(scope, all, Activation.NONE)) {
            return Kernels.activate(scope, product, activation);
        }
    }

    private Tensor sideBySide(Scope scope, List<Tensor> features) {
        Tensor first = features.getFirst();
        ChannelConcat all = new ChannelConcat(
                scope, first.dim(0), first.dim(2), first.dim(3), (long) channels.size() * outChannels);
        for (int i = 0; i < features.size(); i++) {
            try (Tensor map = Features.image(scope, NAME, features.get(i), channels.get(i))) {
                all.add(map);
            }
        }
        return all.image();
    }

    @Override
    public int outChannels() {
        return outChannels;
    }
}
