// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which cells are land, from a variable: 1 on land, 0 on sea. A mask with coordinates is laid on the grid by them, so
 * its rows and columns may run the other way, count longitudes otherwise, or go beyond the grid.
 */
final class LandMask {
    private static final String NAME = "land_mask";

    private LandMask() {}

    /** From a file that is named, else from the first input that has the variable; empty where none has. */
    static Optional<boolean[]> read(List<NetcdfFile> inputs, Optional<Path> named, Grid grid) {
        if (named.isPresent()) {
            try (NetcdfFile file = NetcdfFile.open(named.get())) {
                return Optional.of(values(file, variable(file, grid), grid));
            }
        }
        return inputs.stream().filter(file -> file.hasVariable(NAME)).findFirst()
                .map(file -> values(file, file.variable(NAME), grid));
    }

    private static GridVariable variable(NetcdfFile file, Grid grid) {
        if (file.hasVariable(NAME)) {
            return file.variable(NAME);
        }
        List<GridVariable> maps = file.variables().stream().filter(v -> v.dimensions().size() == 2
                && (v.shape().numElements() == grid.cells() || hasCoordinates(file, v))).toList();
        if (maps.size() != 1) {
            throw new DataException(file.path() + " has no variable \"" + NAME + "\" and " + maps.size()
                    + " other maps of " + grid.height() + " x " + grid.width() + " cells; expected one mask,"
                    + " 1 on land. " + (maps.isEmpty() ? "Name another file." : "Give one of "
                    + maps.stream().map(GridVariable::name).toList() + " that name (ncrename -v)."));
        }
        return maps.get(0);
    }

    private static boolean hasCoordinates(NetcdfFile file, GridVariable variable) {
        int rank = variable.dimensions().size();
        return rank >= 2 && variable.dimensions().subList(rank - 2, rank).stream().allMatch(file::hasVariable);
    }

    private static boolean[] values(NetcdfFile file, GridVariable variable, Grid grid) {
        int rank = variable.dimensions().size();
        Optional<Grid> own = hasCoordinates(file, variable) ? Optional.of(Grid.of(file, variable)) : Optional.empty();
        int rows = rank < 2 ? 0 : Math.toIntExact(variable.shape().dim(rank - 2));
        int columns = rank < 2 ? 0 : Math.toIntExact(variable.shape().dim(rank - 1));
        boolean oneMap = variable.shape().numElements() == (long) rows * columns;
        if (!oneMap || own.isEmpty() && (rows != grid.height() || columns != grid.width())) {
            throw new DataException(variable + " has shape " + variable.shape() + ", expected " + grid.height() + " x "
                    + grid.width() + ", the grid of the input. Regrid the mask (cdo remapnn).");
        }
        int[] row = own.map(g -> places(variable, g, grid, g.rowsOf(grid))).orElse(new int[0]);
        int[] column = own.map(g -> places(variable, g, grid, g.columnsOf(grid))).orElse(new int[0]);
        double[] values = variable.readDoubles();
        boolean[] land = new boolean[grid.cells()];
        int count = 0;
        for (int i = 0; i < land.length; i++) {
            int y = i / grid.width();
            int x = i % grid.width();
            double value = own.isEmpty() ? values[i] : values[row[y] * columns + column[x]];
            if (value != 0 && value != 1) {
                throw new DataException(variable + " has the value " + value + "; a land mask is 1 on land and 0 on"
                        + " sea, and has no missing values");
            }
            land[i] = value == 1;
            count += land[i] ? 1 : 0;
        }
        if (count == land.length) {
            throw new DataException(variable + " is 1, land, on all " + count + " cells of the grid; expected 0 on sea."
                    + " Turn the mask round, or choose another.");
        }
        return land;
    }

    private static int[] places(GridVariable variable, Grid own, Grid grid, Optional<int[]> found) {
        return found.orElseThrow(() -> new DataException(variable + " lies on " + own + ", the input on " + grid
                + "; the mask must have all cells of the input. Regrid it (cdo remapnn)."));
    }
}
