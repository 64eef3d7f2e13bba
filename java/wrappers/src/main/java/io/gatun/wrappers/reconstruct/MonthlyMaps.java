// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.data.netcdf.NetcdfFile;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;

/**
 * Monthly maps of one run, in time order: the reconstruction, and the mean of observations it builds on. They lie in
 * memory, or in the file that {@link MonthlyReconstruction#reconstructTo} wrote, from which each map is read when it is
 * asked for.
 */
public final class MonthlyMaps {
    /** Where the maps of a month lie; [lat, lon] row-major, NaN (or 0 days) on land. */
    private interface Store {
        float[] reconstruction(int month);

        float[] meanOfObservations(int month);

        int[] observedDays(int month);
    }

    private final MonthlyLayout layout;
    private final List<String> notes;
    private final Store store;

    private MonthlyMaps(MonthlyLayout layout, List<String> notes, Store store) {
        this.layout = layout;
        this.notes = List.copyOf(notes);
        this.store = store;
    }

    /** Maps in memory. */
    static final class InMemory implements MonthlyRows, Store {
        private final MonthlyLayout layout;
        private final List<float[]> reconstructions = new ArrayList<>();
        private final List<float[]> means = new ArrayList<>();
        private final List<int[]> days = new ArrayList<>();

        InMemory(MonthlyLayout layout) {
            this.layout = layout;
            int cells = layout.grid().cells();
            for (int month = 0; month < layout.months().size(); month++) {
                reconstructions.add(new float[cells]);
                means.add(new float[cells]);
                days.add(new int[cells]);
            }
        }

        @Override
        public void rows(int month, int firstRow, float[] reconstruction, float[] meanOfObservations, int[] observed) {
            int at = firstRow * layout.grid().width();
            System.arraycopy(reconstruction, 0, reconstructions.get(month), at, reconstruction.length);
            System.arraycopy(meanOfObservations, 0, means.get(month), at, meanOfObservations.length);
            System.arraycopy(observed, 0, days.get(month), at, observed.length);
        }

        MonthlyMaps maps(List<String> notes) {
            return new MonthlyMaps(layout, notes, this);
        }

        @Override
        public float[] reconstruction(int month) {
            return reconstructions.get(month).clone();
        }

        @Override
        public float[] meanOfObservations(int month) {
            return means.get(month).clone();
        }

        @Override
        public int[] observedDays(int month) {
            return days.get(month).clone();
        }
    }

    /** Maps in a file that {@link MonthlyFile} wrote. */
    static MonthlyMaps inFile(MonthlyLayout layout, List<String> notes, Path path) {
        return new MonthlyMaps(layout, notes, new Store() {
            private float[] map(String name, int month) {
                try (NetcdfFile file = NetcdfFile.open(path)) {
                    return file.variable(name).readFloats(month, 1);
                }
            }

            @Override
            public float[] reconstruction(int month) {
                return map(layout.variable(), month);
            }

            @Override
            public float[] meanOfObservations(int month) {
                return map(MonthlyFile.meanName(layout), month);
            }

            @Override
            public int[] observedDays(int month) {
                float[] days = map(MonthlyFile.DAYS, month);
                int[] result = new int[days.length];
                for (int cell = 0; cell < days.length; cell++) {
                    result[cell] = (int) days[cell];
                }
                return result;
            }
        });
    }

    MonthlyLayout layout() {
        return layout;
    }

    /**
     * The grid of the maps.
     *
     * @return that of the input
     */
    public Grid grid() {
        return layout.grid();
    }

    /**
     * Which cells are land.
     *
     * @return [lat, lon] row-major
     */
    public boolean[] land() {
        return layout.land().clone();
    }

    /**
     * The months, in time order.
     *
     * @return those of the input that have observations and were asked for
     */
    public List<YearMonth> months() {
        return layout.months();
    }

    /**
     * Days of a month that the input has a time step for, with values or without.
     *
     * @param month index into {@link #months()}
     * @return at least 1
     */
    public int inputDays(int month) {
        return layout.inputDays().get(checked(month));
    }

    /**
     * The reconstructed monthly mean.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major in {@link #units()}, NaN on land
     */
    public float[] reconstruction(int month) {
        return store.reconstruction(checked(month));
    }

    /**
     * The mean of the month's observations; cells without any take their neighbours' by inverse distance.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major in {@link #units()}, NaN on land
     */
    public float[] meanOfObservations(int month) {
        return store.meanOfObservations(checked(month));
    }

    /**
     * Days of the month with a value.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major, 0 on land
     */
    public int[] observedDays(int month) {
        return store.observedDays(checked(month));
    }

    private int checked(int month) {
        if (month < 0 || month >= months().size()) {
            throw new ArgumentException("month index " + month + "; there are " + months().size() + " months, "
                    + months());
        }
        return month;
    }

    /**
     * Units of all values.
     *
     * @return as in the input
     */
    public String units() {
        return layout.units();
    }

    /**
     * What the values are, in words.
     *
     * @return the input's long name, else its variable's name
     */
    public String longName() {
        return layout.longName();
    }

    /**
     * What a user should know about the run.
     *
     * @return sentences, for example about months left out
     */
    public List<String> notes() {
        return notes;
    }

    /**
     * Writes the maps as CF NetCDF: the reconstruction under the input's variable name, the mean of observations, the
     * observed days, the land mask, and where it all comes from.
     *
     * @param target replaced when the file is complete
     * @throws io.gatun.core.OutputException if it cannot be written; nothing changes under the target's name then
     * @throws io.gatun.core.InterruptedRunException if the thread was interrupted; likewise
     */
    public void write(Path target) {
        try (MonthlyFile file = MonthlyFile.create(target, layout)) {
            for (int month = 0; month < months().size(); month++) {
                file.rows(month, 0, reconstruction(month), meanOfObservations(month), observedDays(month));
            }
            file.commit();
        }
    }
}
