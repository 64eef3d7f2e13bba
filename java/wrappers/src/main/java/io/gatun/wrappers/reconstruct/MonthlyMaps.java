// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;

/** Monthly maps of one run, in time order: the reconstruction, and the mean of observations it builds on. Immutable. */
public final class MonthlyMaps {
    /** One month's maps, [lat, lon] row-major, NaN (or 0 days) on land. */
    private record Month(YearMonth month, float[] reconstruction, float[] meanOfObservations, int[] observedDays) {}

    /**
     * How the maps came about, for the file's attributes.
     *
     * @param variable name of the input's variable
     * @param standardName CF standard name, or empty text
     * @param longName for people
     * @param units of the input and of the maps
     * @param checkpoint its file name
     * @param digest SHA-256 of the checkpoint
     * @param window rows and columns the model saw at a time
     * @param precision of the arithmetic
     */
    record Provenance(String variable, String standardName, String longName, String units, String checkpoint,
            String digest, String window, String precision) {}

    private final Grid grid;
    private final boolean[] land;
    private final List<Month> months;
    private final List<String> notes;
    private final Provenance provenance;

    private MonthlyMaps(Builder builder) {
        grid = builder.grid;
        land = builder.land;
        months = List.copyOf(builder.months);
        notes = List.copyOf(builder.notes);
        provenance = builder.provenance;
    }

    /**
     * The grid of the maps.
     *
     * @return that of the input
     */
    public Grid grid() {
        return grid;
    }

    /**
     * Which cells are land.
     *
     * @return [lat, lon] row-major
     */
    public boolean[] land() {
        return land.clone();
    }

    /**
     * The months, in time order.
     *
     * @return those of the input that have observations
     */
    public List<YearMonth> months() {
        return months.stream().map(Month::month).toList();
    }

    /**
     * The reconstructed monthly mean.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major in {@link #units()}, NaN on land
     */
    public float[] reconstruction(int month) {
        return at(month).reconstruction().clone();
    }

    /**
     * The mean of the month's observations; cells without any take their neighbours' by inverse distance.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major in {@link #units()}, NaN on land
     */
    public float[] meanOfObservations(int month) {
        return at(month).meanOfObservations().clone();
    }

    /**
     * Days of the month with a value.
     *
     * @param month index into {@link #months()}
     * @return [lat, lon] row-major, 0 on land
     */
    public int[] observedDays(int month) {
        return at(month).observedDays().clone();
    }

    private Month at(int month) {
        if (month < 0 || month >= months.size()) {
            throw new ArgumentException("month index " + month + "; there are " + months.size() + " months, "
                    + months());
        }
        return months.get(month);
    }

    /**
     * Units of all values.
     *
     * @return as in the input
     */
    public String units() {
        return provenance.units();
    }

    /**
     * What the values are, in words.
     *
     * @return the input's long name, else its variable's name
     */
    public String longName() {
        return provenance.longName();
    }

    /**
     * What a user should know about the run.
     *
     * @return sentences, for example about months left out
     */
    public List<String> notes() {
        return notes;
    }

    Provenance provenance() {
        return provenance;
    }

    /**
     * Writes the maps as CF NetCDF, classic 64-bit offset: the reconstruction under the input's variable name, the mean
     * of observations, the observed days, the land mask, and where it all comes from.
     *
     * @param target replaced when the file is complete
     * @throws io.gatun.core.OutputException if it cannot be written; nothing changes under the target's name then
     * @throws io.gatun.core.InterruptedRunException if the thread was interrupted; likewise
     */
    public void write(Path target) {
        MonthlyFile.write(this, target);
    }

    /** Collects the months of a run. */
    static final class Builder {
        private final Grid grid;
        private final boolean[] land;
        private final Provenance provenance;
        private final List<Month> months = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();

        Builder(DailyFiles input, Checkpoint checkpoint, Preprocessing preprocessing) {
            grid = input.grid();
            land = input.land();
            provenance = new Provenance(input.variable(),
                    input.description().text("standard_name").orElse(""),
                    input.description().text("long_name").orElse(input.variable()), input.units(),
                    String.valueOf(Path.of(checkpoint.source()).getFileName()), checkpoint.digest(),
                    grid.height() + " x " + grid.width(), "float32");
        }

        void note(String line) {
            notes.add(line);
        }

        boolean isEmpty() {
            return months.isEmpty();
        }

        void add(YearMonth month, MonthlyBaseline baseline, double[] reconstruction) {
            months.add(new Month(month, masked(reconstruction), masked(baseline.mean()), baseline.observedDays()));
        }

        private float[] masked(double[] values) {
            float[] result = new float[values.length];
            for (int cell = 0; cell < values.length; cell++) {
                result[cell] = land[cell] ? Float.NaN : (float) values[cell];
            }
            return result;
        }

        MonthlyMaps build() {
            return new MonthlyMaps(this);
        }
    }
}
