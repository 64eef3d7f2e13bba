// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import io.gatun.data.netcdf.GridVariable;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Bands of a NetCDF file at one step of time.
 *
 * @param variables one for each band, or one with a band axis
 */
record NetcdfGrid(List<String> bands, List<GridVariable> variables, NetcdfFrame frame, int step) implements BandGrid {
    static NetcdfGrid ofVariables(List<GridVariable> variables, NetcdfFrame frame, int step) {
        return new NetcdfGrid(variables.stream().map(v -> SceneName.normal(v.name())).toList(), variables, frame, step);
    }

    static NetcdfGrid ofBandAxis(GridVariable variable, NetcdfFrame frame, int step) {
        int count = Math.toIntExact(variable.shape().dim(variable.shape().rank() - 3));
        Optional<List<String>> names = variable.text("band_names")
                .map(text -> List.of(text.strip().split("[,\\s]+")).stream().map(SceneName::normal).toList());
        if (names.isPresent() && names.get().size() != count) {
            throw new DataException(variable + " has " + count + " bands, and its attribute band_names has "
                    + names.get().size() + " names. Give one for each band.");
        }
        return new NetcdfGrid(names.orElse(Collections.nCopies(count, "")), List.of(variable), frame, step);
    }

    @Override
    public int width() {
        return extent(1);
    }

    @Override
    public int height() {
        return extent(2);
    }

    private int extent(int fromEnd) {
        GridVariable first = variables.getFirst();
        return Math.toIntExact(first.shape().dim(first.shape().rank() - fromEnd));
    }

    @Override
    public Crs crs() {
        return frame.crs();
    }

    @Override
    public GeoTransform transform() {
        return frame.transform();
    }

    @Override
    public float[] read(int[] wanted, PixelWindow window) {
        int plane = window.rows() * window.columns();
        float[] result = new float[Math.multiplyExact(wanted.length, plane)];
        for (int i = 0; i < wanted.length; i++) {
            boolean own = variables.size() == bands.size() && bandAxis(variables.getFirst()) < 0;
            GridVariable variable = own ? variables.get(wanted[i]) : variables.getFirst();
            System.arraycopy(box(variable, wanted[i], window), 0, result, i * plane, plane);
        }
        return result;
    }

    /** The axis of bands, or -1 where the variable is one band. */
    private static int bandAxis(GridVariable variable) {
        int axis = variable.shape().rank() - 3;
        return axis == 0 && NetcdfScenes.hasTime(variable) ? -1 : axis;
    }

    private float[] box(GridVariable variable, int band, PixelWindow window) {
        int rank = variable.shape().rank();
        long[] start = new long[rank];
        long[] count = new long[rank];
        for (int axis = 0; axis < rank - 2; axis++) {
            start[axis] = axis == bandAxis(variable) ? band : step;
            count[axis] = 1;
        }
        start[rank - 2] = window.row();
        start[rank - 1] = window.column();
        count[rank - 2] = window.rows();
        count[rank - 1] = window.columns();
        return variable.readFloats(start, count);
    }
}
