// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.Bicubic;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.PatchEmbed;
import io.gatun.models.layers.PositionEmbedding;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * timm's {@code VisionTransformer} (Dosovitskiy et al. 2021) as timm's {@code features_only} and TerraTorch give it:
 * the outputs of some blocks as maps [B, E, H / patch, W / patch], without class token, by default not normalised.
 *
 * <p>Weights have timm's names, with or without the {@code model.} that its feature wrapper puts before them; the head,
 * a norm that is not used and blocks behind the last feature may be there.
 */
public final class VisionTransformer implements Backbone {
    /** timm's epsilon. */
    static final double EPS = 1e-6;

    private final VisionTransformerConfig config;
    private final PositionEmbedding positions;
    private final PatchEmbed patchEmbed;
    private final List<TransformerBlock> blocks;
    private final Optional<LayerNorm> norm;

    private VisionTransformer(Scope scope, StateDict state, VisionTransformerConfig config) {
        this.config = config;
        int embed = config.embedDim();
        float[] cls = config.classToken() ? state.takeFloats("cls_token", 1, 1, embed) : new float[0];
        float[] table = state.takeFloats("pos_embed", 1, config.prefix() + config.grid().cells(), embed);
        for (int i = 0; i < cls.length; i++) {
            table[i] += cls[i];
        }
        positions = new PositionEmbedding(scope, config.grid(), table, config.prefix(),
                wanted -> resampled(table, config.grid(), config.prefix(), embed, wanted));
        patchEmbed = PatchEmbed.load2d(
                scope, state.at("patch_embed.proj"), config.inChans(), embed, config.patch());
        int used = config.outIndices().getLast() + 1;
        blocks = TransformerBlock.loadAll(scope, state.at("blocks"), used, new TransformerBlock.Options(embed,
                (int) (embed * config.mlpRatio()), config.numHeads(), EPS, config.qkvBias(), config.projBias(),
                config.projBias()));
        norm = config.norm() ? Optional.of(LayerNorm.load(scope, state.at("norm"), embed, EPS)) : Optional.empty();
        skip(state, used, config);
    }

    private static void skip(StateDict state, int used, VisionTransformerConfig config) {
        for (int i = used; i < config.depth(); i++) {
            for (String layer : List.of("norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")) {
                state.skip("blocks." + i + "." + layer + ".weight");
                state.skip("blocks." + i + "." + layer + ".bias");
            }
        }
        for (String layer : config.norm() ? List.of("fc_norm", "head") : List.of("norm", "fc_norm", "head")) {
            state.skip(layer + ".weight");
            state.skip(layer + ".bias");
        }
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the backbone from timm's weights
     */
    public static Loader<VisionTransformer> loader(VisionTransformerConfig config) {
        return (scope, state) ->
                new VisionTransformer(scope, state.has("model.pos_embed") ? state.at("model") : state, config);
    }

    /**
     * timm's {@code resample_abs_pos_embed}: bicubic with antialiasing, corners not aligned; tokens before the patches
     * stay. A square of as many patches keeps the table, whatever its shape was.
     */
    static float[] resampled(float[] table, TokenGrid grid, int prefix, int embedDim, TokenGrid wanted) {
        if (wanted.cells() == grid.cells() && wanted.height() == wanted.width()) {
            return table;
        }
        int head = prefix * embedDim;
        float[] patches = new float[table.length - head];
        System.arraycopy(table, head, patches, 0, patches.length);
        float[] changed = Bicubic.resample(patches, embedDim, Bicubic.antialiased(grid.height(), wanted.height()),
                Bicubic.antialiased(grid.width(), wanted.width()));
        float[] whole = new float[head + changed.length];
        System.arraycopy(table, 0, whole, 0, head);
        System.arraycopy(changed, 0, whole, head, changed.length);
        return whole;
    }

    /**
     * Runs the blocks.
     *
     * @param scope owns the result
     * @param input one image [B, C, H, W]
     * @return a map [B, E, H / patch, W / patch] for each of the out_indices, in order of the blocks
     * @throws ShapeException if the image has another number of bands, or another size than the model takes
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        Tensor image = input.image();
        checkSize(image);
        try (Tensor frames = image.unsqueeze(2)) {
            TokenGrid grid = patchEmbed.grid(frames);
            return Feature.of(TransformerBlock.applyAll(scope, blocks, tokens(scope, frames, grid), config.outIndices())
                    .values().stream().map(output -> map(scope, output, grid)).toList());
        }
    }

    private Tensor tokens(Scope scope, Tensor frames, TokenGrid grid) {
        try (Tensor table = positions.table(scope, grid);
                Tensor patches = positions.patches(scope, frames, patchEmbed, table)) {
            return positions.sequence(scope, patches, table);
        }
    }

    private void checkSize(Tensor image) {
        if (image.shape().rank() != 4) {
            throw new ShapeException("the image has shape " + image.shape() + ", the model takes [B, C, H, W];"
                    + " several dates go through a TemporalWrapper");
        }
        boolean same = image.dim(2) == config.height() && image.dim(3) == config.width();
        if (!same && !config.dynamicImgSize()) {
            throw new ShapeException("the image is " + image.dim(2) + " x " + image.dim(3) + ", the model takes "
                    + config.height() + " x " + config.width() + "; set dynamic_img_size to resample its positions, or"
                    + " img_size if the weights are of that size");
        }
    }

    private Tensor map(Scope scope, Tensor output, TokenGrid grid) {
        try (output) {
            if (norm.isEmpty()) {
                return grid.toMap(scope, output);
            }
            try (Tensor normal = norm.get().apply(scope, output)) {
                return grid.toMap(scope, normal);
            }
        }
    }

    @Override
    public List<Integer> outChannels() {
        return Collections.nCopies(config.outIndices().size(), config.embedDim());
    }

    @Override
    public OptionalInt patchSize() {
        return OptionalInt.of(config.patch().height());
    }

    @Override
    public OptionalInt patchColumns() {
        return OptionalInt.of(config.patch().width());
    }

    @Override
    public Optional<Input> example(Scope scope) {
        return Optional.of(
                Input.of(scope.empty(DType.F32, 1, config.inChans(), config.height(), config.width())));
    }
}
