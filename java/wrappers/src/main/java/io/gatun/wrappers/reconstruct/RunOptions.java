// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.ArgumentException;
import java.time.YearMonth;
import java.util.Optional;
import java.util.Set;

/**
 * How {@link MonthlyReconstruction} runs.
 *
 * @param window rows and columns the model sees at a time; empty: those of its training. The window is an input of the
 *     model: another one changes the result
 * @param overlap cells that neighbouring windows share at least; empty: half the window
 * @param months months to give out, empty for all; the model sees every month of a year all the same
 * @param windowsPerCall windows that go into the model at a time; empty: one on the CPU, elsewhere as many as the free
 *     memory has room for. It changes no value
 * @param landFromData whether cells without a single value may be taken for land from less than
 *     {@link #MIN_DAYS_FOR_LAND} days, where no mask says what is land
 */
public record RunOptions(
        Optional<Preprocessing.Tile> window, Optional<Integer> overlap, Set<YearMonth> months,
        Optional<Integer> windowsPerCall, boolean landFromData) {
    /** Days from which on a cell without any value is taken for land. */
    public static final int MIN_DAYS_FOR_LAND = 60;

    /**
     * Copies the months.
     *
     * @throws ArgumentException if the overlap is negative, or windows per call are none
     */
    public RunOptions {
        months = Set.copyOf(months);
        if (overlap.isPresent() && overlap.get() < 0) {
            throw new ArgumentException("the overlap of windows is " + overlap.get() + "; expected at least 0 cells");
        }
        if (windowsPerCall.isPresent() && windowsPerCall.get() < 1) {
            throw new ArgumentException("windows per call are " + windowsPerCall.get() + "; expected at least 1");
        }
    }

    /**
     * The checkpoint's window, all months.
     *
     * @return the defaults
     */
    public static RunOptions defaults() {
        return new RunOptions(Optional.empty(), Optional.empty(), Set.of(), Optional.empty(), false);
    }

    /**
     * The same with another window.
     *
     * @param height rows
     * @param width columns
     * @return a copy
     */
    public RunOptions withWindow(int height, int width) {
        return new RunOptions(Optional.of(new Preprocessing.Tile(height, width)), overlap, months, windowsPerCall,
                landFromData);
    }

    /**
     * The same with another overlap.
     *
     * @param cells shared by neighbours
     * @return a copy
     */
    public RunOptions withOverlap(int cells) {
        return new RunOptions(window, Optional.of(cells), months, windowsPerCall, landFromData);
    }

    /**
     * The same for some months.
     *
     * @param chosen months to give out
     * @return a copy
     */
    public RunOptions withMonths(Set<YearMonth> chosen) {
        return new RunOptions(window, overlap, chosen, windowsPerCall, landFromData);
    }

    /**
     * The same with another number of windows at a time.
     *
     * @param windows at least 1
     * @return a copy
     */
    public RunOptions withWindowsPerCall(int windows) {
        return new RunOptions(window, overlap, months, Optional.of(windows), landFromData);
    }

    /**
     * The same with land taken from however few days.
     *
     * @return a copy
     */
    public RunOptions withLandFromData() {
        return new RunOptions(window, overlap, months, windowsPerCall, true);
    }
}
