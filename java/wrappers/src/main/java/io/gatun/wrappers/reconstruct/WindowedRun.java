// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.InterruptedRunException;
import io.gatun.core.MemoryStats;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.window.WindowAxis;
import io.gatun.models.climanet.ForwardShape;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs the model over the windows of a grid and blends their predictions. Windows are taken band by band, from the
 * first row to the last: memory holds the daily values of a block of one band, the predictions of one band, and the
 * baseline of one band with its surroundings, whatever the size of the grid.
 */
final class WindowedRun {
    /** Day slots of a month. */
    static final int DAYS = 31;

    /** Daily values that go into the model at a time, unless a single window has more: 32 MiB. */
    private static final long BATCH_VALUES = 8L << 20;

    private final SpatioTemporalModel model;
    private final Preprocessing preprocessing;
    private final RunOptions options;
    private final ModelOrder input;
    private final MonthlyMeans means;
    private final BaselineFill fill;
    private final boolean[] land;
    private final WindowAxis rows;
    private final WindowAxis columns;
    private final double toModelUnits;
    private long cellsWithoutBaseline;

    /** land is of the whole grid; toModelUnits is added to the input's values. */
    WindowedRun(SpatioTemporalModel model, Preprocessing preprocessing, RunOptions options, ModelOrder input,
            MonthlyMeans means, boolean[] land, WindowAxis rows, WindowAxis columns, double toModelUnits) {
        this.model = model;
        this.preprocessing = preprocessing;
        this.options = options;
        this.input = input;
        this.means = means;
        this.land = land;
        this.rows = rows;
        this.columns = columns;
        this.toModelUnits = toModelUnits;
        this.fill = new BaselineFill(input.height(), input.width(), input.wraps(), preprocessing.fillPower());
    }

    /** A month of one sample: its index among the run's months (for the means), and in the sample's own order. */
    record Month(int index, YearMonth month) {}

    /** Sea cells and months so far that have no baseline, and so no value. */
    long cellsWithoutBaseline() {
        return cellsWithoutBaseline;
    }

    /** Java heap for a band's values, sums and results, and for the windows in work. */
    static long heapBytes(int months, WindowAxis rows, WindowAxis columns, int windows) {
        long band = (long) months * rows.window() * columns.extent();
        return WindowBatches.heapBytes(months, rows, columns, windows == 1 ? 1 : 2 * windows)
                + band * (2 * Double.BYTES + 2 * Float.BYTES + 4);
    }

    /**
     * Windows that go into the model at a time, unless told: one on the CPU, which one window keeps busy; elsewhere
     * what a quarter of the free memory has room for, as there are passes of two shapes, recorded and not.
     */
    static int windowsPerCall(SpatioTemporalModel model, RunOptions options, int months, int height, int width) {
        if (options.windowsPerCall().isPresent()) {
            return options.windowsPerCall().get();
        }
        if (model.device().isCpu()) {
            return 1;
        }
        long needed = model.forwardBytes(ForwardShape.of(1, months, DAYS, height, width).withLand());
        MemoryStats memory = model.device().memory();
        long room = (memory.bytesLimit() - memory.bytesInUse()) / 4 / needed;
        long most = BATCH_VALUES / ((long) months * DAYS * height * width);
        return (int) Math.max(1, Math.min(room, most));
    }

    /** One sample: the months of a calendar year. Progress counts windows. */
    void run(List<Month> months, MonthlyRows sink, Runnable windowDone) {
        double[][] sums = new double[months.size()][rows.window() * columns.extent()];
        int most = windowsPerCall(model, options, months.size(), rows.window(), columns.window());
        WindowBatches batches =
                new WindowBatches(input, preprocessing, toModelUnits, land, rows, columns, months, most);
        Consumer<WindowBatches.Batch> work = batch -> {
            InterruptedRunException.throwIfInterrupted("the reconstruction was interrupted before it was complete");
            float[] prediction = predict(months, batch);
            int each = prediction.length / batch.windows();
            for (int window = batch.from(); window < batch.to(); window++) {
                addWeighted(prediction, (window - batch.from()) * each, batch.band(), window, sums);
                windowDone.run();
            }
            if (batch.to() == columns.count()) {
                finishBand(months, batch.band(), sums, sink);
            }
        };
        if (most == 1 && model.device().isCpu()) {
            batches.forEachRemaining(work);
        } else {
            ReadAhead.forEach(batches, work);
        }
    }

