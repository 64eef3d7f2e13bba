// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.window.WindowAxis;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * Runs the model over the windows of a grid and blends their predictions. Windows are taken band by band, from the
 * first row to the last: memory holds the daily values of a block of one band, the predictions of one band, and the
 * baseline of one band with its surroundings, whatever the size of the grid.
 */
final class WindowedRun {
    /** Day slots of a month. */
    static final int DAYS = 31;

    /** Daily values read at a time, unless a single window has more: 64 MiB. */
    private static final long BLOCK_VALUES = 16L << 20;

    private final SpatioTemporalModel model;
    private final Preprocessing preprocessing;
    private final ModelOrder input;
    private final MonthlyMeans means;
    private final BaselineFill fill;
    private final boolean[] land;
    private final WindowAxis rows;
    private final WindowAxis columns;
    private final double toModelUnits;
    private long cellsWithoutBaseline;

    /** land is of the whole grid; toModelUnits is added to the input's values. */
    WindowedRun(SpatioTemporalModel model, Preprocessing preprocessing, ModelOrder input, MonthlyMeans means,
            boolean[] land, WindowAxis rows, WindowAxis columns, double toModelUnits) {
        this.model = model;
        this.preprocessing = preprocessing;
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

    /** Java heap for a band's values, sums and results, and a window's tensors. */
    static long heapBytes(int months, WindowAxis rows, WindowAxis columns) {
        long window = (long) months * DAYS * rows.window() * columns.window();
        long band = (long) months * rows.window() * columns.extent();
        long block = Math.max(window, Math.min(BLOCK_VALUES, band * DAYS));
        return block * 2 * Float.BYTES + window * (Float.BYTES + 1) + band * (2 * Double.BYTES + 2 * Float.BYTES + 4);
    }

    /** One sample: the months of a calendar year. Progress counts windows. */
    void run(List<Month> months, MonthlyRows sink, Runnable windowDone) {
        int width = columns.extent();
        double[][] sums = new double[months.size()][rows.window() * width];
        for (int band = 0; band < rows.count(); band++) {
            int first = rows.start(band);
            int end = Math.min(rows.extent(), first + rows.window());
            for (int from = 0; from < columns.count();) {
                int to = endOfBlock(months, from, end - first);
                addBlock(months, band, from, to, sums, windowDone);
                from = to;
            }
            int done = band + 1 < rows.count() ? rows.start(band + 1) : rows.extent();
            finish(months, first, done, sums, sink);
            for (double[] sum : sums) {
                System.arraycopy(sum, (done - first) * width, sum, 0, sum.length - (done - first) * width);
                Arrays.fill(sum, sum.length - (done - first) * width, sum.length, 0);
            }
        }
    }

    /** Windows [from, result) of a band whose daily values fit in a block; at least one. */
    private int endOfBlock(List<Month> months, int from, int bandRows) {
        int to = from + 1;
        while (to < columns.count() && (long) months.size() * DAYS * bandRows
                * (columns.start(to) + columns.window() - columns.start(from)) <= BLOCK_VALUES) {
            to++;
        }
        return to;
    }

    private void addBlock(List<Month> months, int band, int from, int to, double[][] sums, Runnable windowDone) {
        int firstRow = rows.start(band);
        int bandRows = Math.min(rows.extent(), firstRow + rows.window()) - firstRow;
        int firstColumn = columns.start(from);
        int blockWidth = Math.min(columns.extent(), columns.start(to - 1) + columns.window() - firstColumn);
        List<TreeMap<Integer, float[]>> days = months.stream()
                .map(m -> input.readMonth(m.month(), firstRow, bandRows, firstColumn, blockWidth)).toList();
        for (int window = from; window < to; window++) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedRunException("the reconstruction was interrupted before it was complete");
            }
            Block block = new Block(firstColumn, blockWidth, days);
            float[] prediction = predict(months, band, window, block);
            addWeighted(prediction, band, window, sums);
            windowDone.run();
        }
    }

    /** Daily values of one band, columns firstColumn to firstColumn + width (modulo the grid where it wraps). */
    private record Block(int firstColumn, int width, List<TreeMap<Integer, float[]>> days) {}

    private float[] predict(List<Month> months, int band, int window, Block block) {
        int height = rows.window();
        int width = columns.window();
        int count = months.size();
        boolean[] dry = new boolean[height * width];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int row = rows.cell(band, y);
                int column = columns.cell(window, x);
                // Cells of padding are land: the model has seen such edges.
                dry[y * width + x] = row < 0 || column < 0 || land[row * columns.extent() + column];
            }
        }
        float[] data = new float[Math.multiplyExact(count * DAYS, height * width)];
        boolean[] missing = new boolean[data.length];
        boolean[] padded = new boolean[count * DAYS];
        for (int slot = 0; slot < padded.length; slot++) {
            float[] day = block.days().get(slot / DAYS).get(slot % DAYS + 1);
            padded[slot] = day == null;
            fillSlot(day, band, window, block, dry, slot * height * width, data, missing);
        }
        long[] shape = {1, 1, count, DAYS, height, width};
        try (Scope scope = Scope.open(model.device())) {
            MonthlyInput conditions = MonthlyInput.none()
                    .withLandMask(scope.ofBooleans(dry, 1, height, width))
                    .withPaddedDays(new PaddedDays(1, count, DAYS, padded))
                    .withMonths(months.stream().map(m -> m.month().getMonthValue()).toList());
            Tensor maps = model.forward(scope, scope.of(data, shape), scope.ofBooleans(missing, shape), conditions);
            return maps.toFloatArray();
        }
    }

    private void fillSlot(
            float[] day, int band, int window, Block block, boolean[] dry, int at, float[] data, boolean[] missing) {
        int width = columns.window();
        int shift = columns.start(window) - block.firstColumn();
        for (int y = 0; y < rows.window(); y++) {
            boolean inside = day != null && rows.cell(band, y) >= 0;
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                // Once around, a block has its first column after its last.
                float value = inside && !dry[i]
                        ? day[y * block.width() + (shift + x) % columns.extent()] : Float.NaN;
                boolean present = !Float.isNaN(value);
                // Upstream's rule: land enters as observed zeros, gaps and padded days as missing.
                missing[at + i] = !present && (!dry[i] || preprocessing.landIsMissing());
                data[at + i] = present
                        ? (float) ((value + toModelUnits - preprocessing.mean()) / preprocessing.std()) : 0;
            }
        }
    }

    private void addWeighted(float[] prediction, int band, int window, double[][] sums) {
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
                            weight * prediction[(month * height + y) * width + x];
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
