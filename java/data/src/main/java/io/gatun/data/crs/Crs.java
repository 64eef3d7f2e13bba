// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.crs;

import io.gatun.core.DataException;

/**
 * A reference system: geographic WGS 84, or one of its UTM zones.
 *
 * @param epsg its code: 4326, 32601 to 32660 (north) or 32701 to 32760 (south)
 */
public record Crs(int epsg) {
    /** Longitude and latitude in degrees. */
    public static final Crs GEOGRAPHIC = new Crs(4326);
    /** Scale of all UTM zones at their central meridians. */
    public static final double UTM_SCALE = 0.9996;
    /** Metres that all UTM zones add to eastings. */
    public static final double UTM_EASTING = 500_000;
    private static final double SOUTHERN_NORTHING = 10_000_000;

    /**
     * Checks it.
     *
     * @throws DataException if it is another reference system
     */
    public Crs {
        int zone = epsg % 100;
        boolean utm = (epsg / 100 == 326 || epsg / 100 == 327) && zone >= 1 && zone <= 60;
        if (epsg != 4326 && !utm) {
            throw new DataException("the reference system EPSG:" + epsg + " is not supported, expected EPSG:4326"
                    + " (WGS 84) or a UTM zone, EPSG:32601-32660 or EPSG:32701-32760. Reproject it, for example with"
                    + " gdalwarp -t_srs.");
        }
    }

    /**
     * Whether coordinates are degrees.
     *
     * @return false for metres
     */
    public boolean isGeographic() {
        return epsg == 4326;
    }

    /**
     * Converts from degrees.
     *
     * @param lon degrees east
     * @param lat degrees north
     * @return x and y; NaN more than 60 degrees from a zone's central meridian
     */
    public double[] fromDegrees(double lon, double lat) {
        if (isGeographic()) {
            return new double[] {lon, lat};
        }
        double[] result = TransverseMercator.forward(Math.IEEEremainder(lon - centralMeridian(), 360), lat);
        result[1] += falseNorthing();
        return result;
    }

    /**
     * Converts to degrees.
     *
     * @param x easting, or degrees east
     * @param y northing, or degrees north
     * @return degrees east, -180 to 180 from metres, and degrees north
     */
    public double[] toDegrees(double x, double y) {
        if (isGeographic()) {
            return new double[] {x, y};
        }
        double[] result = TransverseMercator.inverse(x, y - falseNorthing());
        result[0] = Math.IEEEremainder(result[0] + centralMeridian(), 360);
        return result;
    }

    /**
     * The meridian in the middle of a UTM zone.
     *
     * @return degrees east
     */
    public double centralMeridian() {
        return epsg % 100 * 6 - 183;
    }

    /**
     * What a UTM zone adds to northings.
     *
     * @return metres, 0 in the north
     */
    public double falseNorthing() {
        return epsg / 100 == 327 ? SOUTHERN_NORTHING : 0;
    }

    @Override
    public String toString() {
        return "EPSG:" + epsg;
    }
}
