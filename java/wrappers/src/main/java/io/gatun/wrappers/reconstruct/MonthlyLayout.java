// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.netcdf.CfCalendar;
import java.time.YearMonth;
import java.util.List;

/**
 * What a run gives out, known before its first value: where and when, and how it came about.
 *
 * @param grid that of the input
 * @param calendar that of the input
 * @param land [lat, lon] row-major
 * @param months in time order
 * @param inputDays days of each month that the input has a time step for
 * @param variable name of the variable to write
 * @param standardName CF standard name, or empty text
 * @param longName for people
 * @param units of the input and of the maps
 * @param checkpoint its file name
 * @param digest SHA-256 of the checkpoint
 * @param window rows and columns the model sees at a time, and the overlap
 * @param precision of the arithmetic
 */
record MonthlyLayout(Grid grid, CfCalendar calendar, boolean[] land, List<YearMonth> months,
        List<Integer> inputDays, String variable, String standardName, String longName, String units, String checkpoint,
        String digest, String window, String precision) {}
