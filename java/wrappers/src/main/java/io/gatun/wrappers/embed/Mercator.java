// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.wrappers.embed.SpatialSpec.BoundingBox;

/** Spherical Mercator (EPSG:3857): degrees to metres on the map and back. */
final class Mercator {
    private static final double RADIUS = 6378137;
    private static final double MAX_LATITUDE = 85.05112878;

    private Mercator() {}

    static double easting(double longitude) {
        return Math.toRadians(longitude) * RADIUS;
    }

    static double northing(double latitude) {
        double radians = Math.toRadians(Math.clamp(latitude, -MAX_LATITUDE, MAX_LATITUDE));
        return RADIUS * Math.log(Math.tan(Math.PI / 4 + radians / 2));
    }

    static double longitude(double easting) {
        return Math.toDegrees(easting / RADIUS);
    }

    static double latitude(double northing) {
        double degrees = Math.toDegrees(2 * Math.atan(Math.exp(northing / RADIUS)) - Math.PI / 2);
        return Math.clamp(degrees, -MAX_LATITUDE, MAX_LATITUDE);
    }

    static BoundingBox around(double lon, double lat, double metres) {
        double x = easting(lon);
        double y = northing(lat);
        return new BoundingBox(
                longitude(x - metres), latitude(y - metres), longitude(x + metres), latitude(y + metres));
    }
}
