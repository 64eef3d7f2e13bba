// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.Images;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.internal.Features;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Atrous spatial pyramid pooling (Chen et al. 2017) over one map or several side by side, as TerraTorch's
 * {@code ASPPHead}, {@code ASPPSegmentationHead} and {@code ASPPRegressionHead}: the image's mean and dilated
 * convolutions beside each other, then a 3x3 convolution, and in the last two a 1x1 convolution to the result.
 */
public final class ASPPHead implements Decoder {
    private final List<Integer> channels;
    private final ASPPOptions options;
    private final Conv2d imagePool;
    private final List<Conv2d> dilated;
    private final Conv2d bottleneck;
    private final Optional<Conv2d> last;

    private ASPPHead(Scope scope, StateDict state, List<Integer> channels, ASPPOptions options) {
        this.channels = channels;
        this.options = options;
        int width = options.channels();
        int inputs = options.inputs(channels);
        imagePool = ConvModule.load(scope, state.at("image_pool.1"), inputs, width, 1);
        List<Integer> dilations = options.dilations();
        dilated = IntStream.range(0, dilations.size()).mapToObj(i -> ConvModule.load(
                scope, state.at("aspp_modules.model_sequence." + i), inputs, width, dilations.get(i) == 1 ? 1 : 3,
                dilations.get(i))).toList();
        bottleneck = ConvModule.load(scope, state.at("bottleneck"), (dilations.size() + 1L) * width, width, 3);
        last = options.kind().weights().map(
                name -> Conv2d.load(scope, state.at(name), width, options.outputs(), 1));
    }

    /**
     * Prepares the decoder. Its weights are {@code image_pool.1}, {@code aspp_modules.model_sequence.i} and
     * {@code bottleneck}, each {@code conv} and {@code norm}, and {@code conv_seg} or {@code conv_reg}.
     *
     * @param channels of the maps
     * @param options arguments
     * @return its loader
     * @throws io.gatun.core.ArgumentException if there is no feature of an index
     * @throws io.gatun.core.ShapeException if in_channels is not what the features have
     */
    public static DecoderLoader loader(List<Integer> channels, ASPPOptions options) {
        Features.requireChannels(options.kind().upstreamName(), channels);
        options.inputs(channels);
        return new DecoderLoader(options.outputs(), options.kind() == ASPPOptions.Kind.SEGMENTATION,
                (scope, state) -> new ASPPHead(scope, state, List.copyOf(channels), options));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        try (Tensor x = input(scope, features); Tensor all = pyramid(scope, x)) {
            Tensor feature = bottleneck.apply(scope, all, Activation.RELU);
            if (last.isEmpty()) {
                return ChannelsLast.intoMap(feature);
            }
            try (feature) {
                return ChannelsLast.intoMap(last.get().apply(scope, feature, Activation.NONE));
            }
        }
    }

    /** One map, or several at the size of the first that is named. */
    private Tensor input(Scope scope, List<Tensor> features) {
        Tensor first = image(scope, features, options.inIndex().getFirst());
        if (!options.resizeConcat()) {
            return first;
        }
        long rows = first.dim(1);
        long columns = first.dim(2);
        ChannelConcat all = new ChannelConcat(scope, first.dim(0), rows, columns, imagePool.weight().inputs());
        first.close();
        for (int index : options.inIndex()) {
            try (Tensor image = image(scope, features, index); Tensor resized = Images.resize2d(
                    scope, image, rows, columns, ResizeMode.BILINEAR, options.alignCorners())) {
                all.add(resized);
            }
        }
        return all.image();
    }

    private Tensor pyramid(Scope scope, Tensor x) {
        ChannelConcat all = new ChannelConcat(scope, x.dim(0), x.dim(1), x.dim(2), bottleneck.weight().inputs());
        try (Tensor places = x.reshape(x.dim(0), -1, x.dim(3));
                Tensor mean = Reductions.reduce(scope, places, 1, Reduction.MEAN);
                Tensor pixel = mean.reshape(x.dim(0), 1, 1, x.dim(3));
                Tensor mixed = imagePool.apply(scope, pixel, Activation.RELU);
                Tensor spread = mixed.expand(x.dim(0), x.dim(1), x.dim(2), mixed.dim(3))) {
            all.add(spread);
        }
        for (Conv2d conv : dilated) {
            try (Tensor branch = conv.apply(scope, x, Activation.RELU)) {
                all.add(branch);
            }
        }
        return all.image();
    }

    private Tensor image(Scope scope, List<Tensor> features, int index) {
        String name = options.kind().upstreamName();
        return Features.image(scope, name, Features.at(name, "in_index", index, features),
                Features.at(name, "in_index", index, channels));
    }

    @Override
    public int outChannels() {
        return options.outputs();
    }
}
