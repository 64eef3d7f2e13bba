// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;

/** Where: a region of the earth in degrees of longitude and latitude (EPSG:4326). */
public sealed interface SpatialSpec {
    /**
     * A box.
     *
     * @param minLon western edge, degrees from -180 to 180
     * @param minLat southern edge, degrees from -90 to 90
     * @param maxLon eastern edge, above the western
     * @param maxLat northern edge, above the southern
     */
    record BoundingBox(double minLon, double minLat, double maxLon, double maxLat) implements SpatialSpec {
        /**
         * Checks the edges.
         *
         * @throws ArgumentException if one is out of range, or they are not in order
         */
        public BoundingBox {
            if (!isValid(minLon, minLat, maxLon, maxLat)) {
                throw new ArgumentException("a bounding box from longitude " + minLon + " to " + maxLon
                        + " and latitude " + minLat + " to " + maxLat + "; expected west before east within -180 to 180"
                        + " and south before north within -90 to 90");
            }
        }

        @Override
        public BoundingBox bounds() {
            return this;
        }

        static boolean isValid(double minLon, double minLat, double maxLon, double maxLat) {
            return minLon >= -180 && minLon < maxLon && maxLon <= 180 && minLat >= -90 && minLat < maxLat
                    && maxLat <= 90;
        }
    }

    /**
     * A square around a point. Its side is measured on the map, as upstream does it: in metres of spherical Mercator
     * (EPSG:3857), which at latitude phi are cos(phi) metres on the ground.
     *
     * @param lon longitude of its centre, degrees from -180 to 180
     * @param lat latitude of its centre, degrees from -90 to 90
     * @param bufferM half its side, metres
     */
    record PointBuffer(double lon, double lat, double bufferM) implements SpatialSpec {
        /**
         * Checks the centre and the side.
         *
         * @throws ArgumentException if one is out of range
         */
        public PointBuffer {
            if (!(lon >= -180 && lon <= 180 && lat >= -90 && lat <= 90)) {
                throw new ArgumentException("a point at longitude " + lon + " and latitude " + lat
                        + "; expected -180 to 180 and -90 to 90 degrees");
            }
            if (!(bufferM > 0 && bufferM < 1e7)) {
                throw new ArgumentException("a buffer of " + bufferM + " m; expected a positive number of metres");
            }
        }

        @Override
        public BoundingBox bounds() {
            return Mercator.around(lon, lat, bufferM);
        }
    }

    /**
     * The edges of the region.
     *
     * @return the smallest box around it
     * @throws ArgumentException if a point's square reaches beyond longitude 180
     */
    BoundingBox bounds();

    /**
     * A square around a point.
     *
     * @param lon longitude of its centre, degrees
     * @param lat latitude of its centre, degrees
     * @param bufferM half its side, metres
     * @return the region
     * @throws ArgumentException if one is out of range
     */
    static PointBuffer pointBuffer(double lon, double lat, double bufferM) {
        return new PointBuffer(lon, lat, bufferM);
    }

    /**
     * A box.
     *
     * @param minLon western edge, degrees
     * @param minLat southern edge, degrees
     * @param maxLon eastern edge, degrees
     * @param maxLat northern edge, degrees
     * @return the region
     * @throws ArgumentException if one is out of range, or they are not in order
     */
    static BoundingBox boundingBox(double minLon, double minLat, double maxLon, double maxLat) {
        return new BoundingBox(minLon, minLat, maxLon, maxLat);
    }
}
