// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.wrappers.embed.SpatialSpec.BoundingBox;

/**
 * The square that is fetched for a region, as the model takes squares: the box enlarged around its centre, in spherical
 * Mercator (EPSG:3857), so that real pixels and not padding fill it.
 *
 * @param region what is fetched
 * @param window where the wanted region lies in it
 */
public record SquareRegion(SpatialSpec region, RoiWindow window) {
    private static final double NEARLY_SQUARE = 1e-4;

    /**
     * The square of a region. A point with a buffer and a box that is nearly a square stay; so does one whose square
     * would reach beyond longitude 180.
     *
     * @param region the wanted region
     * @return the square
     */
    public static SquareRegion of(SpatialSpec region) {
        return region instanceof BoundingBox box ? of(box) : new SquareRegion(region, RoiWindow.FULL);
    }

    private static SquareRegion of(BoundingBox box) {
        double west = Mercator.easting(box.minLon());
        double east = Mercator.easting(box.maxLon());
        double south = Mercator.northing(box.minLat());
        double north = Mercator.northing(box.maxLat());
        double width = east - west;
        double height = north - south;
        double side = Math.max(width, height);
        if (Math.min(width, height) <= 0 || Math.abs(width - height) <= NEARLY_SQUARE * side) {
            return new SquareRegion(box, RoiWindow.FULL);
        }
        double x = (west + east) / 2;
        double y = (south + north) / 2;
        double minLon = Mercator.longitude(x - side / 2);
        double maxLon = Mercator.longitude(x + side / 2);
        double minLat = Mercator.latitude(y - side / 2);
        double maxLat = Mercator.latitude(y + side / 2);
        if (!BoundingBox.isValid(minLon, minLat, maxLon, maxLat)) {
            return new SquareRegion(box, RoiWindow.FULL);
        }
        double top = (1 - height / side) / 2;
        double left = (1 - width / side) / 2;
        return new SquareRegion(new BoundingBox(minLon, minLat, maxLon, maxLat),
                new RoiWindow(rounded(top), rounded(top + height / side), rounded(left), rounded(left + width / side)));
    }

    private static double rounded(double share) {
        return Math.rint(share * 1e6) / 1e6;
    }
}
