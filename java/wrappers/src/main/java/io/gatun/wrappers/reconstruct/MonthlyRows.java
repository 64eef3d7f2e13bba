// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

/** Takes the results of a run, rows of one month at a time; each row of each month once. */
@FunctionalInterface
interface MonthlyRows {
    /**
     * Some complete rows.
     *
     * @param month index of the month among those of the result
     * @param firstRow first row of the grid
     * @param reconstruction row-major in the input's units; NaN on land and where nothing is known
     * @param meanOfObservations likewise
     * @param observedDays row-major; 0 on land
     */
    void rows(int month, int firstRow, float[] reconstruction, float[] meanOfObservations, int[] observedDays);
}
