// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.scene.SceneQuery.Box;

/** The pixels of a composite: north up, in a reference system, on the lattice of a scene's pixels. */
record TargetGrid(Crs crs, GeoTransform transform, int width, int height) {
    private static final double METRES_PER_DEGREE = Math.toRadians(6_378_137);
    private static final int EDGE_POINTS = 32;
    private static final int MAX_SIDE = 1 << 15;

    /** What covers a region with pixels of so many metres, in the reference system of a scene. */
    static TargetGrid of(Box region, double scaleMetres, BandGrid scene) {
        Crs crs = scene.crs();
        double[] box = envelope(region, crs);
        double lat = Math.toRadians((region.south() + region.north()) / 2);
        double stepY = crs.isGeographic() ? scaleMetres / METRES_PER_DEGREE : scaleMetres;
        double stepX = crs.isGeographic() ? stepY / Math.cos(lat) : scaleMetres;
        int width = side(box[2] - box[0], stepX, region);
        int height = side(box[3] - box[1], stepY, region);
        // On the scene's own lattice, pixels of the same size keep their values.
        double west = snap(box[0], scene.transform().x0(), stepX);
        double north = snap(box[3], scene.transform().y0(), stepY);
        return new TargetGrid(crs, GeoTransform.northUp(west, north, stepX, stepY), width, height);
    }

    /** Smallest x, smallest y, largest x, largest y of a region; NaN where it is far from a zone. */
    static double[] envelope(Box region, Crs crs) {
        double[] box = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
            Double.NEGATIVE_INFINITY};
        for (int i = 0; i <= EDGE_POINTS; i++) {
            double share = (double) i / EDGE_POINTS;
            double lon = region.west() + share * (region.east() - region.west());
            double lat = region.south() + share * (region.north() - region.south());
            include(box, crs.fromDegrees(lon, region.south()));
            include(box, crs.fromDegrees(lon, region.north()));
            include(box, crs.fromDegrees(region.west(), lat));
            include(box, crs.fromDegrees(region.east(), lat));
        }
        return box;
    }

    private static void include(double[] box, double[] point) {
        box[0] = Math.min(box[0], point[0]);
        box[1] = Math.min(box[1], point[1]);
        box[2] = Math.max(box[2], point[0]);
        box[3] = Math.max(box[3], point[1]);
    }

    private static int side(double extent, double step, Box region) {
        double pixels = Math.rint(extent / step);
        if (!(pixels <= MAX_SIDE)) {
            throw new ArgumentException("the region " + region + " has " + pixels + " pixels of the wanted scale on a"
                    + " side, expected at most " + MAX_SIDE + ". Choose a smaller region or larger pixels.");
        }
        return (int) Math.max(1, pixels);
    }

    private static double snap(double value, double origin, double step) {
        return origin + Math.rint((value - origin) / step) * step;
    }
}
