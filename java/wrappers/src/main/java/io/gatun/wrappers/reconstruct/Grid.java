// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import java.util.Arrays;
import java.util.Optional;

/**
 * A rectangular longitude-latitude grid; rows are latitudes.
 *
 * @param lat degrees north, in the order of the file
 * @param lon degrees east, in the order of the file
 */
public record Grid(double[] lat, double[] lon) {
    /** Part of a step by which steps may differ: Gaussian grids and coordinates rounded to few digits stay below. */
    private static final double UNEVEN = 0.05;

    /** Copies the coordinates. */
    public Grid {
        lat = lat.clone();
        lon = lon.clone();
    }

    /**
     * Latitudes of the rows.
     *
     * @return degrees north, a copy
     */
    @Override
    public double[] lat() {
        return lat.clone();
    }

    /**
     * Longitudes of the columns.
     *
     * @return degrees east, a copy
     */
    @Override
    public double[] lon() {
        return lon.clone();
    }

    /**
     * Number of rows.
     *
     * @return at least 1
     */
    public int height() {
        return lat.length;
    }

    /**
     * Number of columns.
     *
     * @return at least 1
     */
    public int width() {
        return lon.length;
    }

    /**
     * Number of cells.
     *
     * @return rows times columns
     */
    public int cells() {
        return Math.multiplyExact(lat.length, lon.length);
    }

    /** The grid of a variable's last two dimensions, from the coordinate variables of their names. */
    static Grid of(NetcdfFile file, GridVariable variable) {
        int rank = variable.dimensions().size();
        double[] lat = coordinate(file, variable, variable.dimensions().get(rank - 2), "north");
        double[] lon = coordinate(file, variable, variable.dimensions().get(rank - 1), "east");
        Grid grid = new Grid(lat, lon);
        for (int i = 0; i < lat.length; i++) {
            if (!(Math.abs(lat[i]) <= 90) || i > 0 && !((lat[i] - lat[i - 1]) * (lat[1] - lat[0]) > 0)) {
                throw new DataException(variable + ": latitude " + i + " is " + lat[i] + (i > 0 ? ", after "
                        + lat[i - 1] : "") + "; expected -90 to 90 degrees_north, steadily rising or falling. Repair"
                        + " the coordinate, or regrid (cdo remapbil).");
            }
        }
        for (int i = 0; i < lon.length; i++) {
            double step = i == 0 ? 0 : Math.IEEEremainder(lon[i] - lon[i - 1], 360);
            if (!(Math.abs(lon[i]) <= 540) || i > 0
                    && !(step * grid.lonStep() > 0 && Math.abs(step / grid.lonStep() - 1) < UNEVEN)) {
                throw new DataException(variable + ": longitude " + i + " is " + lon[i] + (i > 0 ? ", after "
                        + lon[i - 1] : "") + "; expected -180 to 360 degrees_east in steps of one size, "
                        + grid.lonStep() + " here. Repair the coordinate, or regrid (cdo remapbil).");
            }
        }
        return grid;
    }

    /** A sentence where rows lie unevenly, as in a Mercator grid, or none. */
    Optional<String> unevenRows() {
        double least = Double.POSITIVE_INFINITY;
        double most = 0;
        for (int i = 1; i < lat.length; i++) {
            least = Math.min(least, Math.abs(lat[i] - lat[i - 1]));
            most = Math.max(most, Math.abs(lat[i] - lat[i - 1]));
        }
        return most > (1 + UNEVEN) * least ? Optional.of("rows of the grid are " + (float) least + " to " + (float) most
                + " degrees apart; the model counts in cells and takes them for even") : Optional.empty();
    }

