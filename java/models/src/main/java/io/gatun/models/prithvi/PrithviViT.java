// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.PatchEmbed;
import io.gatun.models.layers.PositionEmbedding;
import io.gatun.models.layers.TokenGrid;
import io.gatun.models.layers.TransformerBlock;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * TerraTorch's {@code PrithviViT}: a vision transformer over patches of dates, rows and columns. Features are tokens
 * [B, 1 + L, E], the class token first, then patches, frame by frame; only the last block's output is normalised.
 *
 * <p>Images of other sizes and numbers of frames are taken, with positions resampled or made anew as upstream does;
 * what is left over of an image beside whole patches is not seen, as upstream's. A model with coordinates takes them
 * from the input's extras where they are given: {@value #TEMPORAL} [B, T, 2], year and day of year of each of the
 * model's frames, and {@value #LOCATION} [B, 2], latitude and longitude; a model without them ignores both. They are
 * read on the host, which waits for the scope that made them.
 */
public final class PrithviViT implements Backbone {
    /** Extra input: year and day of year of each frame, [B, T, 2]. */
    public static final String TEMPORAL = "temporal_coords";
    /** Extra input: latitude and longitude, [B, 2]. */
    public static final String LOCATION = "location_coords";

    private final PrithviConfig config;
    private final PositionEmbedding positions;
    private final float timeScale;
    private final float locationScale;
    private final PatchEmbed patchEmbed;
    private final List<TransformerBlock> blocks;
    private final LayerNorm norm;

    private PrithviViT(Scope scope, StateDict state, PrithviConfig config) {
        this.config = config;
        int embed = config.embedDim();
        TokenGrid grid = config.grid();
        float[] cls = state.takeFloats("cls_token", 1, 1, embed);
        float[] table = state.buffers().takeFloats("pos_embed", 1, 1 + grid.cells(), embed);
        positions = new PositionEmbedding(scope, grid, withClass(table, cls), 1,
                wanted -> withClass(PrithviPositions.resampled(table, grid, embed, wanted), cls));
        patchEmbed = PatchEmbed.load3d(scope, state.at("patch_embed.proj"), config.bands().size(), embed,
                config.patchFrames(), config.patch());
        timeScale = config.timeEncoding() ? scale(state.at("temporal_embed_enc"), config) : 0;
        locationScale = config.locationEncoding() ? scale(state.at("location_embed_enc"), config) : 0;
        blocks = TransformerBlock.loadAll(scope, state.at("blocks"), config.depth(), new TransformerBlock.Options(
                embed, (int) (embed * config.mlpRatio()), config.numHeads(), config.eps()));
        norm = LayerNorm.load(scope, state.at("norm"), embed, config.eps());
    }

    private static float[] withClass(float[] table, float[] cls) {
        float[] whole = table.clone();
        for (int i = 0; i < cls.length; i++) {
            whole[i] += cls[i];
        }
        return whole;
    }

    private static float scale(StateDict state, PrithviConfig config) {
        return (config.coordsScaleLearn() ? state : state.buffers()).takeFloats("scale", 1)[0];
    }

    /**
     * A loader.
     *
     * @param config the arguments
     * @return builds the backbone from weights under TerraTorch's names; those of the pretrained masked autoencoder go
     *     through {@link PrithviCheckpoint} first
     */
    public static Loader<PrithviViT> loader(PrithviConfig config) {
        return (scope, state) -> new PrithviViT(scope, state, config);
    }

    /**
     * Runs the blocks.
     *
     * @param scope owns the result
     * @param input one image [B, C, T, H, W], or [B, C, H, W] where the model has one frame, and perhaps its
     *     coordinates
     * @return tokens [B, 1 + L, E] for each of the out_indices, in their order
     * @throws ShapeException if the image has another number of bands or is smaller than a patch, or coordinates are of
     *     another shape than stated
     * @throws ArgumentException if there is an extra input that the model does not know
     */
    @Override
    public List<Feature> forward(Scope scope, Input input) {
        checkNames(input.extras().keySet());
        try (Tensor given = withTime(input.image()); Tensor image = patchEmbed.covered(given)) {
            TokenGrid grid = patchEmbed.grid(image);
            Map<Integer, Tensor> outputs = TransformerBlock.applyAll(
                    scope, blocks, tokens(scope, image, grid, input.extras()), Set.copyOf(config.outIndices()));
            outputs.computeIfPresent(config.depth() - 1, (_, last) -> normalised(scope, last));
            return Feature.of(config.outIndices().stream().map(outputs::get).toList());
        }
    }

    private Tensor withTime(Tensor image) {
        if (image.shape().rank() == 4 && config.numFrames() == 1) {
            return image.unsqueeze(2);
        }
        if (image.shape().rank() != 5) {
            throw new ShapeException("the image has shape " + image.shape() + ", the model takes [B, C, T, H, W]"
                    + (config.numFrames() == 1 ? " or [B, C, H, W]" : " with " + config.numFrames() + " frames"));
        }
        return image.permute(0, 1, 2, 3, 4);
    }

