// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.NearestName;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * Weights of the pretrained masked autoencoder as weights of its encoder, as TerraTorch's
 * {@code checkpoint_filter_fn_vit} and {@code select_patch_embed_weights} do it: without decoder, mask token and unused
 * coordinate encodings; without {@code encoder.} before the names; with the positions of the configured size; and with
 * the patch embedding's inputs chosen by band.
 *
 * <p>Weights that were saved from a model of TerraTorch already are the encoder's own, bands included: they do not go
 * through this class.
 */
public final class PrithviCheckpoint {
    private static final String PROJ = "patch_embed.proj.weight";

    private PrithviCheckpoint() {}

    /**
     * The encoder's weights.
     *
     * @param pretrained the published weights, names with or without {@code encoder.}
     * @param config the encoder; each of its bands must be among its pretrained bands
     * @return weights for {@link PrithviViT#loader}
     * @throws ArgumentException if a band is not among the pretrained ones
     * @throws CheckpointException if there is no patch embedding
     */
    public static Checkpoint encoder(Checkpoint pretrained, PrithviConfig config) {
        return encoder(pretrained, config, OptionalLong.empty());
    }

    /**
     * The encoder's weights, those of bands that were not pretrained at random: uniform with Glorot's bound, as
     * upstream draws them. Such a model has to be trained.
     *
     * @param pretrained the published weights, names with or without {@code encoder.}
     * @param config the encoder
     * @param seed of the random weights
     * @return weights for {@link PrithviViT#loader}
     * @throws CheckpointException if there is no patch embedding
     */
    public static Checkpoint encoder(Checkpoint pretrained, PrithviConfig config, long seed) {
        return encoder(pretrained, config, OptionalLong.of(seed));
    }

    private static Checkpoint encoder(Checkpoint pretrained, PrithviConfig config, OptionalLong seed) {
        Map<String, TensorData> own = new LinkedHashMap<>();
        pretrained.tensors().forEach((stored, data) -> {
            String name = stored.replace("_timm_module.", "");
            name = name.startsWith("encoder.") ? name.substring("encoder.".length()) : name;
            if (isWanted(name, config)) {
                own.put(name, name.equals("pos_embed") ? positions(config) : data);
            }
        });
        TensorData kernel = own.get(PROJ);
        if (kernel == null || kernel.shape().rank() != 5) {
            throw new CheckpointException(pretrained.source() + " has no " + PROJ + " of five axes"
                    + "; is it a checkpoint of Prithvi?");
        }
        if (!config.bands().equals(config.pretrainedBands())) {
            own.put(PROJ, selected(pretrained.source(), kernel, config, seed));
        }
        return new Checkpoint(pretrained.source(), pretrained.digest(), own, pretrained.configuration());
    }

    private static boolean isWanted(String name, PrithviConfig config) {
        boolean decoder = name.contains("decoder") || name.contains("_dec") || name.equals("mask_token");
        return !decoder && (config.timeEncoding() || !name.contains("temporal_embed"))
                && (config.locationEncoding() || !name.contains("location_embed"));
    }

    private static TensorData positions(PrithviConfig config) {
        return floats(PrithviPositions.table(config.grid(), config.embedDim()),
                Shape.of(1, 1 + config.grid().cells(), config.embedDim()));
    }

    private static TensorData floats(float[] values, Shape shape) {
        return new TensorData(DType.F32, shape, MemorySegment.ofArray(values));
    }

    /** [E, pretrained bands, ...] to [E, bands, ...]. */
    private static TensorData selected(String source, TensorData kernel, PrithviConfig config, OptionalLong seed) {
        List<String> known = config.pretrainedBands();
        long[] shape = kernel.shape().toArray();
        if (shape[1] != known.size()) {
            throw new CheckpointException(source + ": " + PROJ + " " + kernel.shape() + " is of " + shape[1]
                    + " bands, the pretrained bands are " + known + "; set pretrained_bands to those of the file");
        }
        Checkpoint alone = new Checkpoint(source, "", Map.of(PROJ, kernel), Map.of());
        float[] from = StateDict.of(alone).takeFloats(PROJ, shape);
        int bands = config.bands().size();
        int outputs = (int) shape[0];
        int patch = Math.toIntExact(shape[2] * shape[3] * shape[4]);
        float[] to = new float[Math.multiplyExact(Math.multiplyExact(outputs, bands), patch)];
        double bound = Math.sqrt(6.0 / ((double) bands * patch + outputs));
        SplittableRandom random = new SplittableRandom(seed.orElse(0));
        for (int band = 0; band < bands; band++) {
            int origin = known.indexOf(config.bands().get(band));
            if (origin < 0 && seed.isEmpty()) {
                throw new ArgumentException("band " + config.bands().get(band) + " is not among the pretrained bands "
                        + known + " (nearest: " + NearestName.of(config.bands().get(band), known)
                        + "); leave it out, or give a seed to draw its weights at random for training");
            }
            for (int output = 0; output < outputs; output++) {
                int at = (output * bands + band) * patch;
                for (int i = 0; i < patch; i++) {
                    to[at + i] = origin < 0 ? (float) (random.nextDouble(-1, 1) * bound)
                            : from[(output * known.size() + origin) * patch + i];
                }
            }
        }
        shape[1] = bands;
        return floats(to, Shape.of(shape));
    }
}
