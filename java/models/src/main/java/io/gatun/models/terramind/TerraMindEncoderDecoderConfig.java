// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Arguments of TerraTorch's {@code TerraMind}, the encoder and the decoder that published files hold.
 *
 * @param size what both are built of
 * @param decoderDepth number of blocks of the decoder
 * @param imgSize rows and columns of the images whose positions the weights have
 * @param inputs modalities that the encoder takes, by their keys among the weights
 * @param targets modalities of tokens and sequences that the decoder finds, by their keys among the weights
 */
public record TerraMindEncoderDecoderConfig(TerraMindSize size, int decoderDepth, int imgSize,
        SequencedMap<String, TerraMindModality> inputs, SequencedMap<String, TerraMindModality> targets) {
    /** Checks the arguments; throws {@link ArgumentException} if one does not fit the others. */
    public TerraMindEncoderDecoderConfig {
        inputs = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(inputs));
        targets = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(targets));
        if (decoderDepth < 1) {
            throw new ArgumentException("TerraMind: decoder_depth is " + decoderDepth + ", expected at least 1");
        }
        if (!size.encoderNorm()) {
            throw new ArgumentException("TerraMind: encoder_norm is false; an encoder before a decoder has its norm");
        }
        targets.forEach((key, modality) -> {
            if (modality.kind() == TerraMindModality.Kind.IMAGE) {
                throw new ArgumentException("TerraMind: the decoder finds tokens, not the pixels of " + key
                        + "; expected a modality such as tok_" + key.replace("untok_", ""));
            }
            if (modality.kind().isImage() && imgSize < modality.patchSize()) {
                throw new ArgumentException("TerraMind: img_size " + imgSize + " is below the patch of "
                        + modality.patchSize() + " of " + key);
            }
        });
    }
}
