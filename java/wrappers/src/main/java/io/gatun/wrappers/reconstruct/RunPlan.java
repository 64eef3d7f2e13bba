// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import java.time.Duration;
import java.time.YearMonth;
import java.util.List;

/**
 * What a run would do, from {@link MonthlyReconstruction#plan}.
 *
 * @param windows how the grid is cut, in words
 * @param calls of the model, for all windows of all years
 * @param months months of the input; each year's see each other
 * @param deviceBytes memory of the device that one model call takes beside the weights, measured
 * @param heapBytes Java heap that the values being worked on take, an upper estimate
 * @param time of all model calls, from one that was timed; reading and writing come on top
 * @param notes what a user should know
 */
public record RunPlan(String windows, long calls, List<YearMonth> months, long deviceBytes, long heapBytes,
        Duration time, List<String> notes) {
    /** Copies the lists. */
    public RunPlan {
        months = List.copyOf(months);
        notes = List.copyOf(notes);
    }
}
