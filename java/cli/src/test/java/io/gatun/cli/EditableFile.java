// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;

/** A NetCDF file in memory, to be damaged in one way and written. */
final class EditableFile {
    /** The first days of the sample: they have a mask, so they are enough. */
    static final int DAYS = 12;
    private static final float FILL = -999;

    final Map<String, Integer> dimensions = new LinkedHashMap<>();
    final Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    private final Map<String, Variable> variables = new LinkedHashMap<>();

    /** A variable with unpacked values, NaN where missing. */
    static final class Variable {
        final Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        NetcdfType type = NetcdfType.FLOAT;
        List<String> dimensions;
        double[] values;

        private Variable(GridVariable like, double[] values) {
            attributes.putAll(like.attributes());
            attributes.keySet().removeAll(List.of("scale_factor", "add_offset", "_FillValue", "flag_values"));
            dimensions = like.dimensions();
            this.values = values;
        }

        void text(String name, String value) {
            attributes.put(name, AttributeValue.of(value));
        }

        void map(DoubleUnaryOperator change) {
            values = Arrays.stream(values).map(change).toArray();
        }
    }

    /** The first days of the sample, or the first months of its truth. */
    static EditableFile of(Path path, int steps) {
        EditableFile result = new EditableFile();
        try (NetcdfFile file = NetcdfFile.open(path)) {
            file.dimensions().forEach(d -> result.dimensions.put(d.name(), Math.toIntExact(d.length())));
            result.dimensions.put("time", steps);
            for (GridVariable variable : file.variables()) {
                boolean timed = variable.dimensions().getFirst().equals("time");
                result.variables.put(variable.name(),
                        new Variable(variable, timed ? variable.readDoubles(0, steps) : variable.readDoubles()));
            }
        }
        result.variables.values().forEach(v -> v.type = v.dimensions.size() == 1 ? NetcdfType.DOUBLE : v.type);
        return result;
    }

    static EditableFile daily() {
        return of(CommandRun.DAILY, DAYS);
    }

    Variable variable(String name) {
        return variables.get(name);
    }

    void remove(String name) {
        variables.remove(name);
    }

    void rename(String from, String to) {
        variables.put(to, variables.remove(from));
    }

    void copy(String from, String to) {
        variables.put(to, variables.get(from));
    }

    /** The first rows and columns of a map or of all its steps. */
    void crop(int rows, int columns) {
        int height = dimensions.put("lat", rows);
        int width = dimensions.put("lon", columns);
        for (Variable v : variables.values()) {
            if (v.dimensions.equals(List.of("lat"))) {
                v.values = Arrays.copyOf(v.values, rows);
            } else if (v.dimensions.equals(List.of("lon"))) {
                v.values = Arrays.copyOf(v.values, columns);
            } else if (v.dimensions.contains("lat")) {
                double[] all = v.values;
                double[] part = new double[all.length / height / width * rows * columns];
                for (int i = 0; i < part.length; i++) {
                    int step = i / (rows * columns);
                    part[i] = all[(step * height + i / columns % rows) * width + i % columns];
                }
                v.values = part;
            }
        }
    }

    /** Turns the rows round, coordinate and maps alike. */
    void flipRows() {
        int width = dimensions.get("lon");
        int height = dimensions.get("lat");
        for (Variable v : variables.values()) {
            int row = v.dimensions.equals(List.of("lat")) ? 1 : width;
            if (v.dimensions.contains("lat")) {
                double[] turned = new double[v.values.length];
                for (int i = 0; i < turned.length; i++) {
                    int y = i / row % height;
                    turned[i + (height - 1 - 2 * y) * row] = v.values[i];
                }
                v.values = turned;
            }
        }
    }

    Path write(Path target) {
        try (NetcdfWriter file = NetcdfWriter.create(target)) {
            dimensions.forEach(file::dimension);
            attributes.forEach(file::attribute);
            Map<String, NetcdfWriter.Variable> written = new LinkedHashMap<>();
            variables.forEach((name, v) -> {
                if (v.type == NetcdfType.FLOAT) {
                    v.attributes.putIfAbsent("_FillValue", AttributeValue.of(FILL));
                }
                written.put(name, file.variable(name, v.type, v.dimensions, v.attributes));
            });
            written.forEach((name, to) -> write(variables.get(name), to));
            file.commit();
        }
        return target;
    }

    private static void write(Variable from, NetcdfWriter.Variable to) {
        if (from.type == NetcdfType.DOUBLE) {
            to.write(from.values);
            return;
        }
        double fill = ((AttributeValue.Numbers) from.attributes.get("_FillValue")).toDoubles()[0];
        float[] floats = new float[from.values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) (Double.isNaN(from.values[i]) ? fill : from.values[i]);
        }
        to.write(floats);
    }
}
