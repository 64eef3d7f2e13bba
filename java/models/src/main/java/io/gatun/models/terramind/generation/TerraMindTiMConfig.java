// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindEncoderDecoderConfig;
import io.gatun.models.terramind.TerraMindModality;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Arguments of TerraTorch's {@code TerraMindTiM}.
 *
 * @param inputs the encoder without what is generated
 * @param decoderDepth number of blocks of the generator's decoder
 * @param settings what is generated, and how
 */
public record TerraMindTiMConfig(TerraMindConfig inputs, int decoderDepth, GenerationSettings settings) {
    private static final String SUFFIX = "_tim";

    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TerraMindTiMConfig {
        TerraMindGenerationConfig.requirePretrained("TerraMind TiM", inputs);
        settings.targets().forEach((name, modality) -> {
            TerraMindModality given = inputs.modalities().get(name);
            if (given != null && !given.key().equals(modality.key())) {
                throw new ArgumentException("Fallback TiM modalities are currently only supported for tokenized"
                        + " modalities, found " + name + " (" + given.key() + "); give it another name among the"
                        + " tim_modalities, such as " + modality.key());
            }
        });
    }

    /**
     * Names of the published sizes.
     *
     * @return TerraTorch's names
     */
    public static List<String> names() {
        return TerraMindConfig.names().stream().map(name -> name + SUFFIX).toList();
    }

    /**
     * A published size with TerraTorch's keyword arguments.
     *
     * @param name for example {@code terramind_v1_base_tim}
     * @param arguments those of {@link TerraMindConfig#of(String, Arguments)} without {@code bands}, and {@code
     *     tim_modalities} (LULC), {@code tim_decoding_steps}, {@code tim_temps}, {@code tim_top_p} and {@code
     *     tim_top_k}. Ours are {@code tim_scheme}, {@code tim_token_schedule}, {@code tim_temp_schedule}, {@code
     *     tim_guidance} and {@code tim_seed}. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static TerraMindTiMConfig of(String name, Arguments arguments) {
        Map.Entry<String, Integer> base = TerraMindGenerationConfig.published(name, SUFFIX);
        TerraMindGenerationConfig.refuseBands("TerraMind TiM", arguments);
        return of(name, TerraMindConfig.of(base.getKey(), arguments), base.getValue(), arguments);
    }

    /**
     * A model of any size.
     *
     * @param arguments those of {@link #of(String, Arguments)}, {@code decoder_depth}, and TerraTorch's arguments of
     *     sizes, see {@link TerraMindConfig#of(Arguments)}. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if an argument has a wrong value
     */
    public static TerraMindTiMConfig of(Arguments arguments) {
        TerraMindGenerationConfig.refuseBands("TerraMind TiM", arguments);
        return of("TerraMindTiM", TerraMindConfig.of(arguments), arguments.integer("decoder_depth", 12), arguments);
    }

    private static TerraMindTiMConfig of(
            String owner, TerraMindConfig inputs, int decoderDepth, Arguments arguments) {
        List<String> names = arguments.texts("tim_modalities").filter(list -> !list.isEmpty())
                .orElse(List.of("LULC"));
        return new TerraMindTiMConfig(
                inputs, decoderDepth, GenerationSettings.of(owner, arguments, "tim_", names));
    }

    /** The encoder, with what is generated; its images are standardised before. */
    TerraMindConfig encoder() {
        SequencedMap<String, TerraMindModality> all = new LinkedHashMap<>(inputs.modalities());
        settings.targets().forEach(all::putIfAbsent);
        return inputs.withModalities(all).standardized();
    }

    /** Inputs of the generator's encoder and targets of its decoder, by their keys. */
    TerraMindEncoderDecoderConfig generator() {
        SequencedMap<String, TerraMindModality> given = new LinkedHashMap<>();
        inputs.modalities().values().forEach(modality -> given.put(modality.key(), modality));
        SequencedMap<String, TerraMindModality> targets = new LinkedHashMap<>();
        settings.targets().values().forEach(modality -> targets.put(modality.key(), modality));
        return new TerraMindEncoderDecoderConfig(inputs.size(), decoderDepth, inputs.imgSize(), given, targets,
                TerraMindEncoderDecoderConfig.Decoder.defaults(), inputs.corrected());
    }
}
