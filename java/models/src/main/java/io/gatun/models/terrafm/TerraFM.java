// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.PatchEmbed;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * MBZUAI's {@code TerraFM}: one transformer for Sentinel-1 (VV, VH) and Sentinel-2 (12 bands), chosen by the number of
 * bands. Images of any size are taken; positions are resampled as upstream does it, and rows and columns beside whole
 * patches are not seen. Immutable; usable from many threads, each with a scope of its own.
 */
public final class TerraFM implements Backbone {
    /**
     * Tokens that a block gives.
     *
     * @param patches [B, cells, E]
     * @param cls class token, [B, E]
     */
    public record Layer(Tensor patches, Tensor cls) {}

    private final TerraFMConfig config;
    private final PatchTokens patchEmbed;
    private final Tensor cls;
    private final Tensor positions;
    private final List<TransformerBlock> blocks;
    private final LayerNorm norm;

    private TerraFM(Scope scope, StateDict state, TerraFMConfig config) {
        this.config = config;
        int embed = config.embedDim();
        patchEmbed = PatchTokens.load(scope, state.at("patch_embed"), config);
        cls = state.takeTensor(scope, "cls_token", 1, 1, embed);
        positions = state.takeTensor(scope, "pos_embed", 1, 1 + config.grid().cells(), embed);
        TransformerBlock.Options block = new TransformerBlock.Options(embed, (int) (embed * config.mlpRatio()),
                config.numHeads(), config.eps(), config.qkvBias(), true, true, true, Activation.GELU, false, false,
                config.qkScale());
        blocks = TransformerBlock.loadAll(scope, state.at("blocks"), config.depth(), block);
        norm = LayerNorm.load(scope, state.at("norm"), embed, config.eps());
        state.skip("head.weight");
        state.skip("head.bias");
    }

