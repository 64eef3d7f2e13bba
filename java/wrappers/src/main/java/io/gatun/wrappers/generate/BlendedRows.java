// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.data.window.WindowAxis;
import java.util.Arrays;

/** Weighted sums of windows, for the rows that the windows of one row of them cover. */
final class BlendedRows {
    private final int channels;
    private final int width;
    private final float[] sums;
    private final int held;

    /** Of outputs with so many channels. */
    BlendedRows(int channels, WindowAxis rows, WindowAxis columns) {
        this.channels = channels;
        this.width = columns.extent();
        this.held = Math.min(rows.window(), rows.extent());
        this.sums = new float[Math.multiplyExact(Math.multiplyExact(channels, held), width)];
    }

    /** Adds a window, [C, side, side] from an element of values on. */
    void add(WindowAxis rows, int row, WindowAxis columns, int column, float[] values, int from) {
        int side = rows.window();
        for (int y = 0; y < held; y++) {
            double down = rows.weight(row, y);
            for (int x = 0; x < side; x++) {
                int at = columns.cell(column, x);
                float weight = (float) (down * columns.weight(column, x));
                if (at < 0 || weight == 0) {
                    continue;
                }
                for (int c = 0; c < channels; c++) {
                    sums[(c * held + y) * width + at] += weight * values[from + (c * side + y) * side + x];
                }
            }
        }
    }

    /** The first rows, [C, count, width], which are complete; those behind move up. */
    float[] take(int count) {
        float[] result = new float[channels * count * width];
        int kept = (held - count) * width;
        for (int c = 0; c < channels; c++) {
            int first = c * held * width;
            System.arraycopy(sums, first, result, c * count * width, count * width);
            System.arraycopy(sums, first + count * width, sums, first, kept);
            Arrays.fill(sums, first + kept, first + held * width, 0);
        }
        return result;
    }
}
