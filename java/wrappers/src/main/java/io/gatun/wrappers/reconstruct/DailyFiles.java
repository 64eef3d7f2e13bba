// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.TimeAxis;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A daily variable [time, lat, lon] over one or more NetCDF files of one grid, in time order, and which of its cells
 * are land. Values are read month by month. Not thread-safe.
 */
public final class DailyFiles implements AutoCloseable {
    private static final String STANDARD_NAME = "sea_surface_temperature";
    private static final String LAND_MASK = "land_mask";

    /**
     * What to read.
     *
     * @param variable name of the variable; empty: the only one with standard name {@code sea_surface_temperature},
     *     else the only one with dimensions (time, lat, lon)
     * @param landMask a file whose variable {@code land_mask} (or its only variable on the grid) is 1 on land and 0 on
     *     sea; empty: the variable {@code land_mask} of the input files
     */
    public record Options(Optional<String> variable, Optional<Path> landMask) {
        /**
         * Everything found by itself.
         *
         * @return empty options
         */
        public static Options none() {
            return new Options(Optional.empty(), Optional.empty());
        }
    }

    private record Source(NetcdfFile file, GridVariable variable, TimeAxis time) {}

    private record Step(Source source, int index) {}

    private final List<Source> sources;
    private final TreeMap<LocalDate, Step> steps = new TreeMap<>();
    private final Grid grid;
    private final boolean[] land;

    private DailyFiles(List<Source> sources, Options options) {
        this.sources = sources;
        Source first = sources.get(0);
        grid = Grid.of(first.file(), first.variable());
        for (Source source : sources) {
            Grid other = Grid.of(source.file(), source.variable());
            if (!grid.matches(other)) {
                throw new DataException(source.file().path() + " has " + other + "; " + first.file().path() + " has "
                        + grid + ". Files of one run must have one grid.");
            }
            for (int i = 0; i < source.time().size(); i++) {
                Step before = steps.put(source.time().date(i), new Step(source, i));
                if (before != null) {
                    throw new DataException(source.file().path() + " has a time step on " + source.time().date(i)
                            + ", and so has " + before.source().file().path() + ". Expected one step a day; average"
                            + " them first (for example with ncra).");
                }
            }
        }
        if (steps.isEmpty()) {
            throw new DataException(first.file().path() + ": no time step in the input. Expected daily values.");
        }
        land = readLand(options);
    }

    /**
     * Opens the files.
     *
     * @param files at least one, in any order
     * @param options what to read
     * @return to be closed
     * @throws DataException if a file is missing, is no NetCDF, lacks the variable, or does not fit the others
     */
    public static DailyFiles open(List<Path> files, Options options) {
        if (files.isEmpty()) {
            throw new DataException("no input file was given. Expected at least one NetCDF file of daily values.");
        }
        List<Source> sources = new ArrayList<>();
        try {
            for (Path path : files) {
                NetcdfFile file = NetcdfFile.open(path);
                try {
                    GridVariable variable = choose(file, options.variable());
                    sources.add(new Source(file, variable, TimeAxis.of(file, variable)));
                } catch (RuntimeException | Error e) {
                    file.close();
                    throw e;
                }
            }
            return new DailyFiles(sources, options);
        } catch (RuntimeException | Error e) {
            sources.forEach(source -> source.file().close());
            throw e;
        }
    }

    /** The named variable over (time, lat, lon), or the one that must be meant. */
    static GridVariable choose(NetcdfFile file, Optional<String> name) {
        if (name.isPresent()) {
            GridVariable variable = file.variable(name.get());
            if (!isField(variable)) {
                throw new DataException(variable + " has dimensions " + variable.dimensions() + " and type "
                        + variable.type().cdlName() + "; expected numbers over (time, latitude, longitude)");
            }
            return variable;
        }
        List<GridVariable> fields = file.variables().stream().filter(DailyFiles::isField).toList();
        List<GridVariable> named = fields.stream()
                .filter(v -> v.text("standard_name").filter(STANDARD_NAME::equals).isPresent()).toList();
        List<GridVariable> candidates = named.isEmpty() ? fields : named;
        if (candidates.size() != 1) {
            throw new DataException(file.path() + " has " + candidates.size() + " variables that could be meant"
                    + (candidates.isEmpty() ? "" : ": " + candidates.stream().map(GridVariable::name).toList())
                    + ". Expected one over (time, latitude, longitude) with standard_name " + STANDARD_NAME
                    + "; name the variable. The file has "
                    + file.variables().stream().map(GridVariable::name).toList());
        }
        return candidates.get(0);
    }

