// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.scene.SceneQuery.Box;
import java.util.List;
import java.util.Map;

/**
 * Pixels in a reference system, such as those of a composite, or of a scene that others are read onto.
 *
 * @param crs what the coordinates are
 * @param transform where the pixels lie in it
 * @param width columns
 * @param height rows
 */
public record TargetGrid(Crs crs, GeoTransform transform, int width, int height) {
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

    /**
     * A part of the pixels.
     *
     * @param window may reach beyond them
     * @return its pixels
     */
    public TargetGrid part(PixelWindow window) {
        GeoTransform t = transform;
        return new TargetGrid(crs, new GeoTransform(t.x(window.column(), window.row()), t.xColumn(), t.xRow(),
                t.y(window.column(), window.row()), t.yColumn(), t.yRow()), window.columns(), window.rows());
    }

    /**
     * Fewer pixels that cover the same.
     *
     * @param side pixels of the longer side, at most
     * @return the same pixels where they are no more than that
     */
    public TargetGrid shrunk(int side) {
        double factor = Math.max(1, (double) Math.max(width, height) / side);
        int columns = (int) Math.max(1, Math.round(width / factor));
        int rows = (int) Math.max(1, Math.round(height / factor));
        double dx = (double) width / columns;
        double dy = (double) height / rows;
        GeoTransform t = transform;
        return new TargetGrid(crs, new GeoTransform(t.x0(), t.xColumn() * dx, t.xRow() * dy, t.y0(), t.yColumn() * dx,
                t.yRow() * dy), columns, rows);
    }

    /**
     * Declares the grid mapping {@code crs} and the coordinates {@code y} and {@code x}, whose dimensions the file has
     * already.
     *
     * @param file to be written; data may follow once what is returned has been called
     * @return writes them
     * @throws DataException if the pixels are rotated
     */
    public Runnable declare(NetcdfWriter file) {
        requireStraight();
        boolean degrees = crs.isGeographic();
        NetcdfWriter.Variable mapping =
                file.variable("crs", NetcdfType.INT, List.of(), GridMapping.attributes(crs));
        NetcdfWriter.Variable y = coordinate(
                file, "y", degrees ? "degrees_north" : "m", degrees ? "latitude" : "projection_y_coordinate");
        NetcdfWriter.Variable x = coordinate(
                file, "x", degrees ? "degrees_east" : "m", degrees ? "longitude" : "projection_x_coordinate");
        return () -> {
            mapping.write(new int[1]);
            y.write(centres(transform.y0(), transform.yRow(), height));
            x.write(centres(transform.x0(), transform.xColumn(), width));
        };
    }

    private static NetcdfWriter.Variable coordinate(NetcdfWriter file, String name, String units, String standard) {
        return file.variable(name, NetcdfType.DOUBLE, List.of(name),
                Map.of("units", AttributeValue.of(units), "standard_name", AttributeValue.of(standard)));
    }

    /**
     * Checks that rows and columns lie along the axes, as one coordinate for each row and column needs it.
     *
     * @throws DataException if the pixels are rotated
     */
    public void requireStraight() {
        if (transform.xRow() != 0 || transform.yColumn() != 0) {
            throw new DataException("the pixels are rotated: from row to row x changes by " + transform.xRow()
                    + ", from column to column y by " + transform.yColumn() + "; expected rows and columns along the"
                    + " axes. Resample the file with gdalwarp -t_srs " + crs + ".");
        }
    }

    private static double[] centres(double edge, double step, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = edge + (i + 0.5) * step;
        }
        return values;
    }

    /**
     * Whether there may be pixels where another's are.
     *
     * @param other pixels, in any reference system
     * @return false where the box around those, on these rows and columns, lies outside
     */
    public boolean meets(TargetGrid other) {
        double[] box = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
            Double.NEGATIVE_INFINITY};
        for (int i = 0; i <= EDGE_POINTS; i++) {
            double column = (double) other.width * i / EDGE_POINTS;
            double row = (double) other.height * i / EDGE_POINTS;
            for (double[] at : new double[][] {{column, 0}, {column, other.height}, {0, row}, {other.width, row}}) {
                double[] xy = Sampler.moved(
                        other.crs, other.transform.x(at[0], at[1]), other.transform.y(at[0], at[1]), crs);
                include(box, new double[] {transform.column(xy[0], xy[1]), transform.row(xy[0], xy[1])});
            }
        }
        // NaN, far from a zone, tells nothing.
        return !(box[0] > width || box[1] > height || box[2] < 0 || box[3] < 0);
    }

    /**
     * How far rows lie apart.
     *
     * @return metres, near enough
     */
    public double rowMetres() {
        return Math.hypot(transform.xRow(), transform.yRow()) * (crs.isGeographic() ? METRES_PER_DEGREE : 1);
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
