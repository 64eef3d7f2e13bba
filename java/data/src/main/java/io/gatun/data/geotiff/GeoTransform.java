// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import io.gatun.core.ArgumentException;

/**
 * From pixels to coordinates: {@code x = x0 + column * xColumn + row * xRow}, likewise y. Pixel (0, 0) covers columns
 * and rows 0 to 1; its centre is at (0.5, 0.5).
 *
 * @param x0 x of the outer corner of the first pixel
 * @param xColumn from column to column
 * @param xRow from row to row, 0 in images that are not rotated
 * @param y0 y of the outer corner of the first pixel
 * @param yColumn from column to column, 0 in images that are not rotated
 * @param yRow from row to row, negative where north is up
 */
public record GeoTransform(double x0, double xColumn, double xRow, double y0, double yColumn, double yRow) {
    /**
     * Checks it.
     *
     * @throws ArgumentException if a number is not finite, or pixels would have no area
     */
    public GeoTransform {
        double area = xColumn * yRow - xRow * yColumn;
        if (!Double.isFinite(x0) || !Double.isFinite(y0) || !Double.isFinite(area) || area == 0) {
            throw new ArgumentException("a transform of x " + x0 + " " + xColumn + " " + xRow + " and y " + y0 + " "
                    + yColumn + " " + yRow + " makes no pixels; expected finite numbers and pixels with an area");
        }
    }

    /**
     * An image with north up.
     *
     * @param west outer edge of the first column
     * @param north outer edge of the first row
     * @param width of a pixel
     * @param height of a pixel
     * @return the transform
     */
    public static GeoTransform northUp(double west, double north, double width, double height) {
        return new GeoTransform(west, width, 0, north, 0, -height);
    }

    /**
     * Coordinate of a place in the image.
     *
     * @param column counted from the outer edge, fractions allowed
     * @param row likewise
     * @return x
     */
    public double x(double column, double row) {
        return x0 + column * xColumn + row * xRow;
    }

    /**
     * Coordinate of a place in the image.
     *
     * @param column counted from the outer edge, fractions allowed
     * @param row likewise
     * @return y
     */
    public double y(double column, double row) {
        return y0 + column * yColumn + row * yRow;
    }

    /**
     * Place of a coordinate in the image.
     *
     * @param x the coordinate
     * @param y the coordinate
     * @return column, counted from the outer edge
     */
    public double column(double x, double y) {
        return ((x - x0) * yRow - (y - y0) * xRow) / (xColumn * yRow - xRow * yColumn);
    }

    /**
     * Place of a coordinate in the image.
     *
     * @param x the coordinate
     * @param y the coordinate
     * @return row, counted from the outer edge
     */
    public double row(double x, double y) {
        return ((y - y0) * xColumn - (x - x0) * yColumn) / (xColumn * yRow - xRow * yColumn);
    }
}
