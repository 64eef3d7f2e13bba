// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import java.time.YearMonth;
import java.util.Map;
import java.util.TreeMap;

/**
 * An input's cells in the order that windows of the training have: rows from south to north, columns from west to east,
 * and around the globe from 180 degrees west. The same data give the same result, whichever way round a file has them.
 */
final class ModelOrder {
    private final DailyFiles input;
    private final int height;
    private final int width;
    private final boolean wraps;
    private final boolean flipRows;
    private final boolean flipColumns;
    private final int firstColumn;

    ModelOrder(DailyFiles input) {
        Grid grid = input.grid();
        this.input = input;
        this.height = grid.height();
        this.width = grid.width();
        this.wraps = grid.wraps();
        this.flipRows = grid.latDescends();
        this.flipColumns = grid.lonDescends();
        this.firstColumn = wraps ? grid.westernmostColumn() : flipColumns ? width - 1 : 0;
    }

    int height() {
        return height;
    }

    int width() {
        return width;
    }

    /** Whether the first column is the last one's neighbour. */
    boolean wraps() {
        return wraps;
    }

    private int fileColumn(int column) {
        return Math.floorMod(flipColumns ? firstColumn - column : firstColumn + column, width);
    }

    private int fileCell(int cell) {
        int row = cell / width;
        return (flipRows ? height - 1 - row : row) * width + fileColumn(cell % width);
    }

    /** Whether a cell is known to be land. */
    boolean isLand(int cell) {
        return input.isLand(fileCell(cell));
    }

    /** A map of the file in this order. */
    boolean[] ordered(boolean[] map) {
        boolean[] result = new boolean[map.length];
        for (int cell = 0; cell < map.length; cell++) {
            result[cell] = map[fileCell(cell)];
        }
        return result;
    }

    /** A map of this order in that of the file. */
    boolean[] restored(boolean[] map) {
        boolean[] result = new boolean[map.length];
        for (int cell = 0; cell < map.length; cell++) {
            result[fileCell(cell)] = map[cell];
        }
        return result;
    }

    /** Days of a month as of {@link DailyFiles#readMonth}, of a block in this order. */
    TreeMap<Integer, float[]> readMonth(YearMonth month, int firstRow, int rows, int firstColumn, int columns) {
        TreeMap<Integer, float[]> days = input.readMonth(month, flipRows ? height - firstRow - rows : firstRow, rows,
                fileColumn(flipColumns ? firstColumn + columns - 1 : firstColumn), columns);
        if (flipRows || flipColumns) {
            for (Map.Entry<Integer, float[]> day : days.entrySet()) {
                day.setValue(flipped(day.getValue(), rows, columns));
            }
        }
        return days;
    }

    private float[] flipped(float[] block, int rows, int columns) {
        float[] result = new float[block.length];
        for (int row = 0; row < rows; row++) {
            int from = (flipRows ? rows - 1 - row : row) * columns;
            for (int column = 0; column < columns; column++) {
                result[row * columns + column] = block[from + (flipColumns ? columns - 1 - column : column)];
            }
        }
        return result;
    }

    /** Takes rows in this order and hands them on in that of the file. */
    MonthlyRows toFile(MonthlyRows sink) {
        return (month, firstRow, reconstruction, meanOfObservations, observedDays) -> {
            int rows = reconstruction.length / width;
            float[] values = new float[reconstruction.length];
            float[] means = new float[values.length];
            int[] days = new int[values.length];
            for (int row = 0; row < rows; row++) {
                for (int column = 0; column < width; column++) {
                    int from = row * width + column;
                    int to = (flipRows ? rows - 1 - row : row) * width + fileColumn(column);
                    values[to] = reconstruction[from];
                    means[to] = meanOfObservations[from];
                    days[to] = observedDays[from];
                }
            }
            sink.rows(month, flipRows ? height - firstRow - rows : firstRow, values, means, days);
        };
    }
}
