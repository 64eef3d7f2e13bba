// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import java.util.Arrays;

/**
 * Pixels on the host.
 *
 * @param shape [C, H, W], or [B, C, H, W] for several images
 * @param values row-major, not copied
 */
public record Raster(Shape shape, float[] values) {
    /**
     * Checks the shape.
     *
     * @throws ShapeException if it has neither three nor four axes, an extent is 0, or the values are not as many
     */
    public Raster {
        boolean axes = shape.rank() == 3 || shape.rank() == 4;
        if (!axes || shape.numElements() < 1 || shape.numElements() != values.length) {
            throw new ShapeException("a raster of shape " + shape + " with " + values.length + " values; expected"
                    + " [C, H, W] or [B, C, H, W] with as many values, at least one");
        }
    }

    /**
     * One image.
     *
     * @param values row-major [C, H, W]
     * @param bands C
     * @param height H
     * @param width W
     * @return the raster
     */
    public static Raster of(float[] values, int bands, int height, int width) {
        return new Raster(Shape.of(bands, height, width), values);
    }

    /**
     * Whether this is [B, C, H, W].
     *
     * @return false for one image
     */
    public boolean isBatch() {
        return shape.rank() == 4;
    }

    /**
     * Number of images.
     *
     * @return B, or 1
     */
    public int images() {
        return isBatch() ? (int) shape.dim(0) : 1;
    }

    /**
     * Number of bands.
     *
     * @return C
     */
    public int bands() {
        return (int) shape.dim(-3);
    }

    /**
     * Rows.
     *
     * @return H
     */
    public int height() {
        return (int) shape.dim(-2);
    }

    /**
     * Columns.
     *
     * @return W
     */
    public int width() {
        return (int) shape.dim(-1);
    }

    /**
     * One of the images.
     *
     * @param index from 0
     * @return [C, H, W]
     */
    public Raster image(int index) {
        int size = values.length / images();
        return isBatch() ? of(Arrays.copyOfRange(values, index * size, (index + 1) * size), bands(), height(), width())
                : this;
    }
}
