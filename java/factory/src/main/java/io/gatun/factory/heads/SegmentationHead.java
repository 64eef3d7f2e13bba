// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.heads;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Head;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import java.util.ArrayList;
import java.util.List;

/**
 * 3x3 convolutions with ReLU and a 1x1 convolution to class scores of each pixel, as TerraTorch's head of the same
 * name.
 */
public final class SegmentationHead implements Head {
    private static final String NAME = "SegmentationHead";

    private final int inputs;
    private final List<Conv2d> hidden;
    private final Conv2d last;

    /**
     * Arguments.
     *
     * @param numClasses channels of the result
     * @param channelList channels of the 3x3 convolutions; none if empty
     */
    public record Options(int numClasses, List<Integer> channelList) {
        /** Copies the list and checks the numbers; throws {@link ArgumentException}. */
        public Options {
            channelList = List.copyOf(channelList);
            Features.requirePositive(NAME, "num_classes", numClasses);
            channelList.forEach(each -> Features.requirePositive(NAME, "one of channel_list", each));
        }

        /**
         * With what upstream does by default.
         *
         * @param numClasses channels of the result
         * @return the 1x1 convolution alone
         */
        public static Options of(int numClasses) {
            return new Options(numClasses, List.of());
        }

        /**
         * Reads {@code num_classes}, {@code channel_list} and {@code dropout}, which has no effect at inference.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if num_classes is missing, or one has another type or value
         */
        public static Options of(Arguments arguments) {
            Dropout.read(NAME, arguments);
            return new Options(arguments.integer("num_classes"), arguments.integers("channel_list").orElse(List.of()));
        }
    }

    private SegmentationHead(Scope scope, StateDict state, int inputs, Options options) {
        this.inputs = inputs;
        this.hidden = new ArrayList<>();
        int width = inputs;
        for (int next : options.channelList()) {
            hidden.add(Conv2d.load(scope, state.at("head.0." + hidden.size() + ".0"), width, next, 3));
            width = next;
        }
        this.last = Conv2d.load(scope, state.at("head.2"), width, options.numClasses(), 1);
    }

    /**
     * Prepares the head. Its weights are {@code head.0.i.0} and {@code head.2}.
     *
     * @param channels of the map
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there are no channels
     */
    public static Loader<Head> loader(int channels, Options options) {
        Features.requirePositive(NAME, "in_channels", channels);
        return (scope, state) -> new SegmentationHead(scope, state, channels, options);
    }

    @Override
    public Tensor forward(Scope scope, Tensor feature) {
        Tensor x = Features.image(scope, NAME, feature, inputs);
        for (Conv2d conv : hidden) {
            try (Tensor input = x) {
                x = conv.apply(scope, input, Activation.RELU);
            }
        }
        try (Tensor input = x) {
            return ChannelsLast.intoMap(last.apply(scope, input, Activation.NONE));
        }
    }
}
