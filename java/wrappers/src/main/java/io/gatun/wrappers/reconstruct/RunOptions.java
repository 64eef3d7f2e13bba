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
 * @param landFromData whether cells without a single value may be taken for land from less than
 *     {@link #MIN_DAYS_FOR_LAND} days, where no mask says what is land
 */
public record RunOptions(
        Optional<Preprocessing.Tile> window, Optional<Integer> overlap, Set<YearMonth> months, boolean landFromData) {
    /** Days from which on a cell without any value is taken for land. */
    public static final int MIN_DAYS_FOR_LAND = 60;

    /**
     * Copies the months.
     *
     * @throws ArgumentException if the overlap is negative
     */
    public RunOptions {
        months = Set.copyOf(months);
        if (overlap.isPresent() && overlap.get() < 0) {
            throw new ArgumentException("the overlap of windows is " + overlap.get() + "; expected at least 0 cells");
        }
    }

    /**
     * The checkpoint's window, all months.
     *
     * @return the defaults
     */
    public static RunOptions defaults() {
        return new RunOptions(Optional.empty(), Optional.empty(), Set.of(), false);
    }

    /**
     * The same with another window.
     *
     * @param height rows
     * @param width columns
     * @return a copy
     */
    public RunOptions withWindow(int height, int width) {
        return new RunOptions(Optional.of(new Preprocessing.Tile(height, width)), overlap, months, landFromData);
    }

    /**
     * The same with another overlap.
     *
     * @param cells shared by neighbours
     * @return a copy
     */
    public RunOptions withOverlap(int cells) {
        return new RunOptions(window, Optional.of(cells), months, landFromData);
    }

    /**
     * The same for some months.
     *
     * @param chosen months to give out
     * @return a copy
     */
    public RunOptions withMonths(Set<YearMonth> chosen) {
        return new RunOptions(window, overlap, chosen, landFromData);
    }

    /**
     * The same with land taken from however few days.
     *
     * @return a copy
     */
    public RunOptions withLandFromData() {
        return new RunOptions(window, overlap, months, true);
    }
}
