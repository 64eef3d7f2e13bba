// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.DataException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CF time units: what one count means, and from when it is counted.
 *
 * @param owner names the variable in messages
 * @param microseconds length of one unit
 * @param epoch start of counting, in the proleptic Gregorian calendar
 * @param mixedCalendar whether dates before 1582-10-15 are Julian
 */
record TimeUnits(String owner, long microseconds, LocalDateTime epoch, boolean mixedCalendar) {
    private static final LocalDate REFORM = LocalDate.of(1582, 10, 15);
    /** Days from the Julian day number's origin to 1970-01-01. */
    private static final long JULIAN_DAY_OF_1970 = 2440588;
    private static final double MAX_MICROSECONDS = 0x1p62;

    private static final Pattern UNITS = Pattern.compile(
            "(?<unit>[a-z]+)\\s+since\\s+(?<year>[+-]?\\d{1,6})-(?<month>\\d{1,2})-(?<day>\\d{1,2})"
                    + "(?:[t\\s]\\s*(?<hour>\\d{1,2})(?::(?<minute>\\d{1,2})(?::(?<second>\\d{1,2})"
                    + "(?:\\.(?<fraction>\\d{0,9})\\d*)?)?)?)?"
                    + "\\s*(?<zone>z|utc|gmt|(?<sign>[+-])(?<zoneHour>\\d{1,2})(?::?(?<zoneMinute>\\d{2}))?)?");

    static TimeUnits parse(String owner, String units, String calendar) {
        boolean mixed = switch (calendar) {
            case "standard", "gregorian" -> true;
            case "proleptic_gregorian" -> false;
            default -> throw new DataException(owner + ": calendar \"" + calendar + "\" is not supported; supported: "
                    + "standard, gregorian, proleptic_gregorian. Convert the file's time axis to one of them.");
        };
        Matcher matcher = UNITS.matcher(units.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw unusable(owner, units, "the form is not understood");
        }
        long microseconds = switch (matcher.group("unit")) {
            case "days", "day", "d" -> ChronoUnit.DAYS.getDuration().toSeconds() * 1_000_000;
            case "hours", "hour", "hrs", "hr", "h" -> 3_600_000_000L;
            case "minutes", "minute", "mins", "min" -> 60_000_000L;
            case "seconds", "second", "secs", "sec", "s" -> 1_000_000L;
            default -> throw unusable(owner, units, "the unit \"" + matcher.group("unit") + "\" is not supported");
        };
        try {
            return new TimeUnits(owner, microseconds, epoch(matcher, mixed), mixed);
        } catch (DateTimeException e) {
            throw unusable(owner, units, e.getMessage());
        }
    }

    /** One time per value; a value that is missing or far out of range is an error. */
    List<LocalDateTime> decode(double[] values) {
        List<LocalDateTime> times = new ArrayList<>(values.length);
        for (int i = 0; i < values.length; i++) {
            double exact = values[i] * microseconds;
            if (!(Math.abs(exact) < MAX_MICROSECONDS)) {
                throw new DataException(owner + ": step " + i + " has the time value " + values[i]
                        + ", expected a finite number of plausible size. Remove the step or repair the value.");
            }
            LocalDateTime time = epoch.plus(Math.round(exact), ChronoUnit.MICROS);
            if (mixedCalendar && time.toLocalDate().isBefore(REFORM)) {
                throw new DataException(owner + ": step " + i + " is " + time + ", before " + REFORM
                        + ", where the standard calendar is Julian. Expected later dates, or the calendar "
                        + "proleptic_gregorian.");
            }
            times.add(time);
        }
        return times;
    }

    private static LocalDateTime epoch(Matcher matcher, boolean mixed) {
        int year = number(matcher, "year");
        LocalTime time = LocalTime.of(number(matcher, "hour"), number(matcher, "minute"), number(matcher, "second"));
        String fraction = Optional.ofNullable(matcher.group("fraction")).orElse("");
        long nanos = fraction.isEmpty() ? 0 : Long.parseLong((fraction + "000000000").substring(0, 9));
        Duration zone = Duration.ofHours(number(matcher, "zoneHour")).plusMinutes(number(matcher, "zoneMinute"));
        LocalDateTime local = date(year, number(matcher, "month"), number(matcher, "day"), mixed).atTime(time)
                .plusNanos(nanos);
        return "-".equals(matcher.group("sign")) ? local.plus(zone) : local.minus(zone);
    }

    private static LocalDate date(int year, int month, int day, boolean mixed) {
        boolean julian = mixed && (year < 1582 || year == 1582 && (month < 10 || month == 10 && day < 15));
        if (!julian) {
            return LocalDate.of(year, month, day);
        }
        if (year < 1) {
            throw new DateTimeException("the standard calendar has no year " + year);
        }
        boolean leapDay = month == 2 && day == 29 && year % 4 == 0;
        if (!leapDay) {
            LocalDate.of(year, month, day);
        }
        // Julian day number of a Julian date, with years that start in March.
        long shift = (14 - month) / 12;
        long marchYear = year + 4800 - shift;
        long julianDay = day + (153 * (month + 12 * shift - 3) + 2) / 5 + 365 * marchYear + marchYear / 4 - 32083;
        return LocalDate.ofEpochDay(julianDay - JULIAN_DAY_OF_1970);
    }

    private static int number(Matcher matcher, String group) {
        return matcher.group(group) == null ? 0 : Integer.parseInt(matcher.group(group));
    }

    private static DataException unusable(String owner, String units, String reason) {
        return new DataException(owner + ": units \"" + units + "\": " + reason + ". Expected \"days|hours|minutes|"
                + "seconds since YYYY-MM-DD hh:mm:ss\". Correct the units attribute (for example with ncatted).");
    }
}
