// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.data.scene.SceneQuery.Box;

/** The box in degrees around a grid. */
final class Extent {
    private static final int EDGE_POINTS = 32;

    private Extent() {}

    static Box of(BandGrid grid) {
        double west = 180;
        double south = 90;
        double east = -180;
        double north = -90;
        for (int i = 0; i <= EDGE_POINTS; i++) {
            double column = (double) grid.width() * i / EDGE_POINTS;
            double row = (double) grid.height() * i / EDGE_POINTS;
            double[][] places = {{column, 0}, {column, grid.height()}, {0, row}, {grid.width(), row}};
            for (double[] place : places) {
                double[] degrees = grid.crs().toDegrees(
                        grid.transform().x(place[0], place[1]), grid.transform().y(place[0], place[1]));
                west = Math.min(west, degrees[0]);
                south = Math.min(south, degrees[1]);
                east = Math.max(east, degrees[0]);
                north = Math.max(north, degrees[1]);
            }
        }
        // Global grids of pixel centres reach half a pixel beyond.
        return new Box(Math.max(west, -180), Math.max(south, -90), Math.min(east, 180), Math.min(north, 90));
    }
}
