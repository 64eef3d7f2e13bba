// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Which cells are land, from a variable: 1 on land, 0 on sea. */
final class LandMask {
    private static final String NAME = "land_mask";

    private LandMask() {}

    /** From a file that is named, else from the first input that has the variable; empty where none has. */
    static Optional<boolean[]> read(List<NetcdfFile> inputs, Optional<Path> named, Grid grid) {
        if (named.isPresent()) {
            try (NetcdfFile file = NetcdfFile.open(named.get())) {
                return Optional.of(values(variable(file, grid), grid));
            }
        }
        return inputs.stream().filter(file -> file.hasVariable(NAME)).findFirst()
                .map(file -> values(file.variable(NAME), grid));
    }

    private static GridVariable variable(NetcdfFile file, Grid grid) {
        if (file.hasVariable(NAME)) {
            return file.variable(NAME);
        }
        List<GridVariable> maps = file.variables().stream()
                .filter(v -> v.dimensions().size() == 2 && v.shape().numElements() == grid.cells()).toList();
        if (maps.size() != 1) {
            throw new DataException(file.path() + " has no variable \"" + NAME + "\" and " + maps.size()
                    + " other maps of " + grid.height() + " x " + grid.width() + " cells; expected one mask,"
                    + " 1 on land");
        }
        return maps.get(0);
    }

    private static boolean[] values(GridVariable variable, Grid grid) {
        double[] values = variable.readDoubles();
        if (values.length != grid.cells()) {
            throw new DataException(variable + " has shape " + variable.shape() + ", expected " + grid.height() + " x "
                    + grid.width() + ", the grid of the input");
        }
        boolean[] land = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0 && values[i] != 1) {
                throw new DataException(variable + " has the value " + values[i] + "; a land mask is 1 on land and 0 on"
                        + " sea, and has no missing values");
            }
            land[i] = values[i] == 1;
        }
        return land;
    }
}
