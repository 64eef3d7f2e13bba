// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Makes modalities of windows from others. */
public interface WindowGenerator {
    /**
     * What one modality is made of.
     *
     * @param name the modality
     * @param bands names of its bands, or of its classes
     * @param units of its values; empty where they have none
     * @param classes whether it is a map of classes, each with a score
     */
    record Output(String name, List<String> bands, String units, boolean classes) {
        /** Copies the list. */
        public Output {
            bands = List.copyOf(bands);
        }
    }

    /**
     * What it makes.
     *
     * @return at least one, in order
     */
    List<Output> outputs();

    /**
     * Generates some windows. What a window becomes must not depend on which others are with it.
     *
     * @param scope owns the result
     * @param inputs images [B, C, side, side] f32 by modality: those that have values in these windows, at least one
     * @param firstWindow number of the first window; the others' follow. It tells windows of one look apart
     * @return for each output, by name, values or the classes' scores [B, C, side, side] f32
     */
    Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow);
}
