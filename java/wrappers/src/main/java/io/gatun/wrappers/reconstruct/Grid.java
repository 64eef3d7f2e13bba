// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import java.util.Arrays;

/**
 * A rectangular longitude-latitude grid; rows are latitudes.
 *
 * @param lat degrees north, in the order of the file
 * @param lon degrees east, in the order of the file
 */
public record Grid(double[] lat, double[] lon) {
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
        return new Grid(coordinate(file, variable, variable.dimensions().get(rank - 2), "north"),
                coordinate(file, variable, variable.dimensions().get(rank - 1), "east"));
    }

    private static double[] coordinate(NetcdfFile file, GridVariable variable, String dimension, String direction) {
        if (!file.hasVariable(dimension)) {
            throw new DataException(variable + " lies along dimension \"" + dimension + "\", for which the file has no"
                    + " coordinate variable. Expected one of that name in degrees_" + direction + ".");
        }
        return file.variable(dimension).readDoubles();
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
