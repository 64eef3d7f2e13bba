// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.layers.PositionTables;

/**
 * Fixed position vectors of a grid of patches; not part of a checkpoint. Upstream class of the same name; its
 * {@code max_H} and {@code max_W} bound the grid, which the model checks.
 */
record SpatialPositionalEncoding2D(int embedDim) {
    /** [height * width, E], rows of the grid first. A position's vector does not depend on the grid's size. */
    Tensor forward(Scope scope, int height, int width) {
        return scope.of(PositionTables.spatial2d(height, width, embedDim), (long) height * width, embedDim);
    }
}
