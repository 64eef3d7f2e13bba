// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What {@link SpatioTemporalModel#forward} takes beside the daily values; the parts are upstream's arguments of the
 * same names.
 *
 * @param landMask bool [B, H, W], true = land: the result is exactly 0 there
 * @param paddedDays day slots that do not exist
 * @param months calendar month, 1 to 12, of each of the M months; empty: the first M rows of the month tables, as
 *     upstream, which is the same for a run that starts in January
 * @param allPadded what to do about a month whose days are all padded
 */
public record MonthlyInput(
        Optional<Tensor> landMask, Optional<PaddedDays> paddedDays, List<Integer> months, AllPadded allPadded) {
    /** A month whose days are all padded. */
    public enum AllPadded {
        /** It is an error that names the month. */
        ERROR,
        /** Its maps are NaN, and through the attention over months those of its whole sample, as upstream's. */
        NAN
    }

    /** Copies the months. */
    public MonthlyInput {
        months = List.copyOf(months);
    }

    /**
     * Nothing masked, padded or numbered.
     *
     * @return upstream's defaults
     */
    public static MonthlyInput none() {
        return new MonthlyInput(Optional.empty(), Optional.empty(), List.of(), AllPadded.ERROR);
    }

    /**
     * The same with land.
     *
     * @param land bool [B, H, W]
     * @return a copy
     */
    public MonthlyInput withLandMask(Tensor land) {
        return new MonthlyInput(Optional.of(land), paddedDays, months, allPadded);
    }

    /**
     * The same with padded days.
     *
     * @param padded slots that do not exist
     * @return a copy
     */
    public MonthlyInput withPaddedDays(PaddedDays padded) {
        return new MonthlyInput(landMask, Optional.of(padded), months, allPadded);
    }

    /**
     * The same with calendar months.
     *
     * @param calendar 1 to 12 for each month
     * @return a copy
     */
    public MonthlyInput withMonths(List<Integer> calendar) {
        return new MonthlyInput(landMask, paddedDays, calendar, allPadded);
    }

    /**
     * The same with a rule for months whose days are all padded.
     *
     * @param rule error or NaN
     * @return a copy
     */
    public MonthlyInput withAllPadded(AllPadded rule) {
        return new MonthlyInput(landMask, paddedDays, months, rule);
    }
}
