// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.window;

import io.gatun.core.ArgumentException;
import java.util.Arrays;

/**
 * One axis of a grid cut into windows of one size: where they start, and the weight of each of their cells. Windows lie
 * evenly, neighbours overlap by at least the wanted number of cells, the last one ends with the axis. Where the axis
 * wraps, as longitude does on a globe, the first is also the last one's neighbour. Weights rise smoothly (sin²) from a
 * window's inner edges across the overlap and sum to one over the windows at each cell of the axis.
 */
public final class WindowAxis {
    private final int extent;
    private final int window;
    private final boolean wraps;
    private final int[] starts;
    private final double[][] weights;

    /**
     * Plans an axis.
     *
     * @param extent cells of the axis, at least 1
     * @param window cells of a window, at least 1; more than the axis has where the axis is to be padded
     * @param overlap cells that neighbours share at least, from 0 to less than {@code window}
     * @param wraps whether the last cell's neighbour is the first; without effect if one window holds the whole axis
     * @throws ArgumentException if a number is out of range
     */
    public WindowAxis(int extent, int window, int overlap, boolean wraps) {
        if (extent < 1 || window < 1 || overlap < 0 || overlap >= window) {
            throw new ArgumentException("cannot cut " + extent + " cells into windows of " + window
                    + " that overlap by " + overlap
                    + "; expected at least one cell each and an overlap below the window");
        }
        this.extent = extent;
        this.window = window;
        this.wraps = wraps && extent > window;
        this.starts = starts(overlap);
        this.weights = new double[starts.length][window];
        fillWeights();
    }

    private int[] starts(int overlap) {
        if (extent <= window) {
            return new int[] {0};
        }
        int stride = window - overlap;
        int count = wraps ? Math.ceilDiv(extent, stride) : Math.ceilDiv(extent - window, stride) + 1;
        int[] result = new int[count];
        for (int i = 0; i < count; i++) {
            result[i] = (int) (wraps ? (long) i * extent / count : (long) i * (extent - window) / (count - 1));
        }
        return result;
    }

    private void fillWeights() {
        double[] sum = new double[extent];
        for (int i = 0; i < starts.length; i++) {
            double before = i > 0 || wraps ? overlapAfter(Math.floorMod(i - 1, starts.length)) : 0;
            double after = i + 1 < starts.length || wraps ? overlapAfter(i) : 0;
            for (int p = 0; p < window; p++) {
                weights[i][p] = ramp(p + 0.5, before) * ramp(window - p - 0.5, after);
                if (starts[i] + p < extent || wraps) {
                    sum[(starts[i] + p) % extent] += weights[i][p];
                }
            }
        }
        for (int i = 0; i < starts.length; i++) {
            for (int p = 0; p < window; p++) {
                boolean inside = starts[i] + p < extent || wraps;
                weights[i][p] = inside ? weights[i][p] / sum[(starts[i] + p) % extent] : 0;
            }
        }
    }

    /** Cells that window i shares with the next one. */
    private double overlapAfter(int i) {
        int next = i + 1 < starts.length ? starts[i + 1] : starts[0] + extent;
        return Math.max(0, starts[i] + window - next);
    }

    /** From 0 at the edge to 1 where the overlap ends. */
    private static double ramp(double distance, double overlap) {
        if (distance >= overlap) {
            return 1;
        }
        double sine = Math.sin(Math.PI / 2 * distance / overlap);
        return sine * sine;
    }

    /**
     * Number of windows.
     *
     * @return at least 1
     */
    public int count() {
        return starts.length;
    }

    /**
     * Cells of each window.
     *
     * @return as given
     */
    public int window() {
        return window;
    }

    /**
     * Cells of the axis.
     *
     * @return as given
     */
    public int extent() {
        return extent;
    }

    /**
     * Where a window starts.
     *
     * @param index of the window
     * @return cell of the axis
     */
    public int start(int index) {
        return starts[index];
    }

    /**
     * The cell of the axis that a window's cell is.
     *
     * @param index of the window
     * @param position within the window
     * @return from 0 to less than the extent, or -1 for a cell of padding beyond the axis
     */
    public int cell(int index, int position) {
        int at = starts[index] + position;
        return at < extent ? at : wraps ? at - extent : -1;
    }

    /**
     * What a window's cell counts for at its cell of the axis.
     *
     * @param index of the window
     * @param position within the window
     * @return from 0 to 1; 0 on padding
     */
    public double weight(int index, int position) {
        return weights[index][position];
    }

    /** For messages. */
    @Override
    public String toString() {
        return starts.length + " windows of " + window + " on " + extent + " cells" + (wraps ? ", wrapping" : "")
                + ", at " + Arrays.toString(starts);
    }
}
