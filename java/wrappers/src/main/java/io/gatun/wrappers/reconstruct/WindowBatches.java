// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import io.gatun.data.window.WindowAxis;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.TreeMap;

/**
 * The model's input of all windows, band by band from the first row on, some windows of one band at a time. Holds the
 * daily values of a block of one band.
 */
final class WindowBatches implements Iterator<WindowBatches.Batch> {
    /** Daily values read at a time, unless a single window has more: 64 MiB. */
    private static final long BLOCK_VALUES = 16L << 20;

    /**
     * Windows [from, to) of a band: data and missing [B, 1, M, DAYS, H, W], dry [B, H, W], and which of the M DAYS
     * slots do not exist.
     */
    record Batch(int band, int from, int to, float[] data, boolean[] missing, boolean[] dry, boolean[] padded) {
        int windows() {
            return to - from;
        }
    }

    /** Daily values of one band, columns firstColumn to firstColumn + width (modulo the grid where it wraps). */
    private record Block(int firstColumn, int width, List<TreeMap<Integer, float[]>> days) {}

    private final ModelOrder input;
    private final Preprocessing preprocessing;
    private final double toModelUnits;
    private final boolean[] land;
    private final WindowAxis rows;
    private final WindowAxis columns;
    private final List<WindowedRun.Month> months;
    private final int most;
    private int band;
    private int next;
    private int blockEnd;
    private int size;
    private Block block;

    /**
     * land is of the whole grid; toModelUnits is added to the input's values; most is the largest batch, which must fit
     * into a Java array.
     */
    WindowBatches(ModelOrder input, Preprocessing preprocessing, double toModelUnits, boolean[] land, WindowAxis rows,
            WindowAxis columns, List<WindowedRun.Month> months, int most) {
        this.input = input;
        this.preprocessing = preprocessing;
        this.toModelUnits = toModelUnits;
        this.land = land;
        this.rows = rows;
        this.columns = columns;
        this.months = months;
        this.most = most;
        int together = Math.min(most, columns.count());
        if (daysOf(rows, columns, months.size()) > Integer.MAX_VALUE / together) {
            throw new ArgumentException(together + " windows of " + rows.window() + " x " + columns.window()
                    + " cells and " + months.size() + " months at a time are more than the " + Integer.MAX_VALUE
                    + " daily values that an array takes; lower the windows per call or the window");
        }
    }

    private static long daysOf(WindowAxis rows, WindowAxis columns, int months) {
        return (long) months * WindowedRun.DAYS * rows.window() * columns.window();
    }

    /** Java heap for a block and a batch. */
    static long heapBytes(int months, WindowAxis rows, WindowAxis columns, int windows) {
        long window = daysOf(rows, columns, months);
        long band = (long) months * WindowedRun.DAYS * rows.window() * columns.extent();
        return Math.max(window, Math.min(BLOCK_VALUES, band)) * 2 * Float.BYTES + windows * window * (Float.BYTES + 1);
    }

    @Override
    public boolean hasNext() {
        return band < rows.count();
    }

    @Override
    public Batch next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        if (next == blockEnd) {
            readBlock();
        }
        int to = Math.min(blockEnd, next + size);
        Batch batch = batch(to);
        next = to;
        if (next == columns.count()) {
            band++;
            next = 0;
            blockEnd = 0;
        }
        return batch;
    }

    /** The windows from the next on whose daily values fit in a block, at least one. */
    private void readBlock() {
        int firstRow = rows.start(band);
        int bandRows = Math.min(rows.extent(), firstRow + rows.window()) - firstRow;
        int firstColumn = columns.start(next);
        blockEnd = next + 1;
        while (blockEnd < columns.count() && (long) months.size() * WindowedRun.DAYS * bandRows
                * (columns.start(blockEnd) + columns.window() - firstColumn) <= BLOCK_VALUES) {
            blockEnd++;
        }
        int width = Math.min(columns.extent(), columns.start(blockEnd - 1) + columns.window() - firstColumn);
        block = new Block(firstColumn, width, months.stream()
                .map(m -> input.readMonth(m.month(), firstRow, bandRows, firstColumn, width)).toList());
        // Batches of nearly the same size: two shapes at most, so that their forward passes are recorded once.
        int windows = blockEnd - next;
        size = Math.ceilDiv(windows, Math.ceilDiv(windows, most));
    }

    private Batch batch(int to) {
        int count = to - next;
        int cells = rows.window() * columns.window();
        int slots = months.size() * WindowedRun.DAYS;
        boolean[] dry = new boolean[count * cells];
        float[] data = new float[count * slots * cells];
        boolean[] missing = new boolean[data.length];
        boolean[] padded = new boolean[slots];
        for (int window = next; window < to; window++) {
            int first = (window - next) * cells;
            markDry(window, first, dry);
            for (int slot = 0; slot < slots; slot++) {
                float[] day = block.days().get(slot / WindowedRun.DAYS).get(slot % WindowedRun.DAYS + 1);
                padded[slot] = day == null;
                fillSlot(day, window, dry, first, ((window - next) * slots + slot) * cells, data, missing);
            }
        }
        return new Batch(band, next, to, data, missing, dry, padded);
    }

    private void markDry(int window, int first, boolean[] dry) {
        int width = columns.window();
        for (int y = 0; y < rows.window(); y++) {
            for (int x = 0; x < width; x++) {
                int row = rows.cell(band, y);
                int column = columns.cell(window, x);
                // Cells of padding are land: the model has seen such edges.
                dry[first + y * width + x] = row < 0 || column < 0 || land[row * columns.extent() + column];
            }
        }
    }

    private void fillSlot(
            float[] day, int window, boolean[] dry, int firstDry, int at, float[] data, boolean[] missing) {
        int width = columns.window();
        int shift = columns.start(window) - block.firstColumn();
        for (int y = 0; y < rows.window(); y++) {
            boolean inside = day != null && rows.cell(band, y) >= 0;
            for (int x = 0; x < width; x++) {
                int i = y * width + x;
                // Once around, a block has its first column after its last.
                float value = inside && !dry[firstDry + i]
                        ? day[y * block.width() + (shift + x) % columns.extent()] : Float.NaN;
                boolean present = !Float.isNaN(value);
                // Upstream's rule: land enters as observed zeros, gaps and padded days as missing.
                missing[at + i] = !present && (!dry[firstDry + i] || preprocessing.landIsMissing());
                data[at + i] = present
                        ? (float) ((value + toModelUnits - preprocessing.mean()) / preprocessing.std()) : 0;
            }
        }
    }
}