    private Tensor normalised(Scope scope, Tensor last) {
        try (last) {
            return norm.apply(scope, last);
        }
    }

    private Tensor tokens(Scope scope, Tensor image, TokenGrid grid, Map<String, Tensor> extras) {
        try (Tensor table = positions.table(scope, grid);
                Tensor patches = positions.patches(scope, image, patchEmbed, table)) {
            addCoordinates(scope, patches, extras);
            return positions.sequence(scope, patches, table);
        }
    }

    private void addCoordinates(Scope scope, Tensor patches, Map<String, Tensor> extras) {
        long batch = patches.dim(0);
        boolean time = config.timeEncoding() && isGiven(extras, TEMPORAL, batch, config.numFrames(), 2);
        boolean place = config.locationEncoding() && isGiven(extras, LOCATION, batch, 2);
        if (!time && !place) {
            return;
        }
        // Upstream's rule: as many dates as the model has frames, each for an equal share of the tokens.
        int rows = time ? config.numFrames() : 1;
        if (patches.dim(1) % rows != 0) {
            throw new ShapeException(patches.dim(1) + " patches cannot be shared out to the " + rows + " dates of "
                    + TEMPORAL + "; give as many frames as num_frames, or leave the dates out");
        }
        try (Tensor coordinates = scope.device().isMeta() ? scope.empty(DType.F32, batch, rows, 1, config.embedDim())
                        : scope.of(encoded(extras, time, place, (int) batch, rows), batch, rows, 1, config.embedDim());
                Tensor shares = patches.reshape(batch, rows, patches.dim(1) / rows, config.embedDim())) {
            Kernels.add(scope, shares, coordinates, shares);
        }
    }

    private static boolean isGiven(Map<String, Tensor> extras, String name, long... shape) {
        Tensor tensor = extras.get(name);
        if (tensor != null && !tensor.shape().equals(Shape.of(shape))) {
            throw new ShapeException(name + " has shape " + tensor.shape() + ", expected " + Shape.of(shape)
                    + ": two numbers for each " + (name.equals(TEMPORAL) ? "frame of each image" : "image"));
        }
        return tensor != null;
    }

    private static void checkNames(Set<String> extras) {
        for (String given : extras) {
            if (!given.equals(TEMPORAL) && !given.equals(LOCATION)) {
                throw new ArgumentException("Prithvi takes no input \"" + given + "\" beside its image; it takes "
                        + TEMPORAL + " and " + LOCATION);
            }
        }
    }

    /** [B, rows, E]. */
    private float[] encoded(Map<String, Tensor> extras, boolean time, boolean place, int batch, int rows) {
        int embed = config.embedDim();
        float[] encoded = new float[batch * rows * embed];
        float[] dates = time ? extras.get(TEMPORAL).toFloatArray() : new float[0];
        float[] places = place ? extras.get(LOCATION).toFloatArray() : new float[0];
        for (int row = 0; row < batch * rows; row++) {
            if (time) {
                PrithviPositions.addPair(
                        dates[2 * row], dates[2 * row + 1], timeScale, encoded, row * embed, embed);
            }
            if (place) {
                int sample = row / rows;
                PrithviPositions.addPair(places[2 * sample], places[2 * sample + 1], locationScale, encoded,
                        row * embed, embed);
            }
        }
        return encoded;
    }

    /**
     * Tokens as maps, upstream's {@code prepare_features_for_image_model}: without the class token, the channels of the
     * frames after each other, the number of rows guessed as the root of a frame's tokens. For an image that is no
     * square the guess is wrong where the number of tokens allows it at all; {@link TokenGrid#toMap} takes rows and
     * columns.
     *
     * @param scope owns the result
     * @param features of {@link #forward}
     * @return [B, frames E, rows, columns] for each
     * @throws ShapeException if the tokens cannot be arranged so
     */
    @Override
    public List<Feature> prepareFeaturesForImageModel(Scope scope, List<Feature> features) {
        return features.stream().map(feature -> feature.map(tokens -> {
            int frames = config.grid().frames();
            int patches = (int) tokens.dim(1) - 1;
            int rows = (int) Math.sqrt(patches / frames);
            if (rows < 1 || patches % (frames * rows) != 0) {
                throw ShapeException.ofSize("tokens " + tokens.shape() + " are " + patches + " patches, which cannot"
                        + " be " + frames + " frames of " + rows + " rows; say how many rows and columns:"
                        + " TokenGrid.toMap");
            }
            return new TokenGrid(frames, rows, patches / (frames * rows)).toMap(scope, tokens);
        })).toList();
    }

    @Override
    public List<Integer> outChannels() {
        return Collections.nCopies(config.outIndices().size(), config.embedDim() * config.grid().frames());
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
    public int temporalPatchSize() {
        return config.patchFrames();
    }

    @Override
    public Optional<Input> example(Scope scope) {
        return Optional.of(Input.of(scope.empty(
                DType.F32, 1, config.bands().size(), config.numFrames(), config.height(), config.width())));
    }
}
