// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.models.Extent;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Arguments of TerraTorch's {@code TerraMind}, the encoder and the decoder that published files hold.
 *
 * @param size what both are built of; they end in a norm whatever it says
 * @param decoderDepth number of blocks of the decoder
 * @param imgSize rows and columns of the images whose positions the weights have
 * @param inputs modalities that the encoder takes, by their keys among the weights
 * @param targets modalities of tokens and sequences that the decoder finds, by their keys among the weights
 * @param decoder what of each other the decoder's tokens see, and have
 * @param corrected whether tokens of an image that is no square have the positions of its rows and columns even where
 *     they could be a square, as upstream takes them
 */
public record TerraMindEncoderDecoderConfig(TerraMindSize size, int decoderDepth, Extent imgSize,
        SequencedMap<String, TerraMindModality> inputs, SequencedMap<String, TerraMindModality> targets,
        Decoder decoder, boolean corrected) {
    /**
     * Of the decoder, by upstream's names.
     *
     * @param causalMask {@code decoder_causal_mask}: in {@link TerraMindEncoderDecoder#logits} a token sees those
     *     before it and itself, whatever the modality says
     * @param sepMask {@code decoder_sep_mask}: there a token sees those of its own modality alone
     * @param shareModalityEmbeddings {@code share_modality_embeddings}: a modality that is input and target has one
     *     mark, which the weights have twice
     */
    public record Decoder(boolean causalMask, boolean sepMask, boolean shareModalityEmbeddings) {
        /**
         * Upstream's defaults.
         *
         * @return what each modality says, seen apart, with shared marks
         */
        public static Decoder defaults() {
            return new Decoder(false, true, true);
        }
    }

    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TerraMindEncoderDecoderConfig {
        inputs = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(inputs));
        targets = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(targets));
        if (decoderDepth < 1) {
            throw new ArgumentException("TerraMind: decoder_depth is " + decoderDepth + ", expected at least 1");
        }
        Extent image = imgSize;
        targets.forEach((key, modality) -> {
            if (modality.kind() == TerraMindModality.Kind.IMAGE) {
                throw new ArgumentException("TerraMind: the decoder finds tokens, not the pixels of " + key
                        + "; expected a modality such as tok_" + key.replace("untok_", ""));
            }
            if (modality.kind().isImage() && image.least() < modality.patchSize()) {
                throw new ArgumentException("TerraMind: img_size " + image + " is below the patch of "
                        + modality.patchSize() + " of " + key);
            }
        });
    }
}
