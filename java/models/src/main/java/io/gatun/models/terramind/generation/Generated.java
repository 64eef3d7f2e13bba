// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * What a generator made, by the names of its outputs.
 *
 * @param outputs images [B, C, H, W] f32, of LULC the scores of its classes; coordinates [B, 2], longitude and latitude
 *     in degrees, NaN where the tokens make none
 * @param texts captions, one for each sample
 * @param tokens numbers of all of them, int64 [B, rows, columns], or [B, L] of coordinates and captions, 0 behind the
 *     end
 */
public record Generated(SequencedMap<String, Tensor> outputs, SequencedMap<String, List<String>> texts,
        SequencedMap<String, Tensor> tokens) {
    /** Makes the maps unmodifiable. */
    public Generated {
        outputs = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(outputs));
        texts = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(texts));
        tokens = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(tokens));
    }
}