    private static double[] coordinate(NetcdfFile file, GridVariable variable, String dimension, String direction) {
        if (!file.hasVariable(dimension)) {
            throw new DataException(variable + " lies along dimension \"" + dimension + "\", for which the file has no"
                    + " coordinate variable. Expected one of that name in degrees_" + direction + ".");
        }
        GridVariable coordinate = file.variable(dimension);
        String units = coordinate.text("units").orElse("degrees_" + direction);
        String kind = coordinate.text("standard_name").orElse("");
        String wanted = direction.equals("north") ? "latitude" : "longitude";
        // Spellings of CF: degrees_north, degree_N, degreesN; plain degrees are common too.
        if (!units.strip().matches("(?i)degrees?(_?" + direction + "|_?" + direction.charAt(0) + ")?")
                || !kind.isEmpty() && !kind.equals(wanted)) {
            throw new DataException(coordinate + ", along which the data lie, is in " + units
                    + (kind.isEmpty() ? "" : " and called " + kind) + "; expected " + wanted + " in degrees_"
                    + direction + ". The axes must be (time, latitude, longitude): permute (ncpdq) or regrid (cdo"
                    + " remapbil) first.");
        }
        if (coordinate.shape().rank() != 1) {
            throw new DataException(coordinate + " has the shape " + coordinate.shape() + "; expected one " + wanted
                    + " per " + (direction.equals("north") ? "row" : "column") + ". Curvilinear grids must be regridded"
                    + " first (cdo remapbil).");
        }
        return coordinate.readDoubles();
    }

    /** Whether rows run from north to south. */
    boolean latDescends() {
        return lat.length > 1 && lat[0] > lat[lat.length - 1];
    }

    /** Whether columns run from east to west. */
    boolean lonDescends() {
        return lonStep() < 0;
    }

    /** Degrees from the first column to the second, the short way, whether or not 180 or 360 lies between them. */
    private double lonStep() {
        return lon.length < 2 ? 0 : Math.IEEEremainder(lon[1] - lon[0], 360);
    }

    /** Degrees east of the last column, counted on from the first without a break. */
    double lastLongitude() {
        return lon[0] + lonStep() * (lon.length - 1);
    }

    /** Whether the columns go once around the globe, so that the first is the last one's neighbour. */
    boolean wraps() {
        double step = Math.abs(lonStep());
        return lon.length > 1 && Math.abs(step * lon.length - 360) < 0.5 * step;
    }

    /** The column that comes first when longitudes count from 180 degrees west. */
    int westernmostColumn() {
        int result = 0;
        for (int column = 1; column < lon.length; column++) {
            result = fromDateLine(lon[column]) < fromDateLine(lon[result]) ? column : result;
        }
        return result;
    }

    private static double fromDateLine(double longitude) {
        double east = (longitude + 180) % 360;
        return east < 0 ? east + 360 : east;
    }

    /** Whether the coordinates agree to a thousandth of a cell. */
    boolean matches(Grid other) {
        return close(lat, other.lat) && close(lon, other.lon);
    }

    /** For each row of another grid, the row of this one; empty where one is not here. */
    Optional<int[]> rowsOf(Grid other) {
        return places(lat, other.lat, Double.POSITIVE_INFINITY);
    }

    /** For each column of another grid, the column of this one, whether longitudes count from 0 or from -180. */
    Optional<int[]> columnsOf(Grid other) {
        return places(lon, other.lon, 360);
    }

    private static Optional<int[]> places(double[] own, double[] wanted, double period) {
        double step = wanted.length > 1 ? wanted[1] - wanted[0] : own.length > 1 ? own[1] - own[0] : 1;
        double tolerance = 1e-2 * Math.abs(Double.isInfinite(period) ? step : Math.IEEEremainder(step, period));
        int[] result = new int[wanted.length];
        for (int i = 0; i < wanted.length; i++) {
            int at = 0;
            while (at < own.length && !(distance(own[at], wanted[i], period) <= tolerance)) {
                at++;
            }
            if (at == own.length) {
                return Optional.empty();
            }
            result[i] = at;
        }
        return Optional.of(result);
    }

    private static double distance(double a, double b, double period) {
        return Math.abs(Double.isInfinite(period) ? a - b : Math.IEEEremainder(a - b, period));
    }

    private static boolean close(double[] a, double[] b) {
        double cell = a.length < 2 ? 1 : Math.abs(a[1] - a[0]);
        boolean same = a.length == b.length;
        for (int i = 0; same && i < a.length; i++) {
            same = Math.abs(a[i] - b[i]) <= 1e-3 * cell;
        }
        return same;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Grid grid && Arrays.equals(lat, grid.lat) && Arrays.equals(lon, grid.lon);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(lat) + Arrays.hashCode(lon);
    }

    /** For messages: extents and ranges. */
    @Override
    public String toString() {
        return height() + " x " + width() + " cells, latitude " + lat[0] + " to " + lat[lat.length - 1] + ", longitude "
                + lon[0] + " to " + lon[lon.length - 1];
    }
}
