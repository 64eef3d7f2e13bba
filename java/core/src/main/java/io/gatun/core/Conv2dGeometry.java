// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * How the kernel of a two-dimensional convolution moves.
 *
 * @param strideH step in rows, at least 1
 * @param strideW step in columns, at least 1
 * @param paddingH rows of zeros above and below, at least 0
 * @param paddingW columns of zeros left and right, at least 0
 * @param dilationH rows from one kernel cell to the next, at least 1
 * @param dilationW columns from one kernel cell to the next, at least 1
 */
public record Conv2dGeometry(
        long strideH, long strideW, long paddingH, long paddingW, long dilationH, long dilationW) {
    /** Checks the numbers; throws {@link ArgumentException}. */
    public Conv2dGeometry {
        if (Math.min(strideH, strideW) < 1 || Math.min(paddingH, paddingW) < 0 || Math.min(dilationH, dilationW) < 1) {
            throw new ArgumentException("conv2d: stride " + strideH + " x " + strideW + ", padding " + paddingH + " x "
                    + paddingW + ", dilation " + dilationH + " x " + dilationW
                    + "; strides and dilations are at least 1, paddings at least 0");
        }
    }

    /**
     * Stride 1, no dilation.
     *
     * @param padding rows and columns of zeros on each side
     * @return the geometry
     */
    public static Conv2dGeometry padded(long padding) {
        return new Conv2dGeometry(1, 1, padding, padding, 1, 1);
    }
}
