// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.ArgumentException;
import io.gatun.core.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * What a backbone reads: one image, or several modalities of one scene by name; and what goes with them.
 *
 * @param modalities images by name in order; a single unnamed image has the name {@link #IMAGE}
 * @param extras what else upstream's forward takes by keyword, such as {@code temporal_coords} and
 *     {@code location_coords}, or further modalities; in order
 * @param isImage whether this is one unnamed image, upstream's tensor; else modalities by name, upstream's dictionary,
 *     and one of them may have the name {@link #IMAGE}
 */
public record Input(SequencedMap<String, Tensor> modalities, Map<String, Tensor> extras, boolean isImage) {
    /** Name of a single image, as upstream's default modality. */
    public static final String IMAGE = "image";

    /** Makes the maps unmodifiable; throws {@link ArgumentException} if there is no image. */
    public Input {
        modalities = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(modalities));
        extras = Collections.unmodifiableMap(new LinkedHashMap<>(extras));
        if (modalities.isEmpty()) {
            throw new ArgumentException("No input provided: give an image, or images by modality");
        }
        if (isImage && (modalities.size() > 1 || !modalities.containsKey(IMAGE))) {
            throw new ArgumentException("an unnamed image is one, got the modalities "
                    + String.join(", ", modalities.keySet()));
        }
    }

    /**
     * Modalities by name.
     *
     * @param modalities images by name; the order is that of the tokens
     * @param extras what else upstream's forward takes by keyword
     */
    public Input(SequencedMap<String, Tensor> modalities, Map<String, Tensor> extras) {
        this(modalities, extras, false);
    }

    /**
     * One image.
     *
     * @param image [B, C, H, W], or [B, C, T, H, W] where the backbone has time
     * @return the input
     */
    public static Input of(Tensor image) {
        return new Input(new LinkedHashMap<>(Map.of(IMAGE, image)), Map.of(), true);
    }

    /**
     * One image by name; {@link #with} adds others, of as many dates where the images have dates.
     *
     * @param name its modality
     * @param image [B, C, H, W], or [B, C, T, H, W] where the backbone has time
     * @return the input
     */
    public static Input of(String name, Tensor image) {
        return new Input(new LinkedHashMap<>(Map.of(name, image)), Map.of());
    }

    /**
     * Several modalities.
     *
     * @param modalities images by name; the order is that of the tokens
     * @return the input
     */
    public static Input of(SequencedMap<String, Tensor> modalities) {
        return new Input(modalities, Map.of());
    }

    /**
     * The same images with something more.
     *
     * @param name upstream's keyword
     * @param value its tensor
     * @return the input
     */
    public Input with(String name, Tensor value) {
        Map<String, Tensor> more = new LinkedHashMap<>(extras);
        more.put(name, value);
        return new Input(modalities, more, isImage);
    }

    /**
     * Other images of the same kind.
     *
     * @param images by the same names
     * @param others extras in the place of these
     * @return an unnamed image where this is one
     */
    public Input withImages(SequencedMap<String, Tensor> images, Map<String, Tensor> others) {
        return new Input(images, others, isImage);
    }

    /**
     * The only image, whatever its name.
     *
     * @return the image
     * @throws ArgumentException if there are several
     */
    public Tensor image() {
        if (modalities.size() != 1) {
            throw new ArgumentException("the backbone takes one image, got the modalities "
                    + modalities.keySet().stream().collect(Collectors.joining(", ")) + "; give one of them");
        }
        return modalities.firstEntry().getValue();
    }
}
