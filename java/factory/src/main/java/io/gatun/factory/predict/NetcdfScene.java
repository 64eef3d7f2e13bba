// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.factory.config.Preprocessing;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A scene in a NetCDF file. Each modality is a variable over [band, y, x] or [time, band, y, x], of the modality's name
 * or the only one of such a form; or one variable over [y, x] or [time, y, x] for each band, by the bands' names.
 */
final class NetcdfScene {
    private static final String FORMS = "[band, y, x] or [time, band, y, x]";
    /** Attributes that describe how numbers are stored, or name variables that are not copied. */
    private static final Set<String> NOT_COPIED = Set.of("_FillValue", "missing_value", "scale_factor", "add_offset",
            "valid_range", "valid_min", "valid_max", "_Unsigned", "bounds", "ancillary_variables", "cell_measures",
            "CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates");

    private NetcdfScene() {}

    static Scene of(NetcdfFile file, TerraTorchConfig config, Optional<String> variable) {
        Scene.requireSingle(config, variable);
        SequencedMap<String, SceneImage> images = new LinkedHashMap<>();
        List<GridVariable> pixels = new ArrayList<>();
        config.preprocessing().forEach((modality, preprocessing) -> {
            Stored image = image(file, preprocessing, modality.equals(Input.IMAGE) ? variable : Optional.of(modality));
            images.put(modality, image);
            pixels.add(image.first());
        });
        return new Scene(images, frame(file, pixels.getFirst()), file::close);
    }

    private static Stored image(NetcdfFile file, Preprocessing preprocessing, Optional<String> name) {
        if (name.isPresent()) {
            GridVariable variable = file.variable(name.get());
            int rank = variable.shape().rank();
            if (rank < 2 || rank > 4) {
                throw new DataException(variable + " has the axes " + variable.dimensions() + ", expected " + FORMS
                        + ". Choose another variable.");
            }
            return new Stacked(variable);
        }
        List<String> names = preprocessing.datasetBands();
        int channels = preprocessing.channels(names.size());
        List<String> wanted = IntStream.range(0, channels).mapToObj(c -> names.get(preprocessing.bandOf(c))).toList();
        if (!wanted.isEmpty() && wanted.stream().anyMatch(file::hasVariable)) {
            Map<Integer, GridVariable> bands = new LinkedHashMap<>();
            IntStream.range(0, channels).forEach(
                    c -> bands.put(preprocessing.bandOf(c), file.variable(wanted.get(c))));
            return separate(names.size(), bands);
        }
        List<GridVariable> images = file.variables().stream().filter(v -> v.type().isNumeric())
                .filter(v -> v.shape().rank() == 3 || v.shape().rank() == 4).toList();
        if (images.size() != 1) {
            throw new DataException(file.path() + ": has " + images.size() + " variables that could be the image"
                    + images.stream().map(v -> " " + v.name() + v.dimensions()).toList() + "; expected one over "
                    + FORMS + (wanted.isEmpty() ? "" : ", or one for each band: " + wanted)
                    + ". Name it with --variable.");
        }
        return new Stacked(images.getFirst());
    }

    private static Separate separate(int count, Map<Integer, GridVariable> bands) {
        GridVariable first = bands.values().iterator().next();
        bands.values().forEach(band -> {
            int rank = band.shape().rank();
            if (rank != 2 && rank != 3 || !band.shape().equals(first.shape())) {
                throw new DataException(band + " has the axes " + band.dimensions() + " and the shape " + band.shape()
                        + ", expected [y, x] or [time, y, x] and the shape of each other band, " + first.shape() + ".");
            }
        });
        return new Separate(count, bands);
    }

    /** An image in variables. */
    private sealed interface Stored extends SceneImage {
        /** The variable of one of its bands. */
        GridVariable first();
    }

    /** All bands in one variable. */
    private record Stacked(GridVariable first) implements Stored {
        private int dim(int fromEnd) {
            int axis = first.shape().rank() - fromEnd;
            return axis < 0 ? 1 : Math.toIntExact(first.shape().dim(axis));
        }

