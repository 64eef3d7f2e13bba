// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ShapeException;

/**
 * Extents of a space-time patch.
 *
 * @param time days
 * @param height rows
 * @param width columns
 */
public record PatchSize(int time, int height, int width) {
    /**
     * Checks the extents.
     *
     * @throws ShapeException if one is below 1
     */
    public PatchSize {
        if (time < 1 || height < 1 || width < 1) {
            throw new ShapeException("patch_size is (" + time + ", " + height + ", " + width
                    + "); expected at least 1 on each axis");
        }
    }
}
