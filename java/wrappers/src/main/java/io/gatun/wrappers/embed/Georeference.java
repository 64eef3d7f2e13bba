// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.List;

/**
 * Where the pixels of an image lie: x = originX + column stepX, y = originY + row stepY, for the outer corners.
 *
 * @param crs coordinate reference system, such as EPSG:32651
 * @param originX outer corner of the first pixel
 * @param originY outer corner of the first pixel
 * @param stepX width of a pixel
 * @param stepY height of a pixel; negative where row 0 is the north
 */
public record Georeference(String crs, double originX, double originY, double stepX, double stepY) {
    /** The same image in other pixels, so many of the present ones high and wide. */
    Georeference withPixels(double rows, double columns) {
        return new Georeference(crs, originX, originY, stepX * columns, stepY * rows);
    }

    /** The image from a pixel on. */
    Georeference from(int row, int column) {
        return new Georeference(crs, originX + column * stepX, originY + row * stepY, stepX, stepY);
    }

    /** GDAL's and rasterio's order of an affine transformation without rotation. */
    List<Double> transform() {
        return List.of(stepX, 0.0, originX, 0.0, stepY, originY);
    }
}
