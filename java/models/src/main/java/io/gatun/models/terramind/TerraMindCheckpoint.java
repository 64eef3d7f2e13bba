// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.TensorData;
import io.gatun.models.Extent;
import io.gatun.models.layers.TokenGrid;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Weights of a published file, or of a TerraMind of other modalities, as weights of an encoder: TerraTorch's {@code
 * checkpoint_filter_fn} and {@code select_modality_patch_embed_weights}, with a report. Patch embeddings of a modality
 * with {@code bands} get the columns of those bands.
 *
 * <p>Weights that were saved from an encoder of TerraTorch with the same arguments are the encoder's own, bands
 * included: they do not go through this class.
 *
 * @param weights for {@link TerraMindViT#loader}
 * @param taken names of the weights that come from the file
 * @param computed names of what the file has not, or for another size, and a formula gives: tables of positions by
 *     upstream's, and the token of an absent modality, which upstream leaves to chance, as zeros
 * @param random names of the weights that were drawn at random, those of single bands with the bands' names; such a
 *     model has to be trained
 * @param unused names in the file that the encoder does not take
 */
public record TerraMindCheckpoint(
        Checkpoint weights, List<String> taken, List<String> computed, List<String> random, List<String> unused) {
    private static final String EMBEDDINGS = "encoder_embeddings.";

    /** Makes the lists unmodifiable. */
    public TerraMindCheckpoint {
        taken = List.copyOf(taken);
        computed = List.copyOf(computed);
        random = List.copyOf(random);
        unused = List.copyOf(unused);
    }

    /**
     * The encoder's weights, all of them from the file.
     *
     * @param pretrained the file
     * @param config the encoder
     * @return the weights and where they come from
     * @throws CheckpointException if weights of the encoder, or bands of a modality, are not in the file; it names each
     */
    public static TerraMindCheckpoint of(Checkpoint pretrained, TerraMindConfig config) {
        return new Filling(pretrained, config, OptionalLong.empty()).fill();
    }

    /**
     * The encoder's weights, what the file has not at random, as upstream draws it.
     *
     * @param pretrained the file
     * @param config the encoder
     * @param seed of the random weights
     * @return the weights and where they come from
     * @throws CheckpointException if the file has no weight of the encoder at all
     */
    public static TerraMindCheckpoint of(Checkpoint pretrained, TerraMindConfig config, long seed) {
        return new Filling(pretrained, config, OptionalLong.of(seed)).fill();
    }

    /**
     * Weights of any model that has TerraMind's names somewhere in its own, such as a generator, all of them from a
     * file whose names are the model's.
     *
     * @param file the weights
     * @param structure of the model
     * @param imgSize rows and columns of the images whose positions are computed
     * @return the weights and where they come from; tables of positions of another size are computed
     * @throws CheckpointException if weights of the model are not in the file; it names each
     */
    public static TerraMindCheckpoint of(Checkpoint file, Structure structure, Extent imgSize) {
        Map<String, TensorData> own = new LinkedHashMap<>();
        List<String> taken = new ArrayList<>();
        List<String> computed = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        structure.weights().forEach((name, entry) -> {
            TensorData found = file.tensors().get(name);
            Shape shape = entry.shape();
            if (entry.kind() == Structure.Kind.UNUSED) {
                if (found != null) {
                    own.put(name, found);
                }
            } else if (found != null && (found.shape().equals(shape) || isVocabulary(name, found, shape))) {
                taken.add(name);
                own.put(name, found);
            } else if (name.contains("_embeddings.") && name.endsWith(".pos_emb")) {
                computed.add(name);
                own.put(name, floats(positions(name, shape, imgSize), shape));
            } else if (name.equals("missing_mod_token")) {
                computed.add(name);
                own.put(name, floats(new float[(int) shape.numElements()], shape));
            } else {
                missing.add(name + " " + shape + (found == null ? "" : ", which is " + found.shape() + " in the file"));
            }
        });
        if (!missing.isEmpty()) {
            throw new CheckpointException(file.source() + " lacks " + missing.size() + " of "
                    + structure.weights().size() + " weights of the model:\n  " + String.join("\n  ", missing));
        }
        List<String> unused = file.tensors().keySet().stream().filter(name -> !own.containsKey(name)).toList();
        return new TerraMindCheckpoint(new Checkpoint(file.source(), file.digest(), own, file.configuration()), taken,
                computed, List.of(), unused);
    }

    /**
     * The weights with those of tokenizers, for a model that has them.
     *
     * @param weights of a model
     * @param tokenizers files of tokenizers, by the key of the modality, such as {@code tok_lulc@224}
     * @return both, those of a tokenizer below {@code tokenizer.KEY}
     */
    public static Checkpoint withTokenizers(Checkpoint weights, Map<String, Checkpoint> tokenizers) {
        Map<String, TensorData> all = new LinkedHashMap<>(weights.tensors());
        tokenizers.forEach((key, file) ->
                file.tensors().forEach((name, data) -> all.put("tokenizer." + key + "." + name, data)));
        return new Checkpoint(weights.source(), weights.digest(), all, weights.configuration());
    }

    /** A vocabulary may have any size. */
    private static boolean isVocabulary(String name, TensorData found, Shape shape) {
        return (name.endsWith(".token_emb.weight") || name.endsWith(".to_logits.weight"))
                && found.shape().rank() == 2 && found.shape().dim(1) == shape.dim(1);
    }

    /** By the key of the modality, before the last dot. */
    private static float[] positions(String name, Shape shape, Extent imgSize) {
        String key = name.substring(name.lastIndexOf('.', name.length() - ".pos_emb".length() - 1) + 1,
                name.length() - ".pos_emb".length());
        TerraMindModality known = TerraMindModality.all().get(key);
        int count = (int) shape.dim(1);
        int width = (int) shape.dim(2);
        if (known != null && !known.kind().isImage()) {
            return TerraMindPositions.sequence(count, width);
        }
        // Only the patch of published modalities is known here.
        TokenGrid grid = IntStream.rangeClosed(1, imgSize.least()).mapToObj(Extent::of).map(imgSize::grid)
                .filter(each -> each.cells() == count).findFirst().orElseThrow();
        return TerraMindPositions.image(grid.height(), grid.width(), width);
    }

    private static TensorData floats(float[] values, Shape shape) {
        return new TensorData(DType.F32, shape, MemorySegment.ofArray(values));
    }

    private static final class Filling {
        private final Checkpoint file;
        private final TerraMindConfig config;
        private final OptionalLong seed;
        private final Map<String, TensorData> own = new LinkedHashMap<>();
        private final List<String> taken = new ArrayList<>();
        private final List<String> computed = new ArrayList<>();
        private final List<String> random = new ArrayList<>();

        Filling(Checkpoint file, TerraMindConfig config, OptionalLong seed) {
            this.file = file;
            this.config = config;
            this.seed = seed;
        }

        TerraMindCheckpoint fill() {
            Structure structure = Structure.of(TerraMindViT.loader(config)::load);
            structure.weights().forEach((name, entry) -> own.put(name, weight(name, entry.shape())));
            if (taken.isEmpty()) {
                throw new CheckpointException(file.source() + " has none of the " + own.size()
                        + " weights of the encoder, such as " + own.keySet().iterator().next()
                        + "; is it a checkpoint of TerraMind of this size, without a prefix before its names?");
            }
            if (seed.isEmpty() && !random.isEmpty()) {
                throw new CheckpointException(file.source() + " lacks " + random.size() + " weights of the encoder:\n  "
                        + String.join("\n  ", random) + "\nGive weights that have them, leave these modalities and"
                        + " bands out, or give a seed to draw them at random for training");
            }
            List<String> unused = file.tensors().keySet().stream().filter(name -> !own.containsKey(name)).toList();
            Checkpoint weights = new Checkpoint(file.source(), file.digest(), own, file.configuration());
            return new TerraMindCheckpoint(weights, taken, computed, random, unused);
        }

        private TensorData weight(String name, Shape shape) {
            TensorData found = file.tensors().get(name);
            for (TerraMindModality modality : config.modalities().values()) {
                List<String> known = config.pretraining().bands(modality.key());
                if (found != null && name.equals(EMBEDDINGS + modality.key() + ".proj.weight")
                        && !modality.bands().equals(known) && !known.isEmpty()) {
                    return selected(name, found, modality, known);
                }
            }
            if (found != null && (found.shape().equals(shape) || isVocabulary(name, found, shape))) {
                taken.add(name);
                return found;
            }
            if (name.endsWith(".pos_emb")) {
                computed.add(name);
                return floats(positions(name, shape, config.imgSize()), shape);
            }
            if (name.equals("missing_mod_token")) {
                computed.add(name);
                return floats(new float[(int) shape.numElements()], shape);
            }
            random.add(name + " " + shape + (found == null ? "" : ", which is " + found.shape() + " in the file"));
            return floats(drawn(name, shape), shape);
        }

        /** [E, pixels bands], the bands of a pixel next to each other. */
        private TensorData selected(String name, TensorData found, TerraMindModality modality, List<String> known) {
            int bands = modality.size();
            int embed = config.size().dim();
            int pixels = modality.patchSize() * modality.patchSize();
            if (!found.shape().equals(Shape.of(embed, (long) pixels * known.size()))) {
                throw new CheckpointException(file.source() + ": " + name + " is " + found.shape() + ", expected ["
                        + embed + ", " + pixels * known.size() + "] of the bands " + known
                        + "; weights of a model that was built with bands are loaded as they are");
            }
            taken.add(name);
            List<String> unknown = modality.bands().stream().filter(band -> !known.contains(band)).toList();
            if (!unknown.isEmpty()) {
                random.add(name + ": bands " + String.join(", ", unknown) + ", not among the pretrained " + known);
            }
            float[] from = StateDict.of(file).takeFloats(name, found.shape().toArray());
            float[] to = new float[embed * pixels * bands];
            SplittableRandom generator = generator(name);
            double bound = 1 / Math.sqrt((double) pixels * bands);
            for (int i = 0; i < to.length; i++) {
                int origin = known.indexOf(modality.bands().get(i % bands));
                to[i] = origin < 0 ? (float) generator.nextDouble(-bound, bound)
                        : from[i / bands * known.size() + origin];
            }
            return floats(to, Shape.of(embed, (long) pixels * bands));
        }

        private SplittableRandom generator(String name) {
            return new SplittableRandom(seed.orElse(0) * 31 + name.hashCode());
        }

        /** Norms 1, biases 0, embeddings normal with 0.02, matrices uniform with Glorot's bound. */
        private float[] drawn(String name, Shape shape) {
            float[] values = new float[Math.toIntExact(shape.numElements())];
            SplittableRandom generator = generator(name);
            double outputs = name.endsWith("qkv.weight") ? shape.dim(0) / 3.0 : shape.dim(0);
            boolean embedding = shape.rank() == 3 || name.endsWith(".token_emb.weight");
            for (int i = 0; i < values.length; i++) {
                if (shape.rank() == 1) {
                    values[i] = name.endsWith(".weight") ? 1 : 0;
                } else if (embedding) {
                    values[i] = (float) generator.nextGaussian(0, 0.02);
                } else {
                    double bound = Math.sqrt(6 / (outputs + shape.dim(1)));
                    values[i] = (float) generator.nextDouble(-bound, bound);
                }
            }
            return values;
        }
    }
}
