// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The calendars of the CF conventions, section "Calendar", except Julian: which days a year has, and their count. Days
 * are counted in the calendar itself, so the same number is another date in another calendar.
 */
public enum CfCalendar {
    /** Gregorian since 1582-10-15, Julian until 1582-10-04; its first year is 1. */
    STANDARD("standard", "gregorian"),
    /** The rules of the Gregorian calendar at all times, as in {@code java.time}. */
    PROLEPTIC_GREGORIAN("proleptic_gregorian"),
    /** Every year has 365 days. */
    NOLEAP("noleap", "365_day"),
    /** Every year has 366 days. */
    ALL_LEAP("all_leap", "366_day"),
    /** Every year has 12 months of 30 days. */
    DAYS_360("360_day");

    private static final CalendarDate REFORM = new CalendarDate(1582, 10, 15);
    /** Days from the Julian day number's origin to 1970-01-01. */
    private static final long JULIAN_DAY_OF_1970 = 2440588;
    private static final int MONTHS = 12;
    private static final LocalDate LEAP_YEAR = LocalDate.of(2000, 1, 1);
    private static final long MAX_EPOCH_DAY = 350_000_000_000L;

    private final List<String> names;

    CfCalendar(String... names) {
        this.names = List.of(names);
    }

    /**
     * The calendar of a name.
     *
     * @param name value of a {@code calendar} attribute, in any case
     * @return empty for {@code julian}, {@code none} and unknown names
     */
    public static Optional<CfCalendar> named(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return Arrays.stream(values()).filter(calendar -> calendar.names.contains(lower)).findFirst();
    }

    /** All names, for messages. */
    static String supportedNames() {
        return Arrays.stream(values()).flatMap(calendar -> calendar.names.stream()).collect(Collectors.joining(", "));
    }

    /**
     * The name to write as {@code calendar} attribute.
     *
     * @return for example {@code standard}
     */
    public String cfName() {
        return names.getFirst();
    }

    /**
     * Whether the calendar has a day.
     *
     * @param date the day
     * @return false for example for 29 February of a year without leap day
     */
    public boolean has(CalendarDate date) {
        boolean yearExists = this != STANDARD || date.year() >= 1;
        return yearExists && dateAt(count(date)).equals(date);
    }

    /**
     * Length of a month.
     *
     * @param year the year
     * @param month 1 to 12
     * @return days, 21 for October 1582 in {@link #STANDARD}, else 28 to 31
     * @throws ArgumentException if there is no such month
     */
    public int daysInMonth(int year, int month) {
        var first = new CalendarDate(year, month, 1);
        var next = new CalendarDate(month == MONTHS ? year + 1 : year, month % MONTHS + 1, 1);
        return Math.toIntExact(epochDay(next) - epochDay(first));
    }

    /**
     * The time value of a date's midnight in {@code days since 1970-01-01} of this calendar; inverse of
     * {@link #date(long)}.
     *
     * @param date a date that the calendar has
     * @return days, negative before 1970
     * @throws ArgumentException if the calendar has no such date
     */
    public long epochDay(CalendarDate date) {
        if (!has(date)) {
            throw new ArgumentException("the calendar " + cfName() + " has no " + date + ". Expected one of its dates; "
                    + "use that of the time axis.");
        }
        return count(date);
    }

    /**
     * The date of a time value in {@code days since 1970-01-01} of this calendar.
     *
     * @param epochDay days, negative before 1970
     * @return the date
     * @throws ArgumentException if it is before the calendar's first year, or hundreds of millions of years away
     */
    public CalendarDate date(long epochDay) {
        long first = this == STANDARD ? julianCount(new CalendarDate(1, 1, 1)) : -MAX_EPOCH_DAY;
        if (epochDay < first || epochDay > MAX_EPOCH_DAY) {
            throw new ArgumentException("day " + epochDay + " since 1970-01-01 is out of the range of the calendar "
                    + cfName() + ", expected " + first + " to " + MAX_EPOCH_DAY + (this == STANDARD
                    ? ": it starts with the year 1. Use proleptic_gregorian for days before." : "."));
        }
        return dateAt(epochDay);
    }

    /** Days since 1970-01-01; for a day that does not exist, those of another. */
    private long count(CalendarDate date) {
        return switch (this) {
            case STANDARD -> date.compareTo(REFORM) < 0 ? julianCount(date) : gregorianCount(date);
            case PROLEPTIC_GREGORIAN -> gregorianCount(date);
            case NOLEAP, ALL_LEAP, DAYS_360 -> daysBeforeMonth(MONTHS + 1) * (date.year() - 1970L)
                    + daysBeforeMonth(date.month()) + date.day() - 1;
        };
    }

    private CalendarDate dateAt(long epochDay) {
        return switch (this) {
            case STANDARD -> epochDay < gregorianCount(REFORM) ? julianDate(epochDay)
                    : CalendarDate.of(LocalDate.ofEpochDay(epochDay));
            case PROLEPTIC_GREGORIAN -> CalendarDate.of(LocalDate.ofEpochDay(epochDay));
            case NOLEAP, ALL_LEAP, DAYS_360 -> {
                long yearLength = daysBeforeMonth(MONTHS + 1);
                long dayOfYear = Math.floorMod(epochDay, yearLength);
                int month = 1;
                while (daysBeforeMonth(month + 1) <= dayOfYear) {
                    month++;
                }
                yield new CalendarDate(Math.toIntExact(1970 + Math.floorDiv(epochDay, yearLength)), month,
                        (int) (dayOfYear - daysBeforeMonth(month)) + 1);
            }
        };
    }

    /** Days from 1 January, in a calendar whose years are all alike; of the 13th month, those of a year. */
    private long daysBeforeMonth(int month) {
        if (this == DAYS_360) {
            return 30L * (month - 1);
        }
        // The number of days of a leap year, or one less after February.
        long leapYear = LEAP_YEAR.until(LEAP_YEAR.plusMonths(month - 1L), ChronoUnit.DAYS);
        return this == NOLEAP && month > 2 ? leapYear - 1 : leapYear;
    }

    private static long gregorianCount(CalendarDate date) {
        return LocalDate.of(date.year(), date.month(), 1).toEpochDay() + date.day() - 1;
    }

    /** By the Julian day number, with years that start in March. */
    private static long julianCount(CalendarDate date) {
        long shift = (14 - date.month()) / MONTHS;
        long marchYear = date.year() + 4800 - shift;
        return date.day() + (153 * (date.month() + MONTHS * shift - 3) + 2) / 5 + 365 * marchYear
                + Math.floorDiv(marchYear, 4) - 32083 - JULIAN_DAY_OF_1970;
    }

    private static CalendarDate julianDate(long epochDay) {
        long days = epochDay + JULIAN_DAY_OF_1970 + 32082;
        long marchYear = Math.floorDiv(4 * days + 3, 1461);
        long dayOfYear = days - Math.floorDiv(1461 * marchYear, 4);
        long month = (5 * dayOfYear + 2) / 153;
        return new CalendarDate(Math.toIntExact(marchYear - 4800 + month / 10),
                (int) (month + 3 - MONTHS * (month / 10)), (int) (dayOfYear - (153 * month + 2) / 5) + 1);
    }
}
