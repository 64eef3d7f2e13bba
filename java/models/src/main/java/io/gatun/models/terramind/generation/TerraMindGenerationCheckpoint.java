// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Checkpoint;
import io.gatun.core.Structure;
import io.gatun.core.TensorData;
import io.gatun.models.Extent;
import io.gatun.models.terramind.TerraMindCheckpoint;
import io.gatun.models.terramind.TerraMindModality;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Published files, which hold the encoder and the decoder, as weights of a generator or of a {@link TerraMindTiM}:
 * TerraTorch's {@code checkpoint_filter_fn_generate} and {@code checkpoint_filter_fn_tim}. Nothing is ever random: a
 * weight that the file lacks is an error.
 */
public final class TerraMindGenerationCheckpoint {
    private static final String GENERATOR = "sampler.model.";

    private TerraMindGenerationCheckpoint() {}

    /**
     * Weights of a generator.
     *
     * @param pretrained the published file of the model
     * @param tokenizers the files of the tokenizers, by the key of the modality, such as {@code tok_lulc@224}
     * @param config the generator
     * @return the weights and where they come from
     * @throws io.gatun.core.CheckpointException if weights are in none of the files; it names each
     */
    public static TerraMindCheckpoint of(
            Checkpoint pretrained, Map<String, Checkpoint> tokenizers, TerraMindGenerationConfig config) {
        return filled(pretrained, false, tokenizers, Structure.of(TerraMindGeneration.loader(config)::load),
                config.inputs().imgSize());
    }

    /**
     * Weights of a backbone that thinks in modalities: its encoder begins as that of its generator.
     *
     * @param pretrained the published file of the model
     * @param tokenizers the files of tokenizers, by the key of the modality; for token numbers none are needed
     * @param config the backbone; its tokenizers are attached if their files are given
     * @return the weights and where they come from
     * @throws io.gatun.core.CheckpointException if weights are in none of the files; it names each
     */
    public static TerraMindCheckpoint of(
            Checkpoint pretrained, Map<String, Checkpoint> tokenizers, TerraMindTiMConfig config) {
        Map<String, Checkpoint> own = new LinkedHashMap<>(tokenizers);
        own.keySet().retainAll(config.encoder().modalities().values().stream().map(TerraMindModality::key).toList());
        TerraMindCheckpoint filled = filled(pretrained, true, own, Structure.of(TerraMindTiM.loader(config)::load),
                config.inputs().imgSize());
        return new TerraMindCheckpoint(TerraMindCheckpoint.withTokenizers(filled.weights(), own), filled.taken(),
                filled.computed(), filled.random(), filled.unused());
    }

    private static TerraMindCheckpoint filled(
            Checkpoint pretrained, boolean twice, Map<String, Checkpoint> tokenizers, Structure structure,
            Extent imgSize) {
        Map<String, TensorData> renamed = new LinkedHashMap<>();
        pretrained.tensors().forEach((name, data) -> {
            renamed.put(GENERATOR + name, data);
            if (twice) {
                renamed.put(name, data);
            }
        });
        TerraMindCheckpoint filled = TerraMindCheckpoint.of(TerraMindCheckpoint.withTokenizers(new Checkpoint(
                pretrained.source(), pretrained.digest(), renamed, pretrained.configuration()), tokenizers), structure,
                imgSize);
        Set<String> used = filled.weights().tensors().keySet();
        List<String> unused = pretrained.tensors().keySet().stream()
                .filter(name -> !used.contains(GENERATOR + name) && !(twice && used.contains(name))).toList();
        return new TerraMindCheckpoint(
                filled.weights(), filled.taken(), filled.computed(), filled.random(), unused);
    }
}
