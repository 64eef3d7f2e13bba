// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What a model gives, upstream's {@code ModelOutput}.
 *
 * @param output segmentation [B, classes, H, W], one class or regression [B, H, W], classification [B, classes]
 * @param auxiliaryHeads the same of each auxiliary head, by name
 */
public record ModelOutput(Tensor output, SequencedMap<String, Tensor> auxiliaryHeads) {
    /** Makes the map unmodifiable. */
    public ModelOutput {
        auxiliaryHeads = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(auxiliaryHeads));
    }
}
