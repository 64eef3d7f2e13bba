// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Gives cells without an observation in a month a baseline: the mean of observed cells with weights
 * {@code 1 / d^power}, d the distance in cells. On grids of at most 256 x 256 cells over all observed cells of the
 * month, as the reference checkpoint was trained; beyond that over the nearest 64 within 40 cells.
 */
final class BaselineFill {
    /** Largest extent for which all observed cells count. */
    static final int EXACT_EXTENT = 256;

    /** Beyond it, how far away a cell may count. */
    static final int REACH = 40;

    private static final int NEAREST = 64;

    private record Offset(int rows, int columns, int squared) {}

    private final int height;
    private final int width;
    private final boolean wraps;
    private final int power;
    private final boolean exact;
    private final List<Offset> offsets;

    /** For a grid; where it wraps, its first column is the last one's neighbour. */
    BaselineFill(int height, int width, boolean wraps, int power) {
        this(height, width, wraps, power, height <= EXACT_EXTENT && width <= EXACT_EXTENT);
    }

    BaselineFill(int height, int width, boolean wraps, int power, boolean exact) {
        this.height = height;
        this.width = width;
        this.wraps = wraps;
        this.power = power;
        this.exact = exact;
        this.offsets = exact ? List.of() : offsetsByDistance();
    }

    private static List<Offset> offsetsByDistance() {
        List<Offset> result = new ArrayList<>();
        for (int rows = -REACH; rows <= REACH; rows++) {
            for (int columns = -REACH; columns <= REACH; columns++) {
                int squared = rows * rows + columns * columns;
                if (squared > 0 && squared <= REACH * REACH) {
                    result.add(new Offset(rows, columns, squared));
                }
            }
        }
        result.sort(Comparator.comparingInt(Offset::squared));
        return result;
    }

    /** First row that filling {@code firstRow} may look at. */
    int firstNeeded(int firstRow) {
        return exact ? 0 : Math.max(0, firstRow - REACH);
    }

    /** Row after the last one that filling up to {@code endRow} may look at. */
    int endNeeded(int endRow) {
        return exact ? height : Math.min(height, endRow + REACH);
    }

    /**
     * Fills some rows in place.
     *
     * @param means of rows {@link #firstNeeded} to {@link #endNeeded}, row-major; those asked for are filled, with NaN
     *     where no observed cell is near enough
     * @param days observed days of the same rows
     * @param land of the whole grid
     * @param firstRow first row to fill
     * @param endRow row after the last to fill
     */
    void fill(double[] means, int[] days, boolean[] land, int firstRow, int endRow) {
        int base = firstNeeded(firstRow);
        int[] observed = exact ? observedCells(days) : new int[0];
        double[] known = means.clone();
        for (int row = firstRow; row < endRow; row++) {
            for (int column = 0; column < width; column++) {
                int at = (row - base) * width + column;
                if (days[at] == 0 && !land[row * width + column]) {
                    means[at] = exact ? overAll(known, observed, row, column)
                            : overNearest(known, days, base, row, column);
                }
            }
        }
    }

    private static int[] observedCells(int[] days) {
        int[] cells = new int[days.length];
        int count = 0;
        for (int cell = 0; cell < days.length; cell++) {
            if (days[cell] > 0) {
                cells[count++] = cell;
            }
        }
        return java.util.Arrays.copyOf(cells, count);
    }

    private double overAll(double[] means, int[] observed, int row, int column) {
        double sum = 0;
        double weights = 0;
        for (int cell : observed) {
            int rows = cell / width - row;
            int columns = Math.abs(cell % width - column);
            columns = wraps ? Math.min(columns, width - columns) : columns;
            double weight = weight((double) rows * rows + (double) columns * columns);
            sum += weight * means[cell];
            weights += weight;
        }
        return sum / weights;
    }

    private double overNearest(double[] means, int[] days, int base, int row, int column) {
        double sum = 0;
        double weights = 0;
        int found = 0;
        int end = base + days.length / width;
        for (Offset offset : offsets) {
            int otherRow = row + offset.rows();
            int otherColumn = column + offset.columns();
            otherColumn = wraps ? Math.floorMod(otherColumn, width) : otherColumn;
            if (otherRow < base || otherRow >= end || otherColumn < 0 || otherColumn >= width) {
                continue;
            }
            int at = (otherRow - base) * width + otherColumn;
            if (days[at] > 0) {
                double weight = weight(offset.squared());
                sum += weight * means[at];
                weights += weight;
                if (++found == NEAREST) {
                    break;
                }
            }
        }
        return sum / weights;
    }

    private double weight(double squaredDistance) {
        return power == 4 ? 1 / (squaredDistance * squaredDistance) : Math.pow(squaredDistance, -power / 2.0);
    }
}
