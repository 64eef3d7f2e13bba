// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import java.util.List;
import java.util.Locale;

/**
 * The tokens of one feature to one vector [B, C], as TerraTorch's neck of the same name. A feature that is not of rank
 * 3 is read as [B, ..., C] whatever its axes mean, as upstream does.
 */
public final class AggregateTokens implements Neck {
    private static final String NAME = "AggregateTokens";

    private final Options options;
    private final int channels;

    /** How tokens become one. */
    public sealed interface Pooling {
        /**
         * All of them.
         *
         * @param reduction MEAN, MAX or MIN
         */
        record Over(Reduction reduction) implements Pooling {}

        /**
         * One of them; the class token is the first.
         *
         * @param index its number; negative ones count from the last
         */
        record Token(int index) implements Pooling {}
    }

    /**
     * Arguments.
     *
     * @param pooling how
     * @param index which feature, where there are several; negative ones count from the last
     * @param corrected upstream reads a map [B, C, H, W] as if it were [B, H, W, C], and announces all features though
     *     one comes out; if true a map is a map, and one feature is announced
     */
    public record Options(Pooling pooling, int index, boolean corrected) {
        /**
         * Upstream's.
         *
         * @return the mean of the last feature
         */
        public static Options defaults() {
            return new Options(new Pooling.Over(Reduction.MEAN), -1, false);
        }

        /**
         * Reads {@code pooling} (mean, max, min, CLS, or the number of a token), {@code index} and {@code corrected}.
         *
         * @param arguments upstream's
         * @return the options
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            boolean number = arguments.value("pooling").orElse("mean") instanceof Number;
            Pooling pooling = number ? new Pooling.Token(arguments.integer("pooling"))
                    : named(arguments.text("pooling", "mean"));
            return new Options(pooling, arguments.integer("index", -1), arguments.flag("corrected", false));
        }

        private static Pooling named(String name) {
            return switch (name.toLowerCase(Locale.ROOT)) {
                case "mean" -> new Pooling.Over(Reduction.MEAN);
                case "max" -> new Pooling.Over(Reduction.MAX);
                case "min" -> new Pooling.Over(Reduction.MIN);
                case "cls" -> new Pooling.Token(0);
                default -> throw new ArgumentException(NAME + ": pooling method " + name
                        + " not recognized, expected mean, max, min, CLS or the number of a token");
            };
        }
    }

    private AggregateTokens(Options options, int channels) {
        this.options = options;
        this.channels = channels;
    }

    /**
     * Prepares the neck.
     *
     * @param channels of the features that go in
     * @param options arguments
     * @return its loader
     * @throws ArgumentException if there is no feature of the index
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        Features.requireChannels(NAME, channels);
        return NeckLoader.of(channels,
                new AggregateTokens(options, Features.at(NAME, "index", options.index(), channels)));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        Tensor feature = features.size() == 1 ? features.getFirst()
                : Features.at(NAME, "index", options.index(), features);
        try (Tensor tokens = tokens(scope, feature)) {
            return List.of(switch (options.pooling()) {
                case Pooling.Over(Reduction reduction) -> Reductions.reduce(scope, tokens, 1, reduction);
                case Pooling.Token(int index) -> token(scope, tokens, index);
            });
        }
    }

    private Tensor tokens(Scope scope, Tensor feature) {
        int rank = feature.shape().rank();
        if (rank == 3) {
            return Features.reshape(scope, feature, feature.shape().toArray());
        }
        if (options.corrected() && rank == 4 && feature.dim(1) == channels) {
            try (Tensor map = ChannelsLast.of(scope, feature)) {
                return map.reshape(feature.dim(0), -1, channels);
            }
        }
        if (rank < 2 || feature.shape().numElements() % Math.max(1, feature.dim(0) * channels) != 0) {
            throw new ShapeException(NAME + ": a feature has shape " + feature.shape() + ", expected [B, L, " + channels
                    + "], or a grid of such tokens");
        }
        return Features.reshape(scope, feature, feature.dim(0), -1, channels);
    }

    private static Tensor token(Scope scope, Tensor tokens, int index) {
        long place = index < 0 ? index + tokens.dim(1) : index;
        if (place < 0 || place >= tokens.dim(1)) {
            throw ShapeException.ofSize(NAME + ": pooling takes token " + index + ", and there are " + tokens.dim(1)
                    + "; give larger images, or the index of another token");
        }
        try (Tensor one = tokens.slice(1, place, place + 1); Tensor copied = Kernels.copy(scope, one)) {
            return copied.reshape(tokens.dim(0), tokens.dim(2));
        }
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return options.corrected() ? List.of(Features.at(NAME, "index", options.index(), channels)) : channels;
    }
}
