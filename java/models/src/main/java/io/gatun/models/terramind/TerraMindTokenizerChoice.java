// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.tokenizer.CaptionTokenizer;
import io.gatun.models.terramind.tokenizer.CoordinatesTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Which tokenizers a model may have: upstream's {@code tokenizer_dict}.
 *
 * @param images those of images, by the key of the modality
 * @param coordinates that of coordinates, which is a file of words, if there is one
 * @param captions that of captions, likewise
 * @param attached whether the model has those of its modalities; not told, an encoder has those whose weights are there
 */
public record TerraMindTokenizerChoice(SequencedMap<String, TokenizerConfig> images,
        Optional<CoordinatesTokenizer> coordinates, Optional<CaptionTokenizer> captions, Optional<Boolean> attached) {
    /** Makes the map unmodifiable. */
    public TerraMindTokenizerChoice {
        images = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(images));
    }

    /**
     * The published ones, and those that are given.
     *
     * @param owner whose arguments, for messages
     * @param arguments {@code tokenizer_dict}, a dictionary of a {@link TokenizerConfig} by the key of its modality and
     *     of a {@link CoordinatesTokenizer} as {@code coords} and a {@link CaptionTokenizer} as {@code caption}, for
     *     which the registries take the path of their vocabulary too; {@code tokenizers}, see {@link #attached}
     * @param published whose tokenizers there are apart from those
     * @return the choice
     * @throws ArgumentException if an argument has a wrong value
     */
    static TerraMindTokenizerChoice of(String owner, Arguments arguments, Optional<Pretraining> published) {
        SequencedMap<String, TokenizerConfig> images = new LinkedHashMap<>();
        published.ifPresent(version -> {
            String prefix = version == Pretraining.V1 ? "terramind_v1_tokenizer_" : "terramind_v01_tokenizer_";
            TokenizerConfig.names().stream().filter(name -> name.startsWith(prefix)).forEach(name ->
                    images.put(TerraMindModality.target(name.substring(prefix.length())).key(),
                            TokenizerConfig.of(name, Arguments.of(name, Map.of()))));
        });
        Optional<CoordinatesTokenizer> coordinates = Optional.empty();
        Optional<CaptionTokenizer> captions = Optional.empty();
        for (Map.Entry<String, Object> each : arguments.dictionary("tokenizer_dict").orElse(Map.of()).entrySet()) {
            switch (each.getValue()) {
                case TokenizerConfig config -> images.put(each.getKey(), config);
                case CoordinatesTokenizer own when each.getKey().equals("coords") -> coordinates = Optional.of(own);
                case CaptionTokenizer own when each.getKey().equals("caption") -> captions = Optional.of(own);
                case null, default -> throw new ArgumentException(owner + ": tokenizer_dict has " + each.getKey() + ": "
                        + each.getValue() + ", expected a TokenizerConfig, a CoordinatesTokenizer as coords, or a"
                        + " CaptionTokenizer as caption; by the registries also the path of their vocabulary");
            }
        }
        Optional<Boolean> attached = arguments.has("tokenizers")
                ? Optional.of(arguments.flag("tokenizers", true)) : Optional.empty();
        return new TerraMindTokenizerChoice(images, coordinates, captions, attached);
    }

    /**
     * The same, attached or not.
     *
     * @param wanted whether the model has the tokenizers of its modalities
     * @return the changed choice
     */
    public TerraMindTokenizerChoice attached(boolean wanted) {
        return new TerraMindTokenizerChoice(images, coordinates, captions, Optional.of(wanted));
    }

    /** Whether there can be a tokenizer of a modality. */
    boolean knows(String key) {
        return images.containsKey(key) || key.equals("coords") && coordinates.isPresent();
    }
}
