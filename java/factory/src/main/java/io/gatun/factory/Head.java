// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;

/** The last layers of a model, as TerraTorch's heads. Immutable; usable from many threads, each with its own scope. */
@FunctionalInterface
public interface Head {
    /**
     * Runs the head.
     *
     * @param scope owns the result
     * @param feature what the decoder gave
     * @return maps [B, classes, H, W], or scores [B, classes]
     */
    Tensor forward(Scope scope, Tensor feature);
}