    private TerraFM(TerraFM other, Stem stem) {
        config = other.config.withStem(stem);
        patchEmbed = other.patchEmbed;
        cls = other.cls;
        positions = other.positions;
        blocks = other.blocks;
        norm = other.norm;
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the model from upstream's weights; a head, which upstream does not run, may be there
     */
    public static Loader<TerraFM> loader(TerraFMConfig config) {
        return (scope, state) -> new TerraFM(scope, state, config);
    }

    /**
     * The same weights with another stem.
     *
     * @param stem which patch embedding 12 bands go through
     * @return a model that lives as long as this one
     */
    public TerraFM withStem(Stem stem) {
        return new TerraFM(this, stem);
    }

    /**
     * The arguments that the model was built with.
     *
     * @return the configuration
     */
    public TerraFMConfig config() {
        return config;
    }

    /**
     * The embedding of an image: upstream's {@code forward}.
     *
     * @param scope owns the result
     * @param image [B, 2 or 12, H, W] f32
     * @return the normalised class token, [B, E]
     * @throws ShapeException if the image has another number of bands, or is smaller than a patch
     */
    public Tensor forward(Scope scope, Tensor image) {
        try (Tensor last = TransformerBlock.applyAll(
                        scope, blocks, tokens(scope, image), List.of(config.depth() - 1)).firstEntry().getValue();
                Tensor token = cls(scope, last)) {
            return norm.apply(scope, token);
        }
    }

    /**
     * Maps of some blocks, through the final norm: upstream's {@code extract_feature}.
     *
     * @param scope owns the result
     * @param image [B, 2 or 12, H, W] f32
     * @param outIndices numbers of the blocks, from 0
     * @return a map [B, E, H / patch, W / patch] for each, in the order of the blocks
     * @throws ArgumentException if there is no such block
     */
    public List<Tensor> extractFeature(Scope scope, Tensor image, List<Integer> outIndices) {
        List<Integer> wanted = TerraFMConfig.checked(outIndices, config.depth());
        TokenGrid grid = grid(image);
        return TransformerBlock.applyAll(scope, blocks, tokens(scope, image), wanted).values().stream()
                .map(output -> {
                    try (output; Tensor normal = norm.apply(scope, output)) {
                        return grid.toMap(scope, normal);
                    }
                }).toList();
    }

    /**
     * Tokens of the last blocks: upstream's {@code get_intermediate_layers} with {@code return_class_token}.
     *
     * @param scope owns the result
     * @param image [B, 2 or 12, H, W] f32
     * @param n how many blocks
     * @param normalised whether the tokens go through the final norm
     * @return one layer for each block, in their order
     * @throws ArgumentException if n is not from 1 to the number of blocks
     */
    public List<Layer> getIntermediateLayers(Scope scope, Tensor image, int n, boolean normalised) {
        if (n < 1 || n > config.depth()) {
            throw new ArgumentException("TerraFM: n is " + n + ", expected 1 to " + config.depth() + " last blocks");
        }
        List<Integer> wanted = IntStream.range(config.depth() - n, config.depth()).boxed().toList();
        List<Layer> layers = new ArrayList<>();
        for (Tensor output : TransformerBlock.applyAll(scope, blocks, tokens(scope, image), wanted).values()) {
            try (output; Tensor tokens = normalised ? norm.apply(scope, output) : output.slice(0, 0, output.dim(0));
                    Tensor patches = tokens.slice(1, 1, tokens.dim(1))) {
                layers.add(new Layer(Kernels.copy(scope, patches), cls(scope, tokens)));
            }
        }
        return Collections.unmodifiableList(layers);
    }

    /**
     * Attention weights of the last block: upstream's {@code get_last_selfattention}.
     *
     * @param scope owns the result
     * @param image [B, 2 or 12, H, W] f32
     * @return [B, heads, N, N] with N = 1 + cells: how much each token, class token first, takes from each
     */
    public Tensor getLastSelfAttention(Scope scope, Tensor image) {
        TransformerBlock last = blocks.getLast();
        try (Tensor before = beforeLast(scope, image);
                Tensor normal = last.attention().norm().apply(scope, before);
                Tensor qkv = last.attention().qkv().apply(scope, normal)) {
            return AttentionMap.of(scope, qkv, config.numHeads());
        }
    }

    private Tensor beforeLast(Scope scope, Tensor image) {
        Tensor tokens = tokens(scope, image);
        return config.depth() == 1 ? tokens : TransformerBlock.applyAll(
                scope, blocks, tokens, List.of(config.depth() - 2)).firstEntry().getValue();
    }

    /** Class token and patches with their positions, [B, 1 + cells, E]. */
    Tensor tokens(Scope scope, Tensor image) {
        TokenGrid grid = grid(image);
        long batch = image.dim(0);
        long embed = config.embedDim();
        Tensor tokens = scope.empty(DType.F32, batch, 1 + grid.cells(), embed);
        try (Tensor patches = patches(scope, image);
                Tensor head = tokens.slice(1, 0, 1);
                Tensor rest = tokens.slice(1, 1, 1 + grid.cells());
                Tensor repeated = cls.expand(batch, 1, embed);
                Tensor table = positions(scope, grid, image.dim(2) == image.dim(3))) {
            Kernels.copy(scope, repeated, head);
            Kernels.copy(scope, patches, rest);
            Kernels.add(scope, tokens, table, tokens);
        }
        return tokens;
    }

    /** Patches without positions, [B, cells, E]. */
    Tensor patches(Scope scope, Tensor image) {
        try (Tensor frames = image.unsqueeze(2)) {
            return patchEmbed.apply(scope, frames, patchEmbed.stem(image.dim(1), config.stem()));
        }
    }

    /**
     * Positions, [1, 1 + cells, E]. Upstream's test whether they have to be resampled compares the number of patches,
     * and the image's rows with its columns in pixels; samples lie n0 / (n + 0.1) apart, as DINO has it.
     */
    Tensor positions(Scope scope, TokenGrid wanted, boolean square) {
        TokenGrid own = config.grid();
        if (wanted.cells() == own.cells() && square) {
            return positions.reshape(positions.shape().toArray());
        }
        long embed = config.embedDim();
        Tensor table = scope.empty(DType.F32, 1, 1 + wanted.cells(), embed);
        try (Tensor stored = positions.slice(1, 1, 1 + own.cells());
                Tensor dense = Kernels.copy(scope, stored);
                Tensor map = dense.reshape(1, own.height(), own.width(), embed);
                Tensor resampled = Images.rescale2d(scope, map, (wanted.height() + 0.1) / own.height(),
                        (wanted.width() + 0.1) / own.width(), ResizeMode.BICUBIC, false);
                Tensor rows = resampled.reshape(1, wanted.cells(), embed);
                Tensor first = positions.slice(1, 0, 1);
                Tensor head = table.slice(1, 0, 1);
                Tensor rest = table.slice(1, 1, 1 + wanted.cells())) {
            Kernels.copy(scope, first, head);
            Kernels.copy(scope, rows, rest);
        }
        return table;
    }

    private TokenGrid grid(Tensor image) {
        long bands = image.shape().rank() == 4 ? image.dim(1) : 0;
        if (bands != TerraFMConfig.S1_BANDS && bands != TerraFMConfig.S2_BANDS) {
            throw new ShapeException("the image has shape " + image.shape() + ", TerraFM takes [B, C, H, W] with C = 2"
                    + " (Sentinel-1 VV, VH) or C = 12 (Sentinel-2); select these bands in their order");
        }
        try (Tensor frames = image.unsqueeze(2);
                Tensor covered = patchEmbed.stem(bands, config.stem()).covered(frames)) {
            return patchEmbed.stem(bands, config.stem()).grid(covered);
        }
    }

    private static Tensor cls(Scope scope, Tensor tokens) {
        try (Tensor first = tokens.slice(1, 0, 1); Tensor row = Kernels.copy(scope, first)) {
            return row.reshape(tokens.dim(0), tokens.dim(2));
        }
    }

    /**
     * Maps of the configuration's {@code outIndices}, see {@link #extractFeature}.
     *
     * @param scope owns the result
     * @param input one image [B, 2 or 12, H, W]
     * @return a map for each
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        return Feature.of(extractFeature(scope, input.image(), config.outIndices()));
    }

    @Override
    public List<Integer> outChannels() {
        return Collections.nCopies(config.outIndices().size(), config.embedDim());
    }

    @Override
    public OptionalInt patchSize() {
        return OptionalInt.of(config.patchSize());
    }

    @Override
    public Optional<Input> example(Scope scope) {
        return Optional.of(Input.of(
                scope.empty(DType.F32, 1, TerraFMConfig.S2_BANDS, config.imgSize(), config.imgSize())));
    }
}
