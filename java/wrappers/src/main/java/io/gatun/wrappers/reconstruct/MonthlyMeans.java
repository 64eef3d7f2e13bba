// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.YearMonth;
import java.util.List;

/**
 * Means and numbers of days of each month and cell of a run, from one pass over its files. They are kept in a temporary
 * file, because a region's months need not fit in memory. Not thread-safe.
 */
final class MonthlyMeans implements AutoCloseable {
    /** Daily values read at a time: 32 MiB. */
    private static final int BLOCK_VALUES = 8 << 20;

    private final ModelOrder input;
    private final FileChannel file;
    private final long daysAt;
    private final boolean[] observed;
    private final boolean[] everObserved;
    private double lowest = Double.POSITIVE_INFINITY;
    private double highest = Double.NEGATIVE_INFINITY;

    private MonthlyMeans(ModelOrder input, int months, FileChannel file) {
        this.input = input;
        this.file = file;
        int cells = input.height() * input.width();
        this.daysAt = (long) months * cells * Double.BYTES;
        this.observed = new boolean[months];
        this.everObserved = new boolean[cells];
    }

    /** Reads everything once; where land is known, values on it do not count. */
    static MonthlyMeans compute(ModelOrder input, List<YearMonth> months, ProgressListener progress) {
        MonthlyMeans means = new MonthlyMeans(input, months.size(), temporaryFile());
        try {
            for (int month = 0; month < months.size(); month++) {
                progress.progress("reading " + months.get(month), month, months.size());
                means.addMonth(month, months.get(month));
            }
            return means;
        } catch (RuntimeException | Error e) {
            means.close();
            throw e;
        }
    }

    private static FileChannel temporaryFile() {
        try {
            Path path = Files.createTempFile("gatun-", ".means");
            return FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw new OutputException("cannot make a temporary file in " + System.getProperty("java.io.tmpdir") + ": "
                    + e + ". Set java.io.tmpdir to a folder with room for the monthly means.", e);
        }
    }

    private void addMonth(int month, YearMonth which) {
        int width = input.width();
        int step = Math.max(1, BLOCK_VALUES / (31 * width));
        for (int first = 0; first < input.height(); first += step) {
            InterruptedRunException.throwIfInterrupted("the run was interrupted while its input was read");
            int rows = Math.min(step, input.height() - first);
            double[] sums = new double[rows * width];
            int[] days = new int[rows * width];
            for (float[] day : input.readMonth(which, first, rows, 0, width).values()) {
                for (int i = 0; i < day.length; i++) {
                    if (!Float.isNaN(day[i]) && !input.isLand(first * width + i)) {
                        sums[i] += day[i];
                        days[i]++;
                        lowest = Math.min(lowest, day[i]);
                        highest = Math.max(highest, day[i]);
                    }
                }
            }
            for (int i = 0; i < sums.length; i++) {
                if (days[i] > 0) {
                    sums[i] /= days[i];
                    observed[month] = true;
                    everObserved[first * width + i] = true;
                }
            }
            write(sums, days, month, first);
        }
    }

    /** Whether any cell has a value in a month. */
    boolean isObserved(int month) {
        return observed[month];
    }

    /** Whether a cell has a value in any month. */
    boolean isEverObserved(int cell) {
        return everObserved[cell];
    }

    /** Lowest daily value of the run, in the input's units. */
    double lowest() {
        return lowest;
    }

    /** Highest daily value of the run, in the input's units. */
    double highest() {
        return highest;
    }

    private long cell(int month, int row) {
        return ((long) month * input.height() + row) * input.width();
    }

    private void write(double[] means, int[] days, int month, int firstRow) {
        ByteBuffer bytes = ByteBuffer.allocate(means.length * Double.BYTES);
        bytes.asDoubleBuffer().put(means);
        transfer(bytes, cell(month, firstRow) * Double.BYTES, true);
        bytes = ByteBuffer.allocate(days.length * Integer.BYTES);
        bytes.asIntBuffer().put(days);
        transfer(bytes, daysAt + cell(month, firstRow) * Integer.BYTES, true);
    }

    /** Means of rows [firstRow, endRow), row-major; 0 where there is no value. */
    double[] means(int month, int firstRow, int endRow) {
        double[] result = new double[(endRow - firstRow) * input.width()];
        ByteBuffer bytes = ByteBuffer.allocate(result.length * Double.BYTES);
        transfer(bytes, cell(month, firstRow) * Double.BYTES, false);
        bytes.flip().asDoubleBuffer().get(result);
        return result;
    }

    /** Observed days of rows [firstRow, endRow), row-major. */
    int[] days(int month, int firstRow, int endRow) {
        int[] result = new int[(endRow - firstRow) * input.width()];
        ByteBuffer bytes = ByteBuffer.allocate(result.length * Integer.BYTES);
        transfer(bytes, daysAt + cell(month, firstRow) * Integer.BYTES, false);
        bytes.flip().asIntBuffer().get(result);
        return result;
    }

    private void transfer(ByteBuffer bytes, long position, boolean write) {
        try {
            while (bytes.hasRemaining()) {
                int moved = write ? file.write(bytes, position) : file.read(bytes, position);
                if (moved < 0) {
                    throw new IOException("unexpected end of the temporary file");
                }
                position += moved;
            }
        } catch (java.nio.channels.ClosedByInterruptException e) {
            throw new InterruptedRunException("the run was interrupted", e);
        } catch (IOException e) {
            throw new OutputException("the temporary file of monthly means in " + System.getProperty("java.io.tmpdir")
                    + " failed: " + e + ". Is the disk full?", e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            System.getLogger("io.gatun.wrappers").log(System.Logger.Level.WARNING, "a temporary file stays behind", e);
        }
    }
}