    private float[] predict(List<Month> months, WindowBatches.Batch batch) {
        int windows = batch.windows();
        int height = rows.window();
        int width = columns.window();
        boolean[] padded = new boolean[windows * batch.padded().length];
        for (int window = 0; window < windows; window++) {
            System.arraycopy(batch.padded(), 0, padded, window * batch.padded().length, batch.padded().length);
        }
        long[] shape = {windows, 1, months.size(), DAYS, height, width};
        try (Scope scope = Scope.open(model.device())) {
            MonthlyInput conditions = MonthlyInput.none()
                    .withLandMask(scope.ofBooleans(batch.dry(), windows, height, width))
                    .withPaddedDays(new PaddedDays(windows, months.size(), DAYS, padded))
                    .withMonths(months.stream().map(m -> m.month().getMonthValue()).toList());
            Tensor maps = model.forward(
                    scope, scope.of(batch.data(), shape), scope.ofBooleans(batch.missing(), shape), conditions);
            return maps.toFloatArray();
        }
    }

    /** Hands the rows on that no later band reaches, and moves the sums of the others up. */
    private void finishBand(List<Month> months, int band, double[][] sums, MonthlyRows sink) {
        int width = columns.extent();
        int first = rows.start(band);
        int done = band + 1 < rows.count() ? rows.start(band + 1) : rows.extent();
        finish(months, first, done, sums, sink);
        for (double[] sum : sums) {
            System.arraycopy(sum, (done - first) * width, sum, 0, sum.length - (done - first) * width);
            Arrays.fill(sum, sum.length - (done - first) * width, sum.length, 0);
        }
    }

    private void addWeighted(float[] prediction, int at, int band, int window, double[][] sums) {
        int height = rows.window();
        int width = columns.window();
        for (int y = 0; y < height; y++) {
            if (rows.cell(band, y) < 0) {
                continue;
            }
            double rowWeight = rows.weight(band, y);
            for (int x = 0; x < width; x++) {
                int column = columns.cell(window, x);
                if (column < 0) {
                    continue;
                }
                double weight = rowWeight * columns.weight(window, x);
                for (int month = 0; month < sums.length; month++) {
                    sums[month][y * columns.extent() + column] +=
                            weight * prediction[at + (month * height + y) * width + x];
                }
            }
        }
    }

    /** Turns the blended predictions of rows [first, end) into values and hands them on. */
    private void finish(List<Month> months, int first, int end, double[][] sums, MonthlyRows sink) {
        int width = columns.extent();
        int needed = fill.firstNeeded(first);
        int neededEnd = fill.endNeeded(end);
        for (int m = 0; m < months.size(); m++) {
            double[] baseline = means.means(months.get(m).index(), needed, neededEnd);
            int[] days = means.days(months.get(m).index(), needed, neededEnd);
            fill.fill(baseline, days, land, first, end);
            float[] reconstruction = new float[(end - first) * width];
            float[] mean = new float[reconstruction.length];
            int[] observed = new int[reconstruction.length];
            for (int i = 0; i < mean.length; i++) {
                int at = (first - needed) * width + i;
                boolean dry = land[first * width + i];
                observed[i] = dry ? 0 : days[at];
                cellsWithoutBaseline += !dry && Double.isNaN(baseline[at]) ? 1 : 0;
                mean[i] = dry ? Float.NaN : (float) baseline[at];
                reconstruction[i] = dry ? Float.NaN : (float) value(baseline[at], sums[m][i]);
            }
            sink.rows(m, first, reconstruction, mean, observed);
        }
    }

    private double value(double baseline, double prediction) {
        return switch (preprocessing.target()) {
            case RESIDUAL -> baseline + prediction * preprocessing.residualScale();
            case ABSOLUTE -> preprocessing.mean() + prediction * preprocessing.std() - toModelUnits;
        };
    }
}
