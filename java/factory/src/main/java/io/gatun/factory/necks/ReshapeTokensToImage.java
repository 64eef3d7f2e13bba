// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.factory.ImageSize;
import io.gatun.factory.Neck;
import io.gatun.factory.internal.Features;
import io.gatun.models.Arguments;
import io.gatun.models.layers.ChannelsLast;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Tokens to maps, as TerraTorch's neck of the same name: [B, (t h w), E] becomes [B, (t E), h, w], time slow in the
 * channels. The grid is h by what is left, else a square, else the image divided by the backbone's patch, else by the
 * one whole patch that gives as many tokens. Channels are announced as they come: a backbone of t steps announces t E.
 *
 * @param options arguments
 */
public record ReshapeTokensToImage(Options options) implements Neck {
    private static final String NAME = "ReshapeTokensToImage";

    /**
     * Arguments.
     *
     * @param removeClsToken whether the first token is no place of the image. Where the others form no grid and all
     *     together do, it stays, as upstream has it
     * @param effectiveTimeDim steps of time t among the tokens
     * @param height rows of the grid, upstream's {@code h}
     * @param patchSize the backbone's patch in pixels, from {@link io.gatun.models.Backbone#patchSize()}
     * @param corrected upstream takes any square number of tokens for a square grid, and changes its mind about the
     *     first token; if true the image's shape decides, and a wrong {@code removeClsToken} is an error
     */
    public record Options(boolean removeClsToken, int effectiveTimeDim, OptionalInt height, OptionalInt patchSize,
            boolean corrected) {
        /** Checks the numbers; throws {@link ArgumentException}. */
        public Options {
            Features.requirePositive(NAME, "effective_time_dim", effectiveTimeDim);
            height.ifPresent(h -> Features.requirePositive(NAME, "h", h));
            patchSize.ifPresent(p -> Features.requirePositive(NAME, "patch_size", p));
        }

        /**
         * Upstream's.
         *
         * @return a class token to remove, one step of time, a grid that is found
         */
        public static Options defaults() {
            return new Options(true, 1, OptionalInt.empty(), OptionalInt.empty(), false);
        }

        /**
         * Reads {@code remove_cls_token}, {@code effective_time_dim}, {@code h} and {@code corrected}.
         *
         * @param arguments upstream's
         * @return the options, without a patch
         * @throws ArgumentException if one has another type or value
         */
        public static Options of(Arguments arguments) {
            OptionalInt height =
                    arguments.value("h").isPresent() ? OptionalInt.of(arguments.integer("h")) : OptionalInt.empty();
            return new Options(arguments.flag("remove_cls_token", true), arguments.integer("effective_time_dim", 1),
                    height, OptionalInt.empty(), arguments.flag("corrected", false));
        }

        /**
         * The same for a backbone.
         *
         * @param patch its patch size, if it has one
         * @return changed options
         */
        public Options withPatchSize(OptionalInt patch) {
            return new Options(removeClsToken, effectiveTimeDim, height, patch, corrected);
        }
    }

    /** Rows and columns of the tokens of one step. */
    private record Grid(long rows, long columns) {}

    /**
     * Prepares the neck.
     *
     * @param channels of the tokens that go in
     * @param options arguments
     * @return its loader
     */
    public static NeckLoader loader(List<Integer> channels, Options options) {
        return NeckLoader.of(channels, new ReshapeTokensToImage(options));
    }

    @Override
    public List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image) {
        return features.stream().map(feature -> map(scope, feature, image)).toList();
    }

    private Tensor map(Scope scope, Tensor feature, ImageSize image) {
        if (feature.shape().rank() < 3) {
            throw new ShapeException(NAME + ": a feature has shape " + feature.shape()
                    + ", expected tokens [B, L, E] or a grid of them [B, h, w, E]");
        }
        try (Tensor tokens = Features.reshape(scope, feature, feature.dim(0), -1, feature.dim(-1))) {
            // Upstream drops the first index of the second axis: of a grid [B, h, w, E] that is a row.
            long first = options.removeClsToken() ? tokens.dim(1) / Math.max(1, feature.dim(1)) : 0;
            Optional<Grid> grid = grid(tokens.dim(1) - first, image);
            if (grid.isEmpty() && options.height().isEmpty() && !options.corrected()) {
                first = 0;
                grid = grid(tokens.dim(1), image);
            }
            return map(scope, tokens, first, grid.orElseThrow(() -> noGrid(feature, image)));
        }
    }

    private Tensor map(Scope scope, Tensor tokens, long first, Grid grid) {
        long time = options.effectiveTimeDim();
        long places = grid.rows() * grid.columns();
        long embed = tokens.dim(2);
        if (time == 1 && first == 0) {
            return ChannelsLast.intoMap(tokens.reshape(tokens.dim(0), grid.rows(), grid.columns(), embed));
        }
        try (Tensor image = scope.empty(DType.F32, tokens.dim(0), places, time * embed)) {
            for (long t = 0; t < time; t++) {
                try (Tensor step = tokens.slice(1, first + t * places, first + (t + 1) * places);
                        Tensor place = image.slice(2, t * embed, (t + 1) * embed)) {
                    Kernels.copy(scope, step, place);
                }
            }
            return ChannelsLast.intoMap(image.reshape(tokens.dim(0), grid.rows(), grid.columns(), time * embed));
        }
    }

    private Optional<Grid> grid(long tokens, ImageSize image) {
        long places = tokens / options.effectiveTimeDim();
        if (places < 1 || tokens % options.effectiveTimeDim() != 0) {
            return Optional.empty();
        }
        if (options.height().isPresent()) {
            int rows = options.height().getAsInt();
            return places % rows == 0 ? Optional.of(new Grid(rows, places / rows)) : Optional.empty();
        }
        long side = Math.round(Math.sqrt(places));
        Optional<Grid> square = side * side == places ? Optional.of(new Grid(side, side)) : Optional.empty();
        Optional<Grid> divided = ofImage(places, image);
        return options.corrected() ? divided : square.or(() -> divided);
    }

    private Optional<Grid> ofImage(long places, ImageSize image) {
        long whole = Math.round(Math.sqrt((double) image.height() * image.width() / places));
        long patch = options.patchSize().orElse((int) whole);
        if (patch < 1 || image.height() % patch != 0 || image.width() % patch != 0) {
            return Optional.empty();
        }
        Grid grid = new Grid(image.height() / patch, image.width() / patch);
        return grid.rows() * grid.columns() == places ? Optional.of(grid) : Optional.empty();
    }

    private ShapeException noGrid(Tensor feature, ImageSize image) {
        String patch = options.patchSize().isPresent() ? " in patches of " + options.patchSize().getAsInt() : "";
        String rows = options.height().isPresent() ? ", h " + options.height().getAsInt() : "";
        return ShapeException.ofSize(NAME + ": the tokens of a feature of shape " + feature.shape()
                + " form no grid with remove_cls_token " + options.removeClsToken() + ", effective_time_dim "
                + options.effectiveTimeDim() + rows + " and an image of " + image + " pixels" + patch
                + "; set remove_cls_token to whether the backbone has a class token, or h to the rows of the grid");
    }

    @Override
    public List<Integer> processChannelList(List<Integer> channels) {
        return channels;
    }
}
