// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.TimeAxis;
import java.io.IOException;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A daily variable [time, lat, lon] (or [time, level, lat, lon] with one level) over one or more NetCDF files of one
 * grid and calendar, in time order, and which of its cells are land where the files say so. Several time steps on one
 * date count as their mean, cell by cell. Values are read in pieces. Not thread-safe.
 */
public final class DailyFiles implements AutoCloseable {
    private static final String STANDARD_NAME = "sea_surface_temperature";

    /**
     * What to read.
     *
     * @param variable name of the variable; empty: the only one with standard name {@code sea_surface_temperature}
     * @param landMask a file whose variable {@code land_mask} (or its only map of the grid) is 1 on land and 0 on sea;
     *     empty: the variable {@code land_mask} of the input files, where one has it
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
    private final TreeMap<CalendarDate, List<Step>> steps = new TreeMap<>();
    private final Grid grid;
    private final Optional<boolean[]> land;

    private DailyFiles(List<Source> sources, Options options) {
        this.sources = sources;
        Source first = sources.get(0);
        grid = Grid.of(first.file(), first.variable());
        for (Source source : sources) {
            requireAlike(first, source);
            MonthlySteps.refuse(source.file(), source.variable(), source.time());
            for (int i = 0; i < source.time().size(); i++) {
                steps.computeIfAbsent(source.time().calendarDate(i), _ -> new ArrayList<>()).add(new Step(source, i));
            }
        }
        if (steps.isEmpty()) {
            throw new DataException(first.file().path() + ": no time step in the input. Expected daily values.");
        }
        MonthlySteps.refuse(first.file().path(), List.copyOf(steps.keySet()), calendar());
        land = LandMask.read(sources.stream().map(Source::file).toList(), options.landMask(), grid);
    }

    private void requireAlike(Source first, Source source) {
        Grid other = Grid.of(source.file(), source.variable());
        if (!grid.matches(other)) {
            throw new DataException(source.file().path() + " has " + other + "; " + first.file().path() + " has " + grid
                    + ". Files of one run must have one grid.");
        }
        if (source.time().calendar() != first.time().calendar()) {
            throw new DataException(source.file().path() + " has the calendar " + source.time().calendar().cfName()
                    + "; " + first.file().path() + " has " + first.time().calendar().cfName()
                    + ". Files of one run must have one calendar.");
        }
        if (!unitsOf(source).equals(unitsOf(first))) {
            throw new DataException(source.variable() + " has units \"" + unitsOf(source) + "\", " + first.variable()
                    + " has \"" + unitsOf(first) + "\". Files of one run must have one unit.");
        }
    }

    /**
     * Opens the files.
     *
     * @param files at least one, in any order
     * @param options what to read
     * @return to be closed
     * @throws DataException if a file is missing, is no NetCDF, lacks the variable or its units, or does not fit the
     *     others
     */
    public static DailyFiles open(List<Path> files, Options options) {
        if (files.isEmpty()) {
            throw new DataException("no input file was given. Expected at least one NetCDF file of daily values.");
        }
        requireDistinct(files);
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

    /** The same file twice is a slip: its days would count as several steps a date. */
    private static void requireDistinct(List<Path> files) {
        Set<Path> seen = new HashSet<>();
        for (Path path : files) {
            Path real;
            try {
                real = path.toRealPath();
            } catch (IOException e) {
                // Opening it will say why.
                continue;
            }
            if (!seen.add(real)) {
                throw new DataException(path + ": is given twice. Expected each input file once; check patterns that"
                        + " overlap.");
            }
        }
    }

    /** The named variable over (time, lat, lon), or the only one of the standard name. */
    static GridVariable choose(NetcdfFile file, Optional<String> name) {
        if (name.isPresent()) {
            return requireField(file.variable(name.get()));
        }
        List<GridVariable> candidates = file.variables().stream()
                .filter(v -> v.text("standard_name").filter(STANDARD_NAME::equals).isPresent()).toList();
        List<GridVariable> named = candidates.stream().filter(DailyFiles::isField).toList();
        if (named.isEmpty() && candidates.size() == 1) {
            return requireField(candidates.getFirst());
        }
        if (named.size() != 1) {
            List<String> fields =
                    file.variables().stream().filter(DailyFiles::isField).map(GridVariable::name).toList();
            throw new DataException(file.path() + " has " + named.size() + " variables of standard_name "
                    + STANDARD_NAME + (named.isEmpty() ? "" : ", " + named.stream().map(GridVariable::name).toList())
                    + "; expected one. Name the variable (--variable); over (time, latitude, longitude) the file has "
                    + fields);
        }
        return named.get(0);
    }

    private static GridVariable requireField(GridVariable variable) {
        if (!isField(variable)) {
            throw new DataException(variable + " has dimensions " + variable.dimensions() + ", shape "
                    + variable.shape() + " and type " + variable.type().cdlName()
                    + "; expected numbers over (time, latitude, longitude), or with one level after time");
        }
        return variable;
    }

    private static boolean isField(GridVariable variable) {
        int rank = variable.dimensions().size();
        return variable.type() != NetcdfType.CHAR && (rank == 3 || rank == 4 && variable.shape().dim(1) == 1);
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
        return description().name();
    }

    /** The variable in the first file, whose attributes speak for all. */
    GridVariable description() {
        return sources.get(0).variable();
    }

    /**
     * Units of the values.
     *
     * @return the attribute {@code units}
     */
    public String units() {
        return unitsOf(sources.get(0));
    }

    private static String unitsOf(Source source) {
        return source.variable().text("units").orElseThrow(() -> new DataException(
                source.variable() + " has no attribute \"units\"; expected one such as degree_Celsius or kelvin"));
    }

    /**
     * Calendar of the dates.
     *
     * @return that of all files
     */
    public CfCalendar calendar() {
        return sources.get(0).time().calendar();
    }

    /**
     * Days that have a time step.
     *
     * @return ascending, each once
     */
    public List<CalendarDate> dates() {
        return List.copyOf(steps.keySet());
    }

    /**
     * Months that have a time step.
     *
     * @return ascending, each once
     */
    public List<YearMonth> months() {
        return steps.keySet().stream().map(date -> YearMonth.of(date.year(), date.month())).distinct().toList();
    }

    /** Dates with several time steps, whose mean counts. */
    long averagedDates() {
        return steps.values().stream().filter(list -> list.size() > 1).count();
    }

    /**
     * Which cells are land, where a variable or file says so.
     *
     * @return [lat, lon] row-major, or empty
     */
    public Optional<boolean[]> landMask() {
        return land.map(boolean[]::clone);
    }

    /** Whether a cell is known to be land. */
    boolean isLand(int cell) {
        return land.isPresent() && land.get()[cell];
    }

    /**
     * Values of a block of cells on each day of a month that has a time step: row-major, NaN where there is none. A
     * block that goes beyond the last column goes on with the first.
     */
    TreeMap<Integer, float[]> readMonth(YearMonth month, int firstRow, int rows, int firstColumn, int columns) {
        TreeMap<Integer, float[]> days = new TreeMap<>();
        TreeMap<Integer, int[]> counts = new TreeMap<>();
        List<Step> wanted = new ArrayList<>();
        steps.subMap(new CalendarDate(month.getYear(), month.getMonthValue(), 1), true,
                new CalendarDate(month.getYear(), month.getMonthValue(), 31), true).values().forEach(wanted::addAll);
        int cells = rows * columns;
        for (int from = 0; from < wanted.size();) {
            // Steps that follow each other in one file are read together: its chunks are unpacked once.
            Step first = wanted.get(from);
            int to = from + 1;
            while (to < wanted.size() && wanted.get(to).source() == first.source()
                    && wanted.get(to).index() == first.index() + to - from) {
                to++;
            }
            float[] block = readBlock(first, to - from, firstRow, rows, firstColumn, columns);
            for (int i = from; i < to; i++) {
                int day = wanted.get(i).source().time().calendarDate(wanted.get(i).index()).day();
                float[] values = java.util.Arrays.copyOfRange(block, (i - from) * cells, (i - from + 1) * cells);
                float[] before = days.putIfAbsent(day, values);
                if (before != null) {
                    addToMean(before, counts.computeIfAbsent(day, _ -> ones(before)), values);
                }
            }
            from = to;
        }
        return days;
    }

    private static int[] ones(float[] values) {
        int[] counts = new int[values.length];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = Float.isNaN(values[i]) ? 0 : 1;
        }
        return counts;
    }

