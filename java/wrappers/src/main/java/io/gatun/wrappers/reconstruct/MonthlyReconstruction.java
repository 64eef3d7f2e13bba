// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The main job: monthly maps from gappy daily fields, with a checkpoint of ClimaNet's SpatioTemporalModel and the
 * preprocessing it was trained with.
 *
 * <p>A calendar year is one sample, as in training: its months see each other. Days that the input has no time step for
 * are padded; days with a time step and no value are missing; months that the input lacks are left out. Encodings and
 * scales go by calendar month. Thread-safe.
 */
public final class MonthlyReconstruction implements AutoCloseable {
    /** Day slots of a month. */
    private static final int DAYS = 31;

    private final Checkpoint checkpoint;
    private final Preprocessing preprocessing;
    private final SpatioTemporalModel model;

    private MonthlyReconstruction(Checkpoint checkpoint, Preprocessing preprocessing, SpatioTemporalModel model) {
        this.checkpoint = checkpoint;
        this.preprocessing = preprocessing;
        this.model = model;
    }

    /**
     * Loads a checkpoint that states its own preprocessing.
     *
     * @param checkpoint a safetensors or PyTorch file
     * @param device where the model runs
     * @return to be closed
     * @throws CheckpointException if the file cannot be read, is of another model, or states no preprocessing
     */
    public static MonthlyReconstruction open(Path checkpoint, Device device) {
        Checkpoint read = Checkpoints.read(checkpoint);
        // The model first: another model's file is to be told so, not that it lacks a section it never had.
        return of(read, SpatioTemporalModel.load(read, device), () -> Preprocessing.of(read)
                .orElseThrow(() -> new CheckpointException(checkpoint + " does not say how its input was normalised (no"
                        + " section \"normalization\"). Give mean, standard deviation, units and target of its"
                        + " training.")));
    }

    /**
     * Loads a checkpoint with a given preprocessing.
     *
     * @param checkpoint weights and configuration
     * @param preprocessing as in training
     * @param device where the model runs
     * @return to be closed
     * @throws CheckpointException if the checkpoint is of another model
     * @throws ArgumentException if the model takes more than one channel
     */
    public static MonthlyReconstruction of(Checkpoint checkpoint, Preprocessing preprocessing, Device device) {
        return of(checkpoint, SpatioTemporalModel.load(checkpoint, device), () -> preprocessing);
    }

    private static MonthlyReconstruction of(
            Checkpoint checkpoint, SpatioTemporalModel model, Supplier<Preprocessing> preprocessing) {
        try {
            if (model.config().inChans() != 1) {
                throw new ArgumentException(checkpoint.source() + " takes " + model.config().inChans()
                        + " channels; monthly reconstruction works on one variable. Call SpatioTemporalModel itself.");
            }
            return new MonthlyReconstruction(checkpoint, preprocessing.get(), model);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }

    /**
     * The checkpoint in use.
     *
     * @return weights and configuration
     */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /**
     * The preprocessing in use.
     *
     * @return as stated or given
     */
    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /**
     * The model's constructor arguments.
     *
     * @return as stated or inferred
     */
    public SpatioTemporalConfig config() {
        return model.config();
    }

    /**
     * Reconstructs every month that the input has observations for.
     *
     * @param input daily values, in the units of the preprocessing
     * @param progress told after each month read and each year computed
     * @return monthly maps in the input's units
     * @throws DataException if the input has no observation at all, or other units
     * @throws io.gatun.core.ShapeException if the grid is no multiple of the patch, or larger than the model encodes
     * @throws InterruptedRunException if the thread is interrupted
     */
    public MonthlyMaps reconstruct(DailyFiles input, ProgressListener progress) {
        checkUnits(input);
        Grid grid = input.grid();
        MonthlyMaps.Builder maps = new MonthlyMaps.Builder(input, checkpoint, preprocessing);
        preprocessing.tile().filter(tile -> tile.height() != grid.height() || tile.width() != grid.width())
                .ifPresent(tile -> maps.note("the region has " + grid.height() + " x " + grid.width()
                        + " cells; the checkpoint was trained on windows of " + tile.height() + " x " + tile.width()
                        + ", and the window is an input of the model: expect a different, usually larger, error"));
        Map<Integer, List<YearMonth>> years = input.dates().stream().map(YearMonth::from).distinct()
                .collect(Collectors.groupingBy(YearMonth::getYear, TreeMap::new, Collectors.toList()));
        long total = years.values().stream().mapToLong(List::size).sum();
        long done = 0;
        for (List<YearMonth> months : years.values()) {
            List<Month> present = new ArrayList<>();
            for (YearMonth month : months) {
                interruptible();
                progress.progress("reading " + month, done++, total);
                TreeMap<Integer, float[]> days = input.readMonth(month);
                MonthlyBaseline baseline =
                        MonthlyBaseline.of(days.values(), input.land(), grid.width(), preprocessing.fillPower());
                if (baseline.isEmpty()) {
                    maps.note(month + " is left out: none of its " + days.size() + " days has a value at sea");
                } else {
                    present.add(new Month(month, days, baseline));
                }
            }
            if (!present.isEmpty()) {
                progress.progress("reconstructing " + months.get(0).getYear(), done, total);
                addYear(maps, present, grid, input.land());
            }
        }
        interruptible();
        if (maps.isEmpty()) {
            throw new DataException("the input has " + input.dates().size() + " days and not one value at sea, from "
                    + input.dates().get(0) + " to " + input.dates().getLast() + " on " + grid
                    + ". Check the variable, its fill value and the land mask.");
        }
        return maps.build();
    }

    private record Month(YearMonth month, TreeMap<Integer, float[]> days, MonthlyBaseline baseline) {}

    private void checkUnits(DailyFiles input) {
        String units = input.units();
        if (!Units.same(units, preprocessing.units())) {
            throw new DataException("variable \"" + input.variable() + "\" is in " + units + "; the checkpoint wants "
                    + preprocessing.units() + ". Convert it first.");
        }
    }

    private static void interruptible() {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedRunException("the reconstruction was interrupted before it was complete");
        }
    }

