// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Images;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Torchvision's feature pyramid network as TerraTorch's neck: each map through a 1x1 convolution, plus the next smaller
 * result enlarged (nearest), then through a 3x3 convolution.
 */
public final class FeaturePyramidNetworkNeck implements Neck {
    private static final String NAME = "FeaturePyramidNetworkNeck";

    private final List<Integer> channels;
    private final Options options;
    private final List<Conv2d> inner;
    private final List<Conv2d> layers;

    /**
     * Arguments.
     *
     * @param outChannel channels of each result, at least 1
     * @param outputOrderedDict upstream gives a dictionary if true and a list otherwise; here it is a list in either
     *     case
     */
    public record Options(int outChannel, boolean outputOrderedDict) {
        /** Checks the channels; throws {@link ArgumentException}. */
        public Options {
            Features.requirePositive(NAME, "out_channel", outChannel);
        }

        /**
         * Upstream's.
         *
         * @return 256 channels
         */
        public static Options defaults() {
            return new Options(256, true);
        }

        /**
         * Reads {@code out_channel} and {@code output_ordered_dict}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            return new Options(arguments.integer("out_channel", 256), arguments.flag("output_ordered_dict", true));
        }
    }

    private FeaturePyramidNetworkNeck(Scope scope, StateDict state, List<Integer> channels, Options options) {
        this.channels = channels;
        this.options = options;
        StateDict fpn = state.at("fpn");
        int out = options.outChannel();
        inner = IntStream.range(0, channels.size()).mapToObj(i ->
                Conv2d.load(scope, fpn.at("inner_blocks." + i + ".0"), channels.get(i), out, 1)).toList();
        layers = IntStream.range(0, channels.size()).mapToObj(i ->
                Conv2d.load(scope, fpn.at("layer_blocks." + i + ".0"), out, out, 3)).toList();
    }

    /**
     * Prepares the neck. Its weights are {@code fpn.inner_blocks.i.0} and {@code fpn.layer_blocks.i.0}, each
     * {@code weight} and {@code bias}.
     *
     * @param channels of the maps that go in
     * @param options arguments
     * @return its loader
     * @throws io.gatun.core.ShapeException if there is no map
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        Features.requireChannels(NAME, channels);
        return new NeckLoader(Collections.nCopies(channels.size(), options.outChannel()),
                (scope, state) -> new FeaturePyramidNetworkNeck(scope, state, List.copyOf(channels), options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        Features.requireCount(NAME, features, channels.size());
        Tensor[] results = new Tensor[features.size()];
        int top = results.length - 1;
        Tensor sum;
        try (Tensor map = map(scope, features, top)) {
            sum = inner.get(top).apply(scope, map, Activation.NONE);
        }
        for (int i = top; ; i--) {
            results[i] = ChannelsLast.intoMap(layers.get(i).apply(scope, sum, Activation.NONE));
            if (i == 0) {
                sum.close();
                return Arrays.asList(results);
            }
            try (Tensor smaller = sum;
                    Tensor map = map(scope, features, i - 1);
                    Tensor enlarged =
                            Images.resize2d(scope, smaller, map.dim(1), map.dim(2), ResizeMode.NEAREST, false)) {
                sum = inner.get(i - 1).applyTo(scope, map, Activation.NONE, enlarged);
            }
        }
    }

    private Tensor map(Scope scope, List<Tensor> features, int level) {
        return Features.image(scope, NAME, features.get(level), channels.get(level));
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return Collections.nCopies(channels.size(), options.outChannel());
    }
}
