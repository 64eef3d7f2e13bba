// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.TensorData;
import io.gatun.models.layers.TokenGrid;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Pretrained weights for another image size or number of bands, as timm does it when it loads them
 * ({@code checkpoint_filter_fn}, {@code adapt_input_conv}): positions are resampled, and three bands become one by
 * their sum, or any other number by taking them in turn, scaled by 3 / bands.
 *
 * <p>Weights that were saved from a model of that size and those bands need none of this.
 */
public final class VisionTransformerCheckpoint {
    private static final String PROJ = "patch_embed.proj.weight";
    private static final String POSITIONS = "pos_embed";

    private VisionTransformerCheckpoint() {}

    /**
     * The weights of a configuration.
     *
     * @param pretrained timm's weights, under timm's names
     * @param config what they are to be loaded into
     * @return weights for {@link VisionTransformer#loader}
     * @throws CheckpointException if the weights are of neither three bands nor those of the configuration, or their
     *     positions are of no square
     */
    public static Checkpoint adapted(Checkpoint pretrained, VisionTransformerConfig config) {
        Map<String, TensorData> weights = new LinkedHashMap<>(pretrained.tensors());
        weights.computeIfPresent(POSITIONS, (_, data) -> positions(pretrained, data.shape(), config, data));
        weights.computeIfPresent(PROJ, (_, data) -> bands(pretrained, data.shape(), config.inChans(), data));
        return new Checkpoint(pretrained.source(), pretrained.digest(), weights, pretrained.configuration());
    }

    private static TensorData positions(
            Checkpoint pretrained, Shape shape, VisionTransformerConfig config, TensorData data) {
        TokenGrid wanted = config.grid();
        if (shape.rank() != 3 || shape.dim(1) == config.prefix() + wanted.cells()) {
            return data;
        }
        int side = (int) Math.round(Math.sqrt(shape.dim(1) - config.prefix()));
        if (side < 1 || side * side != shape.dim(1) - config.prefix()) {
            throw new CheckpointException(pretrained.source() + ": " + POSITIONS + " " + shape + " has "
                    + (shape.dim(1) - config.prefix()) + " patches, no square, so that their rows are not known");
        }
        int embed = (int) shape.dim(2);
        float[] table = StateDict.of(pretrained).takeFloats(POSITIONS, shape.toArray());
        return floats(VisionTransformer.resampled(table, new TokenGrid(1, side, side), config.prefix(), embed, wanted),
                Shape.of(1, config.prefix() + wanted.cells(), embed));
    }

    private static TensorData bands(Checkpoint pretrained, Shape shape, int bands, TensorData data) {
        if (shape.rank() != 4 || shape.dim(1) == bands) {
            return data;
        }
        if (shape.dim(1) != 3) {
            throw new CheckpointException(pretrained.source() + ": " + PROJ + " " + shape + " is of " + shape.dim(1)
                    + " bands, the model has " + bands + "; only weights of 3 bands can be adapted");
        }
        float[] from = StateDict.of(pretrained).takeFloats(PROJ, shape.toArray());
        int outputs = (int) shape.dim(0);
        int patch = Math.toIntExact(shape.dim(2) * shape.dim(3));
        float[] to = new float[Math.multiplyExact(Math.multiplyExact(outputs, bands), patch)];
        for (int i = 0; i < to.length; i++) {
            int output = i / (bands * patch);
            int place = output * 3 * patch + i % patch;
            int band = i / patch % bands;
            to[i] = bands == 1 ? from[place] + from[place + patch] + from[place + 2 * patch]
                    : from[place + band % 3 * patch] * (3f / bands);
        }
        return floats(to, Shape.of(outputs, bands, shape.dim(2), shape.dim(3)));
    }

    private static TensorData floats(float[] values, Shape shape) {
        return new TensorData(DType.F32, shape, MemorySegment.ofArray(values));
    }
}