        @Override
        public int bands() {
            return dim(3);
        }

        @Override
        public OptionalInt dates() {
            return first.shape().rank() == 4 ? OptionalInt.of(dim(4)) : OptionalInt.empty();
        }

        @Override
        public int height() {
            return dim(2);
        }

        @Override
        public int width() {
            return dim(1);
        }

        @Override
        public float[] plane(int band, int date) {
            return box(first, height(), width(), date, band);
        }

        @Override
        public String toString() {
            return first.toString();
        }
    }

    /**
     * Each band in a first.
     *
     * @param bands how many the data set has
     * @param variables by position in it; those of bands that the model does not see are absent
     */
    private record Separate(int bands, Map<Integer, GridVariable> variables) implements Stored {
        @Override
        public GridVariable first() {
            return variables.values().iterator().next();
        }

        @Override
        public OptionalInt dates() {
            return first().shape().rank() == 3 ? OptionalInt.of(Math.toIntExact(first().shape().dim(0)))
                    : OptionalInt.empty();
        }

        @Override
        public int height() {
            return Math.toIntExact(first().shape().dim(first().shape().rank() - 2));
        }

        @Override
        public int width() {
            return Math.toIntExact(first().shape().dim(first().shape().rank() - 1));
        }

        @Override
        public float[] plane(int band, int date) {
            return box(variables.get(band), height(), width(), date);
        }

        @Override
        public String toString() {
            return first().toString();
        }
    }

    /** Rows and columns at the last of the given indices that the variable has axes for. */
    private static float[] box(GridVariable variable, int height, int width, int... indices) {
        int rank = variable.shape().rank();
        long[] start = new long[rank];
        long[] count = new long[rank];
        for (int axis = 0; axis < rank - 2; axis++) {
            start[axis] = indices[indices.length - (rank - 2) + axis];
            count[axis] = 1;
        }
        count[rank - 2] = height;
        count[rank - 1] = width;
        return variable.readFloats(start, count);
    }

    private static SceneFrame frame(NetcdfFile file, GridVariable pixels) {
        List<String> axes = pixels.dimensions();
        List<String> plane = axes.subList(axes.size() - 2, axes.size());
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        List<String> names = new ArrayList<>(plane);
        pixels.text("coordinates").ifPresent(text -> {
            List<String> known = List.of(text.strip().split("\\s+")).stream().filter(name -> file.hasVariable(name)
                    && plane.containsAll(file.variable(name).dimensions())).toList();
            if (!known.isEmpty()) {
                names.addAll(known);
                attributes.put("coordinates", AttributeValue.of(String.join(" ", known)));
            }
        });
        pixels.text("grid_mapping").filter(file::hasVariable).ifPresent(name -> {
            names.add(name);
            attributes.put("grid_mapping", AttributeValue.of(name));
        });
        List<SceneFrame.Coordinate> coordinates = names.stream().distinct().filter(file::hasVariable)
                .map(file::variable).filter(v -> plane.containsAll(v.dimensions())).map(NetcdfScene::copy).toList();
        return new SceneFrame(plane.getFirst(), plane.getLast(), coordinates, attributes);
    }

    private static SceneFrame.Coordinate copy(GridVariable variable) {
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        variable.attributes().forEach((name, value) -> {
            if (!NOT_COPIED.contains(name)) {
                attributes.put(name, value instanceof AttributeValue.Numbers numbers && !isClassic(numbers.type())
                        ? AttributeValue.of(numbers.toDoubles()) : value);
            }
        });
        return variable.shape().rank() == 0
                ? new SceneFrame.Coordinate(variable.name(), NetcdfType.INT, List.of(), attributes, new double[1])
                : new SceneFrame.Coordinate(variable.name(), NetcdfType.DOUBLE, variable.dimensions(), attributes,
                        variable.readDoubles());
    }

    private static boolean isClassic(NetcdfType type) {
        return Set.of(NetcdfType.BYTE, NetcdfType.SHORT, NetcdfType.INT, NetcdfType.FLOAT, NetcdfType.DOUBLE)
                .contains(type);
    }
}
