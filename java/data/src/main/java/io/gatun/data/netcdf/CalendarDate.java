// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.Year;
import java.util.Comparator;
import java.util.Optional;

/**
 * A date of some {@link CfCalendar}; it need not exist in {@code java.time}, as 30 February of the 360-day calendar.
 * Ordered by time within one calendar.
 *
 * @param year the year; 0 and below exist in some calendars only
 * @param month 1 to 12
 * @param day 1 to 31; whether a calendar has it is asked with {@link CfCalendar#has(CalendarDate)}
 */
public record CalendarDate(int year, int month, int day) implements Comparable<CalendarDate> {
    private static final Comparator<CalendarDate> ORDER = Comparator.comparingInt(CalendarDate::year)
            .thenComparingInt(CalendarDate::month).thenComparingInt(CalendarDate::day);

    /**
     * A date.
     *
     * @throws ArgumentException if a number is out of range
     */
    public CalendarDate {
        if (year < Year.MIN_VALUE || year > Year.MAX_VALUE || month < 1 || month > 12 || day < 1 || day > 31) {
            throw new ArgumentException("no calendar has the year " + year + ", month " + month + ", day " + day
                    + "; expected a month from 1 to 12 and a day from 1 to 31.");
        }
    }

    /**
     * The date with the same numbers.
     *
     * @param date any date
     * @return its year, month and day
     */
    public static CalendarDate of(LocalDate date) {
        return new CalendarDate(date.getYear(), date.getMonthValue(), date.getDayOfMonth());
    }

    /**
     * The date of {@code java.time} with the same numbers.
     *
     * @return empty where the proleptic Gregorian calendar has no such day
     */
    public Optional<LocalDate> toLocalDate() {
        try {
            return Optional.of(LocalDate.of(year, month, day));
        } catch (DateTimeException _) {
            return Optional.empty();
        }
    }

    @Override
    public int compareTo(CalendarDate other) {
        return ORDER.compare(this, other);
    }

    /** As ISO 8601, {@code 2014-02-30}. */
    @Override
    public String toString() {
        return (year < 0 ? "-" : "") + "%04d-%02d-%02d".formatted(Math.abs(year), month, day);
    }
}
