// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Images;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.factory.Decoder;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.factory.necks.LearnedInterpolateToPyramidal;
import io.gatun.factory.necks.NeckLoader;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.ChannelsLast;
import io.gatun.models.layers.Conv2d;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * UPerNet (Xiao et al. 2018) over all maps, coarsest last, as TerraTorch's decoder of the same name: pyramid pooling of
 * the last map, sums from coarse to fine, and one convolution over all levels at the size of the first.
 */
public final class UperNetDecoder implements Decoder {
    private static final String NAME = "UperNetDecoder";

    private final Options options;
    private final Optional<Neck> scaling;
    private final List<Integer> channels;
    private final PyramidPooling pooling;
    private final List<Conv2d> laterals;
    private final List<Conv2d> fpnConvs;
    private final Conv2d fpnBottleneck;

    /**
     * Arguments.
     *
     * @param poolScales sides of the grids that the last map is averaged over
     * @param channels of each level and of the result
     * @param alignCorners of every enlargement (bilinear)
     * @param scaleModules whether four equally large maps are first made a pyramid, as
     *     {@link LearnedInterpolateToPyramidal} does; deprecated upstream in favour of that neck
     */
    public record Options(List<Integer> poolScales, int channels, boolean alignCorners, boolean scaleModules) {
        /** Copies the scales and checks the numbers; throws {@link ArgumentException}. */
        public Options {
            poolScales = List.copyOf(poolScales);
            poolScales.forEach(each -> Features.requirePositive(NAME, "one of pool_scales", each));
            Features.requirePositive(NAME, "channels", channels);
        }

        /**
         * Upstream's.
         *
         * @return scales 1, 2, 3 and 6, 256 channels, aligned corners
         */
        public static Options defaults() {
            return new Options(List.of(1, 2, 3, 6), 256, true, false);
        }

        /**
         * Reads {@code pool_scales}, {@code channels}, {@code align_corners} and {@code scale_modules}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            Options defaults = defaults();
            return new Options(arguments.integers("pool_scales").orElse(defaults.poolScales()),
                    arguments.integer("channels", defaults.channels()),
                    arguments.flag("align_corners", defaults.alignCorners()),
                    arguments.flag("scale_modules", defaults.scaleModules()));
        }
    }

    private UperNetDecoder(
            Scope scope, StateDict state, Optional<Neck> scaling, List<Integer> channels, Options options) {
        this.options = options;
        this.scaling = scaling;
        this.channels = channels;
        int width = options.channels();
        int top = channels.size() - 1;
        pooling = PyramidPooling.load(scope, state, channels.get(top), options);
        laterals = IntStream.range(0, top).mapToObj(
                i -> ConvModule.load(scope, state.at("lateral_convs." + i), channels.get(i), width, 1)).toList();
        fpnConvs = IntStream.range(0, top).mapToObj(
                i -> ConvModule.load(scope, state.at("fpn_convs." + i), width, width, 3)).toList();
        fpnBottleneck = ConvModule.load(scope, state.at("fpn_bottleneck"), (long) channels.size() * width, width, 3);
    }

    /**
     * Prepares the decoder. Its weights are {@code psp_modules.i.1}, {@code bottleneck}, {@code lateral_convs.i},
     * {@code fpn_convs.i} and {@code fpn_bottleneck}, each {@code conv} and {@code norm}; with scale modules those of
     * {@link LearnedInterpolateToPyramidal}, too.
     *
     * @param channels of the maps, finest first
     * @param options arguments
     * @return its loader
     * @throws ShapeException if there is no map, or not four for scale modules
     */
    public static DecoderLoader loader(List<Integer> channels, Options options) {
        Features.requireChannels(NAME, channels);
        Optional<NeckLoader> scaling =
                options.scaleModules() ? Optional.of(LearnedInterpolateToPyramidal.loader(channels)) : Optional.empty();
        List<Integer> scaled = scaling.map(NeckLoader::outChannels).orElse(List.copyOf(channels));
        return DecoderLoader.of(options.channels(), (scope, state) -> new UperNetDecoder(
                scope, state, scaling.map(neck -> neck.load(scope, state)), scaled, options));
    }

    @Override
    public Tensor forward(Scope scope, List<Tensor> features) {
        if (scaling.isEmpty()) {
            return fused(scope, features);
        }
        List<Tensor> scaled = scaling.get().forward(scope, features, new ImageSize(0, 0));
        Tensor result = fused(scope, scaled);
        scaled.stream().filter(each -> !features.contains(each)).forEach(Tensor::close);
        return result;
    }

    private Tensor fused(Scope scope, List<Tensor> features) {
        Features.requireCount(NAME, features, channels.size());
        int top = channels.size() - 1;
        Tensor[] levels = new Tensor[channels.size()];
        try (Tensor coarsest = image(scope, features, top)) {
            levels[top] = pooling.apply(scope, coarsest);
        }
        for (int i = top - 1; i >= 0; i--) {
            try (Tensor map = image(scope, features, i);
                    Tensor coarser = resized(scope, levels[i + 1], map.dim(1), map.dim(2))) {
                levels[i] = laterals.get(i).applyTo(scope, map, Activation.RELU, coarser);
            }
        }
        try (Tensor all = sideBySide(scope, levels)) {
            return ChannelsLast.intoMap(fpnBottleneck.apply(scope, all, Activation.RELU));
        }
    }

    /** All levels at the size of the first; they are closed. */
    private Tensor sideBySide(Scope scope, Tensor[] levels) {
        long rows = levels[0].dim(1);
        long columns = levels[0].dim(2);
        ChannelConcat all = new ChannelConcat(
                scope, levels[0].dim(0), rows, columns, (long) levels.length * options.channels());
        for (int i = 0; i < levels.length; i++) {
            try (Tensor level = levels[i];
                    Tensor smoothed = i < fpnConvs.size() ? fpnConvs.get(i).apply(scope, level, Activation.RELU)
                            : level.reshape(level.shape().toArray());
                    Tensor enlarged = resized(scope, smoothed, rows, columns)) {
                all.add(enlarged);
            }
        }
        return all.image();
    }

    private Tensor resized(Scope scope, Tensor image, long rows, long columns) {
        return image.dim(1) == rows && image.dim(2) == columns ? image.reshape(image.shape().toArray())
                : Images.resize2d(scope, image, rows, columns, ResizeMode.BILINEAR, options.alignCorners());
    }

    private Tensor image(Scope scope, List<Tensor> features, int level) {
        return Features.image(scope, NAME, features.get(level), channels.get(level));
    }

    @Override
    public int outChannels() {
        return options.channels();
    }
}
