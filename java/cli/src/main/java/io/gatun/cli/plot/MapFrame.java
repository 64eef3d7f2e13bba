// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import java.util.List;

/**
 * The grid of a map and how its cells fall on pixels: north up, west left, longitudes shrunk by the cosine of the mean
 * latitude as far as the map stays readable.
 */
final class MapFrame {
    private static final double NARROWEST = 0.45;
    private static final double WIDEST = 1.8;
    private static final int MAX_TICKS = 5;
    private static final int SMALLEST_OUTLINED_CELL = 5;

    private final double[] latEdges;
    private final double[] lonEdges;
    private final int width;
    private final int height;

    /** The longer of the two sides is at most {@code side} pixels. */
    MapFrame(double[] lat, double[] lon, int side) {
        latEdges = edges(lat);
        lonEdges = edges(unwrapped(lon));
        double rows = Math.abs(latEdges[lat.length] - latEdges[0]);
        double columns = Math.abs(lonEdges[lon.length] - lonEdges[0]);
        double middle = Math.toRadians((latEdges[0] + latEdges[lat.length]) / 2);
        double aspect = Math.clamp(columns * Math.cos(middle) / rows, NARROWEST, WIDEST);
        width = (int) Math.round(aspect < 1 ? side * aspect : side);
        height = (int) Math.round(aspect < 1 ? side : side / aspect);
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    int rows() {
        return latEdges.length - 1;
    }

    int columns() {
        return lonEdges.length - 1;
    }

    /** Whether a cell is so large that an outline does not hide it. */
    boolean hasRoomForOutlines() {
        return (double) width / columns() >= SMALLEST_OUTLINED_CELL;
    }

    /** Pixel of a longitude, from the left. */
    double x(double lon) {
        double low = Math.min(lonEdges[0], lonEdges[lonEdges.length - 1]);
        double high = Math.max(lonEdges[0], lonEdges[lonEdges.length - 1]);
        return (lon - low) / (high - low) * width;
    }

    /** Pixel of a latitude, from the top. */
    double y(double lat) {
        double low = Math.min(latEdges[0], latEdges[latEdges.length - 1]);
        double high = Math.max(latEdges[0], latEdges[latEdges.length - 1]);
        return (high - lat) / (high - low) * height;
    }

    /** Pixel of the border before a column of cells. */
    double columnEdge(int column) {
        return x(lonEdges[column]);
    }

    /** Pixel of the border before a row of cells. */
    double rowEdge(int row) {
        return y(latEdges[row]);
    }

    /** The column of cells that each pixel column shows. */
    int[] columnOfPixels() {
        return cellOfPixels(width, columns(), this::columnEdge);
    }

    /** The row of cells that each pixel row shows. */
    int[] rowOfPixels() {
        return cellOfPixels(height, rows(), this::rowEdge);
    }

    List<Double> latTicks() {
        return Ticks.ofDegrees(
                Math.min(latEdges[0], latEdges[rows()]), Math.max(latEdges[0], latEdges[rows()]), MAX_TICKS);
    }

    List<Double> lonTicks() {
        return Ticks.ofDegrees(
                Math.min(lonEdges[0], lonEdges[columns()]), Math.max(lonEdges[0], lonEdges[columns()]), MAX_TICKS);
    }

    private interface Edge {
        double at(int cell);
    }

    private static int[] cellOfPixels(int pixels, int cells, Edge edge) {
        int[] cellOf = new int[pixels];
        for (int cell = 0; cell < cells; cell++) {
            double from = Math.min(edge.at(cell), edge.at(cell + 1));
            double to = Math.max(edge.at(cell), edge.at(cell + 1));
            for (int p = Math.max(0, (int) Math.ceil(from - 0.5)); p < pixels && p + 0.5 < to; p++) {
                cellOf[p] = cell;
            }
        }
        return cellOf;
    }

    /** Borders half-way between the centres; the outer cells are as large as their neighbours say. */
    private static double[] edges(double[] centres) {
        int n = centres.length;
        double[] edges = new double[n + 1];
        for (int i = 1; i < n; i++) {
            edges[i] = (centres[i - 1] + centres[i]) / 2;
        }
        edges[0] = n > 1 ? 2 * centres[0] - edges[1] : centres[0] - 0.5;
        edges[n] = n > 1 ? 2 * centres[n - 1] - edges[n - 1] : centres[0] + 0.5;
        return edges;
    }

    /** Longitudes that run on across the date line or Greenwich. */
    private static double[] unwrapped(double[] lon) {
        double[] result = lon.clone();
        for (int i = 1; i < lon.length; i++) {
            while (result[i] - result[i - 1] < -180) {
                result[i] += 360;
            }
        }
        return result;
    }
}
