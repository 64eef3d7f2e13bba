// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Shape;
import java.util.List;
import java.util.Optional;

/**
 * What a forward pass is recorded for, see {@link SpatioTemporalModel#warmUp}: the extents of its input, and those of
 * its conditions that are part of the recording.
 *
 * @param batch B
 * @param months M
 * @param days T
 * @param height H
 * @param width W
 * @param land whether there is a land mask
 * @param paddedDays day slots that do not exist
 * @param calendar as in {@link MonthlyInput#months()}
 */
public record ForwardShape(long batch, long months, long days, long height, long width, boolean land,
        Optional<PaddedDays> paddedDays, List<Integer> calendar) {
    /** Copies the calendar months. */
    public ForwardShape {
        calendar = List.copyOf(calendar);
    }

    /**
     * Extents with upstream's defaults: no land, nothing padded, the first M months.
     *
     * @param batch B
     * @param months M
     * @param days T
     * @param height H
     * @param width W
     * @return the shape
     */
    public static ForwardShape of(long batch, long months, long days, long height, long width) {
        return new ForwardShape(batch, months, days, height, width, false, Optional.empty(), List.of());
    }

    /**
     * The same with a land mask.
     *
     * @return a copy
     */
    public ForwardShape withLand() {
        return new ForwardShape(batch, months, days, height, width, true, paddedDays, calendar);
    }

    /**
     * The same with padded days.
     *
     * @param padded slots that do not exist
     * @return a copy
     */
    public ForwardShape withPaddedDays(PaddedDays padded) {
        return new ForwardShape(batch, months, days, height, width, land, Optional.of(padded), calendar);
    }

    /**
     * The same with calendar months.
     *
     * @param numbers 1 to 12 for each month
     * @return a copy
     */
    public ForwardShape withMonths(List<Integer> numbers) {
        return new ForwardShape(batch, months, days, height, width, land, paddedDays, numbers);
    }

    Shape data(long channels) {
        return Shape.of(batch, channels, months, days, height, width);
    }
}