    private void addYear(MonthlyMaps.Builder maps, List<Month> months, Grid grid, boolean[] land) {
        int cells = grid.cells();
        int count = months.size();
        float[] data = new float[Math.multiplyExact(Math.multiplyExact(count, DAYS), cells)];
        boolean[] missing = new boolean[data.length];
        boolean[] padded = new boolean[count * DAYS];
        Arrays.fill(padded, true);
        for (int m = 0; m < count; m++) {
            for (int slot = 0; slot < DAYS; slot++) {
                float[] day = months.get(m).days().get(slot + 1);
                padded[m * DAYS + slot] = day == null;
                int at = (m * DAYS + slot) * cells;
                for (int cell = 0; cell < cells; cell++) {
                    boolean present = day != null && !land[cell] && !Float.isNaN(day[cell]);
                    // Upstream's rule: land enters as observed zeros, gaps and padded days as missing.
                    missing[at + cell] = !present && (!land[cell] || preprocessing.landIsMissing());
                    data[at + cell] = present
                            ? (float) ((day[cell] - preprocessing.mean()) / preprocessing.std()) : 0;
                }
            }
        }
        float[] prediction = predict(months, grid, land, data, missing, padded);
        for (int m = 0; m < count; m++) {
            maps.add(months.get(m).month(), months.get(m).baseline(),
                    denormalised(Arrays.copyOfRange(prediction, m * cells, (m + 1) * cells), months.get(m).baseline()));
        }
    }

    private float[] predict(
            List<Month> months, Grid grid, boolean[] land, float[] data, boolean[] missing, boolean[] padded) {
        int count = months.size();
        long[] shape = {1, 1, count, DAYS, grid.height(), grid.width()};
        try (Scope scope = Scope.open(model.device())) {
            MonthlyInput input = MonthlyInput.none()
                    .withLandMask(scope.ofBooleans(land, 1, grid.height(), grid.width()))
                    .withPaddedDays(new PaddedDays(1, count, DAYS, padded))
                    .withMonths(months.stream().map(m -> m.month().getMonthValue()).toList());
            Tensor maps = model.forward(scope, scope.of(data, shape), scope.ofBooleans(missing, shape), input);
            return maps.toFloatArray();
        }
    }

    private double[] denormalised(float[] prediction, MonthlyBaseline baseline) {
        double[] values = new double[prediction.length];
        for (int cell = 0; cell < values.length; cell++) {
            values[cell] = switch (preprocessing.target()) {
                case RESIDUAL -> baseline.mean()[cell] + prediction[cell] * preprocessing.residualScale();
                case ABSOLUTE -> preprocessing.mean() + prediction[cell] * preprocessing.std();
            };
        }
        return values;
    }

    @Override
    public void close() {
        model.close();
    }
}
