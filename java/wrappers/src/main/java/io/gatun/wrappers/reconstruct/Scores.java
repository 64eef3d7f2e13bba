// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Errors of a run's maps against true monthly means, over sea cells: of the reconstruction and, for comparison, of the
 * mean of observations; over all cells, and over those that were never observed in their month.
 *
 * @param reconstruction over all sea cells
 * @param reconstructionUnobserved over sea cells without an observation in the month
 * @param meanOfObservations over all sea cells
 * @param meanOfObservationsUnobserved over sea cells without an observation in the month
 */
public record Scores(
        Score reconstruction, Score reconstructionUnobserved, Score meanOfObservations,
        Score meanOfObservationsUnobserved) {
    /**
     * Errors over a set of cells.
     *
     * @param rmse root of the mean squared error, in the maps' units; NaN without cells
     * @param mae mean absolute error, in the maps' units; NaN without cells
     * @param cells number of cells and months
     */
    public record Score(double rmse, double mae, long cells) {}

    /** True maps of some months, NaN where there is no truth. */
    public static final class Truth {
        private final Map<YearMonth, float[]> maps;

        private Truth(Map<YearMonth, float[]> maps) {
            this.maps = maps;
        }

        /**
         * Reads true monthly means.
         *
         * @param files NetCDF files with the variable of the maps, or the only one of standard name
         *     {@code sea_surface_temperature}, [time, lat, lon], one step a month, on the same grid
         * @param of the maps that will be compared
         * @return the truth of all months in the files
         * @throws DataException if a file does not fit the maps
         */
        public static Truth read(List<Path> files, MonthlyMaps of) {
            Map<YearMonth, float[]> maps = new TreeMap<>();
            for (Path path : files) {
                try (NetcdfFile file = NetcdfFile.open(path)) {
                    // Monthly files often call the same quantity otherwise; its standard name tells.
                    GridVariable variable = DailyFiles.choose(file,
                            Optional.of(of.layout().variable()).filter(file::hasVariable));
                    Grid grid = Grid.of(file, variable);
                    if (!grid.matches(of.grid())) {
                        throw new DataException(variable + " lies on " + grid + "; the truth must lie on the grid of"
                                + " the maps, " + of.grid());
                    }
                    checkUnits(variable, of);
                    TimeAxis time = TimeAxis.of(file, variable);
                    for (int i = 0; i < time.size(); i++) {
                        CalendarDate date = time.calendarDate(i);
                        YearMonth month = YearMonth.of(date.year(), date.month());
                        if (maps.put(month, variable.readFloats(i, 1)) != null) {
                            throw new DataException(variable + " has a second step in " + month
                                    + "; the truth must be monthly, one step a month");
                        }
                    }
                }
            }
            return new Truth(maps);
        }

        private static void checkUnits(GridVariable variable, MonthlyMaps of) {
            String units = variable.text("units").orElse("(none)");
            if (Units.offset(units, of.units()).orElse(Double.NaN) != 0) {
                throw new DataException(variable + " is in " + units + ", the maps are in " + of.units()
                        + ". Convert the truth first.");
            }
        }

        /**
         * The truth of a month.
         *
         * @param month the month
         * @return [lat, lon] row-major, NaN where unknown; empty where the files lack the month
         */
        public Optional<float[]> of(YearMonth month) {
            return Optional.ofNullable(maps.get(month)).map(float[]::clone);
        }
    }

    /**
     * Compares maps with the truth.
     *
     * @param maps a run's result
     * @param truth true monthly means
     * @return the scores over all months that both have
     * @throws DataException if they share no month
     */
    public static Scores of(MonthlyMaps maps, Truth truth) {
        Sum reconstructed = new Sum();
        Sum averaged = new Sum();
        Sum reconstructedUnobserved = new Sum();
        Sum averagedUnobserved = new Sum();
        boolean[] land = maps.land();
        boolean any = false;
        for (int month = 0; month < maps.months().size(); month++) {
            Optional<float[]> wanted = truth.of(maps.months().get(month));
            if (wanted.isEmpty()) {
                continue;
            }
            any = true;
            float[] reconstruction = maps.reconstruction(month);
            float[] mean = maps.meanOfObservations(month);
            int[] days = maps.observedDays(month);
            for (int cell = 0; cell < land.length; cell++) {
                double value = wanted.get()[cell];
                if (land[cell] || Double.isNaN(value) || Float.isNaN(reconstruction[cell])) {
                    continue;
                }
                reconstructed.add(reconstruction[cell] - value);
                averaged.add(mean[cell] - value);
                if (days[cell] == 0) {
                    reconstructedUnobserved.add(reconstruction[cell] - value);
                    averagedUnobserved.add(mean[cell] - value);
                }
            }
        }
        if (!any) {
            throw new DataException("the truth has " + truth.maps.keySet() + ", the maps have " + maps.months()
                    + "; no month is in both");
        }
        return new Scores(
                reconstructed.score(), reconstructedUnobserved.score(), averaged.score(), averagedUnobserved.score());
    }

    private static final class Sum {
        private double squares;
        private double magnitudes;
        private long cells;

        void add(double error) {
            squares += error * error;
            magnitudes += Math.abs(error);
            cells++;
        }

        Score score() {
            return new Score(Math.sqrt(squares / cells), magnitudes / cells, cells);
        }
    }
}
