// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.DTypeException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
    private final Checkpoint checkpoint;
    private final Preprocessing preprocessing;
    private final SpatioTemporalModel model;

    private MonthlyReconstruction(Checkpoint checkpoint, Preprocessing preprocessing, SpatioTemporalModel model) {
        this.checkpoint = checkpoint;
        this.preprocessing = preprocessing;
        this.model = model;
    }

    /**
     * Loads a checkpoint that states its own preprocessing, in {@link Precision#STRICT}.
     *
     * @param checkpoint a safetensors or PyTorch file
     * @param device where the model runs
     * @return to be closed
     * @throws CheckpointException if the file cannot be read, is of another model, or states no preprocessing
     */
    public static MonthlyReconstruction open(Path checkpoint, Device device) {
        return open(Checkpoints.read(checkpoint), device);
    }

    /**
     * Takes a checkpoint that states its own preprocessing, in {@link Precision#STRICT}.
     *
     * @param read weights and configuration, for example after {@link Checkpoint#stripPrefix}
     * @param device where the model runs
     * @return to be closed
     * @throws CheckpointException if it is of another model, has a weight that is no number, or states no preprocessing
     */
    public static MonthlyReconstruction open(Checkpoint read, Device device) {
        return open(read, device, Precision.STRICT);
    }

    /**
     * Takes a checkpoint that states its own preprocessing.
     *
     * @param read weights and configuration
     * @param device where the model runs
     * @param precision arithmetic of the model
     * @return to be closed
     * @throws CheckpointException if it is of another model, has a weight that is no number, or states no preprocessing
     * @throws DTypeException if the device does not compute in that precision
     */
    public static MonthlyReconstruction open(Checkpoint read, Device device, Precision precision) {
        // The model first: another model's file is to be told so, not that it lacks a section it never had.
        return of(read, SpatioTemporalModel.load(read, device, precision), () -> Preprocessing.of(read)
                .orElseThrow(() -> new CheckpointException(read.source() + " does not say how its input was normalised"
                        + " (no section \"normalization\"). Give mean, standard deviation, units and target of its"
                        + " training (--mean, --std, --units, --target).")));
    }

    /**
     * Loads a checkpoint with a given preprocessing, in {@link Precision#STRICT}.
     *
     * @param checkpoint weights and configuration
     * @param preprocessing as in training
     * @param device where the model runs
     * @return to be closed
     * @throws CheckpointException if the checkpoint is of another model
     * @throws ArgumentException if the model takes more than one channel
     */
    public static MonthlyReconstruction of(Checkpoint checkpoint, Preprocessing preprocessing, Device device) {
        return of(checkpoint, preprocessing, device, Precision.STRICT);
    }

    /**
     * Loads a checkpoint with a given preprocessing.
     *
     * @param checkpoint weights and configuration
     * @param preprocessing as in training
     * @param device where the model runs
     * @param precision arithmetic of the model
     * @return to be closed
     * @throws CheckpointException if the checkpoint is of another model
     * @throws ArgumentException if the model takes more than one channel
     * @throws DTypeException if the device does not compute in that precision
     */
    public static MonthlyReconstruction of(
            Checkpoint checkpoint, Preprocessing preprocessing, Device device, Precision precision) {
        return of(checkpoint, SpatioTemporalModel.load(checkpoint, device, precision), () -> preprocessing);
    }

    private static MonthlyReconstruction of(
            Checkpoint checkpoint, SpatioTemporalModel model, Supplier<Preprocessing> preprocessing) {
        try {
            FiniteWeights.require(checkpoint);
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
     * Reconstructs every month that the input has observations for, in memory, with the checkpoint's windows.
     *
     * @param input daily values
     * @param progress told after each month read and each window computed
     * @return monthly maps in the input's units
     * @throws DataException if the input has no observation at all, or units that are not the checkpoint's
     * @throws io.gatun.core.InterruptedRunException if the thread is interrupted
     */
    public MonthlyMaps reconstruct(DailyFiles input, ProgressListener progress) {
        return reconstruct(input, RunOptions.defaults(), progress);
    }

    /**
     * Reconstructs months in memory.
     *
     * @param input daily values, in kelvin or degrees Celsius where the checkpoint's units are one of the two
     * @param options windows and months
     * @param progress told after each month read and each window computed
     * @return monthly maps in the input's units
     * @throws DataException if the input has no observation in the months asked for, does not say which cells are land
     *     and has too few days to tell, or has units that are not the checkpoint's
     * @throws ArgumentException if windows of that size cannot be
     * @throws io.gatun.core.InterruptedRunException if the thread is interrupted
     */
    public MonthlyMaps reconstruct(DailyFiles input, RunOptions options, ProgressListener progress) {
        try (MonthlyRun run = new MonthlyRun(model, checkpoint, preprocessing, input, options, progress)) {
            MonthlyMaps.InMemory maps = new MonthlyMaps.InMemory(run.layout());
            run.run(maps);
            return maps.maps(run.notes());
        }
    }

    /**
     * Reconstructs months into a file, row by row: memory holds a band of windows, whatever the size of the grid.
     *
     * @param input daily values, as for {@link #reconstruct}
     * @param options windows and months
     * @param target CF NetCDF file, replaced when it is complete
     * @param progress told after each month read and each window computed
     * @return the maps, read from the file as they are asked for
     * @throws DataException as for {@link #reconstruct}
     * @throws ArgumentException if windows of that size cannot be
     * @throws io.gatun.core.OutputException if the file cannot be written; nothing changes under its name then
     * @throws io.gatun.core.InterruptedRunException if the thread is interrupted; likewise
     */
    public MonthlyMaps reconstructTo(
            DailyFiles input, RunOptions options, Path target, ProgressListener progress) {
        try (MonthlyRun run = new MonthlyRun(model, checkpoint, preprocessing, input, options, progress);
                MonthlyFile file = MonthlyFile.create(target, run.layout())) {
            run.run(file);
            file.commit();
            return MonthlyMaps.inFile(run.layout(), run.notes(), target);
        }
    }

    /**
     * What a run would do and cost, without reading its values: windows of zeros go through the model, and the
     * last are timed.
     *
     * @param input daily values
     * @param options windows and months
     * @return the plan
     * @throws DataException if the run would refuse the input, as far as can be told without its values
     * @throws ArgumentException if windows of that size cannot be
     */
    public RunPlan plan(DailyFiles input, RunOptions options) {
        MonthlyRun.requireUsable(input, preprocessing, options);
        List<String> notes = new ArrayList<>();
        WindowChoice windows = WindowChoice.of(input.grid(), model.config(), preprocessing, options, notes);
        Set<Integer> years = options.months().stream().map(YearMonth::getYear).collect(Collectors.toSet());
        List<YearMonth> months = input.months().stream()
                .filter(month -> years.isEmpty() || years.contains(month.getYear())).toList();
        int longest = months.stream().collect(Collectors.groupingBy(YearMonth::getYear, Collectors.counting())).values()
                .stream().mapToInt(Long::intValue).max().orElse(0);
        int height = windows.rows().window();
        int width = windows.columns().window();
        int perCall = WindowedRun.windowsPerCall(model, options, Math.max(1, longest), height, width);
        long[] shape = {perCall, 1, Math.max(1, longest), WindowedRun.DAYS, height, width};
        Duration one = Duration.ZERO;
        long before = model.device().memory().bytesInUse();
        model.device().resetPeakMemory();
        // The first pass loads kernels, the second may be recorded.
        for (int i = 0; i < (model.device().hasGraphs() ? 3 : 2); i++) {
            try (Scope scope = Scope.open(model.device())) {
                Tensor data = scope.zeros(shape);
                Tensor missing = scope.full(DType.BOOL, 0, shape);
                scope.sync();
                long start = System.nanoTime();
                model.forward(scope, data, missing, MonthlyInput.none()).toFloatArray();
                one = Duration.ofNanos(System.nanoTime() - start);
            }
        }
        long callsOfYear = (long) windows.rows().count() * Math.ceilDiv(windows.columns().count(), perCall);
        long calls = callsOfYear * months.stream().map(YearMonth::getYear).distinct().count();
        return new RunPlan(windows.toString(), calls, months, model.device().memory().bytesPeak() - before,
                WindowedRun.heapBytes(longest, windows.rows(), windows.columns(), perCall), one.multipliedBy(calls),
                notes);
    }

    @Override
    public void close() {
        model.close();
    }
}
