// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.DType;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Loader;
import io.gatun.models.terramind.tokenizer.CaptionTokenizer;
import io.gatun.models.terramind.tokenizer.CoordinatesTokenizer;
import io.gatun.models.terramind.tokenizer.DiVAE;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.WordPiece;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizers that a model has, {@code tokenizer.KEY} among its weights.
 *
 * @param images those of images, by the key of the modality
 * @param coordinates that of coordinates, if there is one
 * @param captions that of captions, if there is one
 */
public record TerraMindTokenizers(Map<String, TerraMindTokenizer> images,
        Optional<CoordinatesTokenizer> coordinates, Optional<CaptionTokenizer> captions) implements AutoCloseable {
    private static final int LEAST_MAP = 64;

    /** Makes the map unmodifiable. */
    public TerraMindTokenizers {
        images = Collections.unmodifiableMap(new LinkedHashMap<>(images));
    }

    /**
     * A loader.
     *
     * @param choice which there may be
     * @param keys modalities of the model
     * @return takes the weights of {@code tokenizer}
     */
    public static Loader<TerraMindTokenizers> loader(TerraMindTokenizerChoice choice, Collection<String> keys) {
        return (scope, state) -> {
            Map<String, TerraMindTokenizer> images = new LinkedHashMap<>();
            choice.images().forEach((key, config) -> {
                StateDict own = state.at(key);
                if (keys.contains(key) && choice.attached().orElseGet(() -> own.has("quant_proj.weight"))) {
                    images.put(key, TerraMindTokenizer.loader(config).load(scope, own));
                }
            });
            return new TerraMindTokenizers(images, choice.coordinates(), choice.captions());
        };
    }

    /**
     * Whether an input of a modality may be a map, or coordinates, in the place of token numbers.
     *
     * @param key of the modality
     * @return true if there is its tokenizer
     */
    public boolean has(String key) {
        return images.containsKey(key) || key.equals("coords") && coordinates.isPresent();
    }

    /**
     * Whether an input has to go through the tokenizer of its modality: floats, and maps of class numbers [B, 1, H, W],
     * or [B, H, W] of at least 64 rows and columns: token numbers of so large an image come as [B, N].
     *
     * @param key of the modality
     * @param input of it
     * @return false for token numbers
     */
    public boolean takes(String key, Tensor input) {
        return has(key) && (isRaw(input) || isClasses(key) && input.shape().rank() == 3
                && Math.min(input.dim(1), input.dim(2)) >= LEAST_MAP);
    }

    private boolean isClasses(String key) {
        return images.containsKey(key) && images.get(key).config().isClasses();
    }

    static boolean isRaw(Tensor input) {
        return input.dtype() == DType.F32 || input.shape().rank() == 4;
    }

    /**
     * Token numbers of an input.
     *
     * @param scope owns the result
     * @param key of its modality, which has a tokenizer
     * @param input a map, standardised, as {@link TerraMindTokenizer#encode} takes it; or coordinates [B, 2], longitude
     *     and latitude in degrees
     * @return int64 [B, rows, columns] or [B, L]
     */
    public Tensor tokens(Scope scope, String key, Tensor input) {
        TerraMindTokenizer image = images.get(key);
        return image != null ? image.tokenize(scope, input) : coordinates.orElseThrow().encode(scope, input);
    }

    /**
     * Numbers that part a text.
     *
     * @param key of the text
     * @return those of its tokenizer; without it those of upstream's vocabulary without words
     */
    public Set<Long> sentinels(String key) {
        return (key.equals("coords") ? coordinates.map(CoordinatesTokenizer::text)
                : captions.map(CaptionTokenizer::text)).map(WordPiece::sentinels).orElse(Set.of(4L, 5L, 6L));
    }

    /**
     * Gives the memory that tokenizers hold for their next decoding back, see {@link DiVAE#clearGraphs}.
     *
     * @return whether there was any
     */
    public boolean clearGraphs() {
        boolean any = false;
        for (TerraMindTokenizer each : images.values()) {
            any |= each instanceof DiVAE decoder && decoder.clearGraphs();
        }
        return any;
    }

    /** Closes the tokenizers, and with them the scope that they were loaded in. */
    @Override
    public void close() {
        images.values().forEach(TerraMindTokenizer::close);
    }
}
