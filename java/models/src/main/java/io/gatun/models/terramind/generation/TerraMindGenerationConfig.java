// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindEncoderDecoderConfig;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Arguments of TerraTorch's {@code TerraMindGeneration}.
 *
 * @param inputs what may be given, and how: sizes, modalities, statistics, tokenizers
 * @param decoderDepth number of blocks of the decoder
 * @param settings what is generated, and how
 * @param timesteps steps of the diffusion that makes images of tokens
 * @param statistics what images are standardised by
 * @param offset added to the means of a modality, by the name of the caller: one number, or one for each band
 * @param chained whether what was generated is seen by what comes after it; upstream's encoder sees it only if {@code
 *     modalities} have it too
 */
public record TerraMindGenerationConfig(TerraMindConfig inputs, int decoderDepth, GenerationSettings settings,
        int timesteps, PretrainingStatistics statistics, Map<String, List<Double>> offset, boolean chained) {
    private static final String SUFFIX = "_generate";

    /** Arguments of encoders, which neither a generator nor its generation has. */
    private static final List<String> ENCODERS_ALONE =
            List.of("merge_method", "modality_drop_rate", "corrected", "encoder_norm");

    private static final SequencedMap<String, Integer> DEPTHS = depths();

    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TerraMindGenerationConfig {
        offset = Collections.unmodifiableMap(new LinkedHashMap<>(offset));
        if (inputs.modalities().values().stream().allMatch(modality -> modality.key().equals("caption"))) {
            throw new ArgumentException("TerraMind v0.1 generations with only text input don't work yet: modalities is "
                    + String.join(", ", inputs.modalities().keySet()) + "; give an image too");
        }
        requirePretrained("TerraMind generation", inputs);
        for (String name : offset.keySet()) {
            if (!inputs.modalities().containsKey(name) && !settings.targets().containsKey(name)) {
                throw new ArgumentException("TerraMind: offset " + name + " not defined in input or output modalities "
                        + String.join(", ", inputs.modalities().keySet()) + " and "
                        + String.join(", ", settings.targets().keySet()));
            }
        }
        settings.targets().forEach((name, modality) -> {
            boolean there = switch (modality.key()) {
                case "coords" -> inputs.tokenizers().coordinates().isPresent();
                case "caption" -> inputs.tokenizers().captions().isPresent();
                default -> inputs.tokenizers().images().containsKey(modality.key());
            };
            if (!there) {
                throw new ArgumentException("Tokenizer for output modality " + modality.key() + " not found: " + name
                        + " cannot be made of its tokens; there are those of "
                        + String.join(", ", inputs.tokenizers().images().keySet())
                        + ", and tokenizer_dict may have more, such as that of a published file of words");
            }
        });
        requireTimesteps(inputs, settings, timesteps);
    }

    /** Refuses steps that a diffusion among the outputs does not have. */
    void requireTimesteps(int wanted) {
        requireTimesteps(inputs, settings, wanted);
    }

    private static void requireTimesteps(TerraMindConfig inputs, GenerationSettings settings, int wanted) {
        if (wanted < 1) {
            throw new ArgumentException("TerraMind: timesteps is " + wanted + ", expected at least 1");
        }
        settings.targets().forEach((name, modality) -> {
            TokenizerConfig tokenizer = inputs.tokenizers().images().get(modality.key());
            if (tokenizer != null && tokenizer.decoder() instanceof TokenizerConfig.Diffusion diffusion
                    && wanted > diffusion.options().trainTimesteps()) {
                throw new ArgumentException("TerraMind: timesteps is " + wanted + ", expected 1 to the "
                        + diffusion.options().trainTimesteps() + " of the training of " + name);
            }
        });
    }

    private static SequencedMap<String, Integer> depths() {
        SequencedMap<String, Integer> depths = new LinkedHashMap<>();
        depths.put("terramind_v1_tiny", 4);
        depths.put("terramind_v1_small", 6);
        depths.put("terramind_v1_base", 12);
        depths.put("terramind_v1_large", 24);
        depths.put("terramind_v01_base", 12);
        return Collections.unmodifiableSequencedMap(depths);
    }

    /**
     * Names of the published sizes.
     *
     * @return TerraTorch's names
     */
    public static List<String> names() {
        return DEPTHS.keySet().stream().map(name -> name + SUFFIX).toList();
    }

    /** The encoder of a name, and the depth of its decoder. */
    static Map.Entry<String, Integer> published(String name, String suffix) {
        List<String> known = DEPTHS.keySet().stream().map(each -> each + suffix).toList();
        if (!known.contains(name)) {
            throw new ArgumentException("there is no TerraMind \"" + name + "\"; did you mean "
                    + NearestName.of(name, known) + "? Known: " + String.join(", ", known));
        }
        String base = name.substring(0, name.length() - suffix.length());
        return Map.entry(base, DEPTHS.get(base));
    }

    /** Every input has to be one that the published generators know, each its own. */
    static void requirePretrained(String owner, TerraMindConfig inputs) {
        Map<String, String> names = new LinkedHashMap<>();
        inputs.modalities().forEach((name, modality) -> {
            if (!TerraMindModality.all().containsKey(modality.key())) {
                throw new ArgumentException(owner + " models do not support new modalities. Only pre-trained modalities"
                        + " are supported, got " + String.join(", ", inputs.modalities().keySet()) + ": " + name
                        + " is none");
            }
            String other = names.putIfAbsent(modality.key(), name);
            if (other != null) {
                throw new ArgumentException(owner + ": " + other + " and " + name + " are both " + modality.key()
                        + "; leave one out");
            }
        });
    }

    static void refuseBands(String owner, Arguments arguments) {
        if (arguments.has("bands")) {
            throw new ArgumentException("Bands cannot be adapted for " + owner + " models and is expected to be None."
                    + " Only exact matches with pre-trained modalities are supported, got "
                    + arguments.value("bands").orElseThrow());
        }
    }

    /**
     * A published size with TerraTorch's keyword arguments.
     *
     * @param name for example {@code terramind_v1_base_generate}
     * @param arguments TerraTorch's {@code modalities} and {@code output_modalities}, which must be there, {@code
     *     decoding_steps}, {@code temps}, {@code top_p}, {@code top_k}, {@code timesteps}, {@code standardize}, {@code
     *     offset}, {@code img_size} and {@code qk_norm}. Ours are {@code scheme}, {@code token_schedule}, {@code
     *     temp_schedule}, {@code guidance}, {@code seed}, {@code chained}, {@code tokenizer_dict}, {@code check_inputs}
     *     and {@code ignore_unknown}. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static TerraMindGenerationConfig of(String name, Arguments arguments) {
        Map.Entry<String, Integer> base = published(name, SUFFIX);
        check(name, arguments);
        return of(name, TerraMindConfig.of(base.getKey(), arguments), base.getValue(), Optional.empty(),
                arguments);
    }

    /**
     * A generator of any size.
     *
     * @param arguments those of {@link #of(String, Arguments)}, {@code decoder_depth}, TerraTorch's arguments of sizes,
     *     see {@link TerraMindConfig#of(Arguments)}, and its {@code pretraining_mean} and {@code pretraining_std}, see
     *     {@link PretrainingStatistics}, without which nothing is standardised; there are no tokenizers but those of
     *     {@code tokenizer_dict}. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if an argument has a wrong value
     */
    public static TerraMindGenerationConfig of(Arguments arguments) {
        check("TerraMindGeneration", arguments);
        return of("TerraMindGeneration", TerraMindConfig.of(arguments), arguments.integer("decoder_depth", 12),
                Optional.of(PretrainingStatistics.of("TerraMindGeneration", arguments)), arguments);
    }

    private static void check(String owner, Arguments arguments) {
        refuseBands("TerraMind generation", arguments);
        Object modalities = arguments.value("modalities").orElse(List.of());
        if (modalities instanceof Collection<?> list && list.isEmpty() || modalities.equals(Map.of())) {
            throw new ArgumentException("Input modalities not provided. " + owner
                    + " needs modalities, a list of names");
        }
        Object outputs = arguments.value("output_modalities").orElse(List.of());
        if (outputs instanceof Collection<?> list && list.isEmpty()) {
            throw new ArgumentException("Output modalities not provided. " + owner
                    + " needs output_modalities, a list of names");
        }
        if (!(outputs instanceof List<?> list) || !list.stream().allMatch(each -> each instanceof String)) {
            throw new ArgumentException("Output modalities must be a list of modality keys. " + owner + ": got "
                    + outputs);
        }
        for (String argument : ENCODERS_ALONE) {
            if (arguments.has(argument) || arguments.isNull(argument)) {
                throw new ArgumentException(owner + ": " + argument + " was passed but not used: it is an argument of"
                        + " encoders, a generator has none");
            }
        }
    }

    private static TerraMindGenerationConfig of(
            String owner, TerraMindConfig inputs, int decoderDepth, Optional<PretrainingStatistics> given,
            Arguments arguments) {
        Map<String, List<Double>> offset = new LinkedHashMap<>();
        Arguments offsets = Arguments.of(owner + ": offset", arguments.dictionary("offset").orElse(Map.of()));
        arguments.dictionary("offset").orElse(Map.of()).keySet().forEach(
                name -> offset.put(name, offsets.numbers(name).orElseThrow()));
        GenerationSettings settings = GenerationSettings.of(
                owner, arguments, "", arguments.texts("output_modalities").orElseThrow());
        given.filter(statistics -> !offset.isEmpty() && statistics.mean().isEmpty()).ifPresent(_ -> {
            throw new ArgumentException(owner + ": offset is " + offset + ", but there are no means that it could be"
                    + " added to; give pretraining_mean and pretraining_std");
        });
        return new TerraMindGenerationConfig(inputs, decoderDepth, settings, arguments.integer("timesteps", 50),
                given.orElseGet(() -> PretrainingStatistics.of(inputs.pretraining())), offset,
                arguments.flag("chained", false));
    }

    /**
     * What goes through a tokenizer of images: outputs, and maps as inputs.
     *
     * @return names of the caller by the keys of the weights
     */
    public SequencedMap<String, String> tokenized() {
        SequencedMap<String, String> names = new LinkedHashMap<>();
        inputs.modalities().forEach((name, modality) -> names.put(modality.key(), name));
        settings.targets().forEach((name, modality) -> names.put(modality.key(), name));
        names.keySet().retainAll(inputs.tokenizers().images().keySet());
        return names;
    }

    /** Inputs of the encoder and targets of the decoder, by their keys. */
    TerraMindEncoderDecoderConfig network() {
        SequencedMap<String, TerraMindModality> given = new LinkedHashMap<>();
        inputs.modalities().values().forEach(modality -> given.put(modality.key(), modality));
        SequencedMap<String, TerraMindModality> targets = new LinkedHashMap<>();
        settings.targets().values().forEach(modality -> targets.put(modality.key(), modality));
        if (chained) {
            given.putAll(targets);
        }
        return new TerraMindEncoderDecoderConfig(inputs.size(), decoderDepth, inputs.imgSize(), given, targets,
                TerraMindEncoderDecoderConfig.Decoder.defaults(), true);
    }
}
