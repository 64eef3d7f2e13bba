// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.time.LocalTime;

/**
 * A date of some calendar and the time of day, in UTC.
 *
 * @param date the date
 * @param time the time of day
 */
public record CalendarTime(CalendarDate date, LocalTime time) implements Comparable<CalendarTime> {
    @Override
    public int compareTo(CalendarTime other) {
        int days = date.compareTo(other.date);
        return days != 0 ? days : time.compareTo(other.time);
    }

    /** As ISO 8601, {@code 2014-02-30T12:00}. */
    @Override
    public String toString() {
        return date + "T" + time;
    }
}
