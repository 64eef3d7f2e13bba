// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.heads;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Head;
import io.gatun.factory.TorchActivation;
import io.gatun.factory.internal.ActivationName;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.layers.BatchNorm2d;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.PixelShuffleConv2d;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Learned doublings, 3x3 convolutions with batch norm and ReLU, and a 1x1 convolution to one value for each pixel, as
 * TerraTorch's head of the same name.
 */
public final class RegressionHead implements Head {
    private static final String NAME = "RegressionHead";

    private final int inputs;
    private final TorchActivation finalAct;
    private final List<PixelShuffleConv2d> upscale;
    private final List<Conv2d> hidden;
    private final Conv2d last;

    /**
     * Arguments.
     *
     * @param finalAct applied to the result
     * @param learnedUpscaleLayers how many times the map is doubled first
     * @param channelList channels of the 3x3 convolutions; empty for none, upstream's None
     * @param batchNorm whether the layers are normalised; upstream takes false and normalises nevertheless
     * @param corrected whether {@code batchNorm} is heeded: the 3x3 convolutions have a bias and no norm then
     */
    public record Options(TorchActivation finalAct, int learnedUpscaleLayers, Optional<List<Integer>> channelList,
            boolean batchNorm, boolean corrected) {
        /** Copies the list and checks the numbers; throws {@link ArgumentException}. */
        public Options {
            channelList = channelList.map(List::copyOf);
            channelList.ifPresent(
                    list -> list.forEach(each -> Features.requirePositive(NAME, "one of channel_list", each)));
            if (learnedUpscaleLayers < 0) {
                throw new ArgumentException(NAME + ": learned_upscale_layers is " + learnedUpscaleLayers
                        + ", expected at least 0");
            }
        }

        /**
         * Upstream's.
         *
         * @return the 1x1 convolution alone
         */
        public static Options defaults() {
            return new Options(TorchActivation.IDENTITY, 0, Optional.empty(), true, false);
        }

        /**
         * Reads {@code final_act} (upstream's dotted name such as {@code torch.nn.ReLU}, or ours),
         * {@code learned_upscale_layers}, {@code channel_list}, {@code batch_norm}, {@code corrected} and
         * {@code dropout}, which has no effect at inference.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            Dropout.read(NAME, arguments);
            return new Options(
                    ActivationName.of(NAME, "final_act", arguments.value("final_act").orElse(TorchActivation.IDENTITY)),
                    arguments.integer("learned_upscale_layers", 0), arguments.integers("channel_list"),
                    arguments.flag("batch_norm", true), arguments.flag("corrected", false));
        }

        private boolean normed() {
            return batchNorm || !corrected;
        }
    }

    private RegressionHead(Scope scope, StateDict state, int inputs, Options options) {
        this.inputs = inputs;
        this.finalAct = options.finalAct();
        this.upscale = new ArrayList<>();
        this.hidden = new ArrayList<>();
        StateDict head = state.at("head");
        int part = 0;
        if (options.learnedUpscaleLayers() > 0) {
            for (int i = 0; i < options.learnedUpscaleLayers(); i++) {
                upscale.add(doubling(scope, head.at(part + "." + i), inputs, options.normed()));
            }
            part++;
        }
        int width = inputs;
        if (options.channelList().isPresent()) {
            for (int next : options.channelList().get()) {
                hidden.add(block(scope, head.at(part + "." + hidden.size()), width, next, options.normed()));
                width = next;
            }
            part++;
        }
        // Between the parts and this one lies the dropout.
        this.last = Conv2d.load(scope, head.at(String.valueOf(part + 1)), width, 1, 1);
    }

    private static PixelShuffleConv2d doubling(Scope scope, StateDict state, int channels, boolean normed) {
        return PixelShuffleConv2d.load(scope, state.at("conv"),
                normed ? Optional.of(BatchNorm2d.take(state.at("bn"), channels)) : Optional.empty(), channels);
    }

    private static Conv2d block(Scope scope, StateDict state, int inputs, int outputs, boolean normed) {
        if (!normed) {
            return Conv2d.load(scope, state.at("0"), inputs, outputs, 3);
        }
        BatchNorm2d norm = BatchNorm2d.take(state.at("1"), outputs);
        return Conv2d.loadNormed(scope, state.at("0"), norm, inputs, outputs, 3, 1);
    }

    /**
     * Prepares the head. Its weights are, counting what is there from 0, {@code head.n.i.conv} and {@code head.n.i.bn}
     * of the doublings, {@code head.n.i.0} and {@code head.n.i.1} (norm) of the 3x3 convolutions, and after a number
     * for the dropout {@code head.n}.
     *
     * @param channels of the map
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there are no channels
     */
    public static Loader<Head> loader(int channels, Options options) {
        Features.requirePositive(NAME, "in_channels", channels);
        return (scope, state) -> new RegressionHead(scope, state, channels, options);
    }

    @Override
    public Tensor forward(Scope scope, Tensor feature) {
        Tensor x = Features.image(scope, NAME, feature, inputs);
        for (PixelShuffleConv2d layer : upscale) {
            try (Tensor input = x) {
                x = layer.apply(scope, input, Activation.RELU);
            }
        }
        for (Conv2d conv : hidden) {
            try (Tensor input = x) {
                x = conv.apply(scope, input, Activation.RELU);
            }
        }
        try (Tensor input = x) {
            return ChannelsLast.intoMap(
                    finalAct.behind(scope, activation -> last.apply(scope, input, activation)));
        }
    }
}