    private static void addToMean(float[] mean, int[] counts, float[] values) {
        for (int i = 0; i < mean.length; i++) {
            if (!Float.isNaN(values[i])) {
                mean[i] = counts[i] == 0 ? values[i] : mean[i] + (values[i] - mean[i]) / (counts[i] + 1);
                counts[i]++;
            }
        }
    }

    private float[] readBlock(Step first, int count, int firstRow, int rows, int firstColumn, int columns) {
        int width = grid.width();
        if (firstColumn + columns <= width) {
            return readSlab(first, count, firstRow, rows, firstColumn, columns);
        }
        int east = width - firstColumn;
        float[] left = readSlab(first, count, firstRow, rows, firstColumn, east);
        float[] right = readSlab(first, count, firstRow, rows, 0, columns - east);
        float[] joined = new float[count * rows * columns];
        for (int row = 0; row < count * rows; row++) {
            System.arraycopy(left, row * east, joined, row * columns, east);
            System.arraycopy(right, row * (columns - east), joined, row * columns + east, columns - east);
        }
        return joined;
    }

    private static float[] readSlab(Step first, int count, int firstRow, int rows, int firstColumn, int columns) {
        GridVariable variable = first.source().variable();
        return variable.dimensions().size() == 3
                ? variable.readFloats(
                        new long[] {first.index(), firstRow, firstColumn}, new long[] {count, rows, columns})
                : variable.readFloats(
                        new long[] {first.index(), 0, firstRow, firstColumn}, new long[] {count, 1, rows, columns});
    }

    @Override
    public void close() {
        sources.forEach(source -> source.file().close());
    }
}
