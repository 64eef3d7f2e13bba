// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import io.gatun.core.ArgumentException;

/**
 * A part of an image.
 *
 * @param row first row
 * @param column first column
 * @param rows how many, 1 or more
 * @param columns how many, 1 or more
 */
public record PixelWindow(int row, int column, int rows, int columns) {
    /**
     * Checks it.
     *
     * @throws ArgumentException if it begins before the image or is empty
     */
    public PixelWindow {
        if (row < 0 || column < 0 || rows < 1 || columns < 1) {
            throw new ArgumentException("a window of " + rows + " x " + columns + " pixels from (" + row + ", " + column
                    + ") on; expected a first pixel of 0 or more, and 1 or more rows and columns");
        }
    }
}
