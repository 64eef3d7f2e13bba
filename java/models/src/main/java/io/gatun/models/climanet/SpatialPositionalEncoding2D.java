// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.layers.PositionTables;

/** Fixed position vectors of a grid of patches; not part of a checkpoint. Upstream class of the same name. */
final class SpatialPositionalEncoding2D {
    private final int embedDim;
    private final int maxH;
    private final int maxW;

    SpatialPositionalEncoding2D(int embedDim, int maxH, int maxW) {
        this.embedDim = embedDim;
        this.maxH = maxH;
        this.maxW = maxW;
    }

    /** [height * width, E], rows of the grid first. A position's vector does not depend on the grid's size. */
    Tensor forward(Scope scope, int height, int width) {
        if (height > maxH || width > maxW) {
            throw new ShapeException("SpatioTemporalModel: the input has " + height + " x " + width
                    + " patches, the model encodes at most max_H x max_W = " + maxH + " x " + maxW
                    + ". Cut the region into windows.");
        }
        return scope.of(PositionTables.spatial2d(height, width, embedDim), (long) height * width, embedDim);
    }
}