    private static boolean isField(GridVariable variable) {
        return variable.dimensions().size() == 3 && variable.type() != NetcdfType.CHAR;
    }

    private boolean[] readLand(Options options) {
        if (options.landMask().isPresent()) {
            try (NetcdfFile file = NetcdfFile.open(options.landMask().get())) {
                return land(landVariable(file));
            }
        }
        for (Source source : sources) {
            if (source.file().hasVariable(LAND_MASK)) {
                return land(source.file().variable(LAND_MASK));
            }
        }
        throw new DataException(sources.get(0).file().path() + " does not say which cells are land: it has no variable"
                + " \"" + LAND_MASK + "\" (1 land, 0 sea). Name a file that has one.");
    }

    private GridVariable landVariable(NetcdfFile file) {
        if (file.hasVariable(LAND_MASK)) {
            return file.variable(LAND_MASK);
        }
        List<GridVariable> maps = file.variables().stream()
                .filter(v -> v.dimensions().size() == 2 && v.shape().numElements() == grid.cells()).toList();
        if (maps.size() != 1) {
            throw new DataException(file.path() + " has no variable \"" + LAND_MASK + "\" and " + maps.size()
                    + " other maps of " + grid.height() + " x " + grid.width() + " cells; expected one mask,"
                    + " 1 on land");
        }
        return maps.get(0);
    }

    private boolean[] land(GridVariable variable) {
        double[] values = variable.readDoubles();
        if (values.length != grid.cells()) {
            throw new DataException(variable + " has shape " + variable.shape() + ", expected " + grid.height() + " x "
                    + grid.width() + ", the grid of the input");
        }
        boolean[] result = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0 && values[i] != 1) {
                throw new DataException(variable + " has the value " + values[i] + "; a land mask is 1 on land and 0 on"
                        + " sea, and has no missing values");
            }
            result[i] = values[i] == 1;
        }
        return result;
    }

    /**
     * The grid of all files.
     *
     * @return latitudes and longitudes
     */
    public Grid grid() {
        return grid;
    }

    /**
     * Name of the variable.
     *
     * @return as in the first file
     */
    public String variable() {
        return sources.get(0).variable().name();
    }

    /** The variable in the first file, whose attributes speak for all. */
    GridVariable description() {
        return sources.get(0).variable();
    }

    /**
     * Units of the values.
     *
     * @return the attribute {@code units}
     * @throws DataException if a file has none, or another than the first
     */
    public String units() {
        String units = unitsOf(sources.get(0));
        for (Source source : sources) {
            if (!unitsOf(source).equals(units)) {
                throw new DataException(source.variable() + " has units \"" + unitsOf(source) + "\", "
                        + sources.get(0).variable() + " has \"" + units + "\". Files of one run must have one unit.");
            }
        }
        return units;
    }

    private static String unitsOf(Source source) {
        return source.variable().text("units").orElseThrow(() -> new DataException(
                source.variable() + " has no attribute \"units\"; expected one such as degree_Celsius"));
    }

    /**
     * Days that have a time step.
     *
     * @return ascending, each once
     */
    public List<LocalDate> dates() {
        return List.copyOf(steps.keySet());
    }

    /**
     * Which cells are land.
     *
     * @return [lat, lon] row-major
     */
    public boolean[] land() {
        return land.clone();
    }

    /** Values [lat, lon] of each day of a month that has a time step, NaN where there is none. */
    TreeMap<Integer, float[]> readMonth(YearMonth month) {
        TreeMap<Integer, float[]> days = new TreeMap<>();
        List<Step> wanted = new ArrayList<>(steps.subMap(month.atDay(1), true, month.atEndOfMonth(), true).values());
        int cells = grid.cells();
        for (int from = 0; from < wanted.size();) {
            // Steps that follow each other in one file are read together: its chunks are unpacked once.
            Step first = wanted.get(from);
            int to = from + 1;
            while (to < wanted.size() && wanted.get(to).source() == first.source()
                    && wanted.get(to).index() == first.index() + to - from) {
                to++;
            }
            float[] block = first.source().variable().readFloats(first.index(), to - from);
            for (int i = from; i < to; i++) {
                float[] day = new float[cells];
                System.arraycopy(block, (i - from) * cells, day, 0, cells);
                days.put(wanted.get(i).source().time().date(wanted.get(i).index()).getDayOfMonth(), day);
            }
            from = to;
        }
        return days;
    }

    @Override
    public void close() {
        sources.forEach(source -> source.file().close());
    }
}
