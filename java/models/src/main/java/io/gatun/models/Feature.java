// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;

/** What one layer of a backbone gives: a tensor, or one for each modality. */
public sealed interface Feature {
    /**
     * One tensor.
     *
     * @param value tokens [B, L, C], a map [B, C, H, W], or with time kept [B, T, L, C] or [B, T, C, H, W]
     */
    record Single(Tensor value) implements Feature {
        @Override
        public Tensor tensor() {
            return value;
        }

        @Override
        public Feature map(UnaryOperator<Tensor> change) {
            return new Single(change.apply(value));
        }
    }

    /**
     * One tensor for each modality.
     *
     * @param values by name, in the order of the input
     */
    record ByModality(SequencedMap<String, Tensor> values) implements Feature {
        /** Makes the map unmodifiable. */
        public ByModality {
            values = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(values));
        }

        @Override
        public Tensor tensor() {
            throw new ShapeException("the backbone gives a feature for each of the modalities "
                    + String.join(", ", values.keySet()) + " and a neck or decoder takes one tensor; choose a"
                    + " merge_method that merges them");
        }

        @Override
        public Feature map(UnaryOperator<Tensor> change) {
            SequencedMap<String, Tensor> changed = new LinkedHashMap<>();
            values.forEach((name, value) -> changed.put(name, change.apply(value)));
            return new ByModality(changed);
        }
    }

    /**
     * The tensor of a feature that is one.
     *
     * @return the tensor
     * @throws ShapeException if there is one for each modality
     */
    Tensor tensor();

    /**
     * The same with each tensor changed.
     *
     * @param change what to do with a tensor
     * @return the changed feature
     */
    Feature map(UnaryOperator<Tensor> change);

    /**
     * Features of single tensors.
     *
     * @param tensors one for each layer
     * @return the features
     */
    static List<Feature> of(List<Tensor> tensors) {
        return tensors.stream().<Feature>map(Single::new).toList();
    }
}
