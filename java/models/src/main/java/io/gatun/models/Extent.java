// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.ArgumentException;
import io.gatun.models.layers.TokenGrid;
import java.util.List;

/**
 * Rows and columns of an image or a patch, in pixels.
 *
 * @param height rows
 * @param width columns
 */
public record Extent(int height, int width) {
    /**
     * A square.
     *
     * @param side rows and columns
     * @return the extent
     */
    public static Extent of(int side) {
        return new Extent(side, side);
    }

    /**
     * Reads an argument of one number, or of rows and columns.
     *
     * @param owner whose argument, for messages
     * @param arguments where it is
     * @param key its name
     * @param otherwise what it is if absent
     * @return the extent
     * @throws ArgumentException if there are other numbers
     */
    public static Extent of(String owner, Arguments arguments, String key, Extent otherwise) {
        List<Integer> given = arguments.integers(key).orElse(List.of(otherwise.height, otherwise.width));
        if (given.isEmpty() || given.size() > 2) {
            throw new ArgumentException(owner + ": " + key + " is " + given
                    + ", expected one number, or rows and columns");
        }
        return new Extent(given.getFirst(), given.getLast());
    }

    /**
     * The shorter side.
     *
     * @return rows or columns
     */
    public int least() {
        return Math.min(height, width);
    }

    /**
     * Whole patches.
     *
     * @param patch one of them
     * @return their rows and columns; what is left over does not count
     */
    public TokenGrid grid(Extent patch) {
        return new TokenGrid(1, height / patch.height, width / patch.width);
    }

    /**
     * For messages.
     *
     * @return one number for a square
     */
    @Override
    public String toString() {
        return height == width ? Integer.toString(height) : height + " x " + width;
    }
}
