// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

/**
 * What comes out.
 *
 * @param mode a vector or a grid
 * @param pooling how the cells of a region that is no square become a vector; a square's vector is the model's own
 */
public record OutputSpec(Mode mode, Pooling pooling) {
    /** A vector or a grid. */
    public enum Mode {
        /** One vector [D] for the region: the model's class token. */
        POOLED,
        /** The map of the last block [D, H, W], in the layout of the model's patches. */
        GRID
    }

    /** How cells become one. */
    public enum Pooling {
        /** Their mean. */
        MEAN,
        /** The largest. */
        MAX
    }

    /**
     * A vector; the mean of the cells where the region is no square.
     *
     * @return the output
     */
    public static OutputSpec pooled() {
        return pooled(Pooling.MEAN);
    }

    /**
     * A vector.
     *
     * @param pooling of the cells where the region is no square
     * @return the output
     */
    public static OutputSpec pooled(Pooling pooling) {
        return new OutputSpec(Mode.POOLED, pooling);
    }

    /**
     * A grid.
     *
     * @return the output
     */
    public static OutputSpec grid() {
        return new OutputSpec(Mode.GRID, Pooling.MEAN);
    }
}
