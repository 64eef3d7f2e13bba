// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
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
 * @param calendar whose days are counted
 * @param microseconds length of one unit
 * @param epochDay day of the start of counting, as the calendar counts from 1970-01-01
 * @param epochMicros start of counting after that day's midnight in UTC; outside the day where a zone shifts it
 */
record TimeUnits(String owner, CfCalendar calendar, long microseconds, long epochDay, long epochMicros) {
    private static final LocalDate REFORM = LocalDate.of(1582, 10, 15);
    private static final long MICROS_PER_DAY = 86_400_000_000L;
    private static final double MAX_MICROSECONDS = 0x1p62;

    private static final Pattern UNITS = Pattern.compile(
            "(?<unit>[a-z]+)\\s+since\\s+(?<year>[+-]?\\d{1,6})-(?<month>\\d{1,2})-(?<day>\\d{1,2})"
                    + "(?:[t\\s]\\s*(?<hour>\\d{1,2})(?::(?<minute>\\d{1,2})(?::(?<second>\\d{1,2})"
                    + "(?:\\.(?<fraction>\\d{0,9})\\d*)?)?)?)?"
                    + "\\s*(?<zone>z|utc|gmt|(?<sign>[+-])(?<zoneHour>\\d{1,2})(?::?(?<zoneMinute>\\d{2}))?)?");

    static TimeUnits parse(String owner, String units, String calendar) {
        CfCalendar days = CfCalendar.named(calendar).orElseThrow(() -> new DataException(owner + ": calendar \""
                + calendar + "\" is not supported; supported: " + CfCalendar.supportedNames()
                + ". Convert the file's time axis to one of them."));
        Matcher matcher = UNITS.matcher(units.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw unusable(owner, units, "the form is not understood");
        }
        long microseconds = switch (matcher.group("unit")) {
            case "days", "day", "d" -> MICROS_PER_DAY;
            case "hours", "hour", "hrs", "hr", "h" -> 3_600_000_000L;
            case "minutes", "minute", "mins", "min" -> 60_000_000L;
            case "seconds", "second", "secs", "sec", "s" -> 1_000_000L;
            default -> throw unusable(owner, units, "the unit \"" + matcher.group("unit") + "\" is not supported");
        };
        try {
            var epoch = new CalendarDate(number(matcher, "year"), number(matcher, "month"), number(matcher, "day"));
            return new TimeUnits(owner, days, microseconds, days.epochDay(epoch), epochMicros(matcher));
        } catch (DateTimeException | ArgumentException e) {
            throw unusable(owner, units, e.getMessage().replaceFirst("\\..*", ""));
        }
    }

    /** One time per value; a value that is missing or far out of range is an error. */
    List<CalendarTime> decode(double[] values) {
        List<CalendarTime> times = new ArrayList<>(values.length);
        for (int i = 0; i < values.length; i++) {
            double exact = values[i] * microseconds;
            if (!(Math.abs(exact) < MAX_MICROSECONDS)) {
                throw new DataException(owner + ": step " + i + " has the time value " + values[i]
                        + ", expected a finite number of plausible size. Remove the step or repair the value.");
            }
            long micros = epochMicros + Math.round(exact);
            long day = epochDay + Math.floorDiv(micros, MICROS_PER_DAY);
            if (calendar == CfCalendar.STANDARD && day < REFORM.toEpochDay()) {
                throw new DataException(owner + ": step " + i + " is on " + LocalDate.ofEpochDay(day) + ", before "
                        + REFORM + ", where the standard calendar is Julian. Expected later dates, or the calendar "
                        + "proleptic_gregorian.");
            }
            times.add(new CalendarTime(calendar.date(day),
                    LocalTime.ofNanoOfDay(Math.floorMod(micros, MICROS_PER_DAY) * 1000)));
        }
        return times;
    }

    private static long epochMicros(Matcher matcher) {
        LocalTime time = LocalTime.of(number(matcher, "hour"), number(matcher, "minute"), number(matcher, "second"));
        String fraction = Optional.ofNullable(matcher.group("fraction")).orElse("");
        long micros = ChronoUnit.MICROS.between(LocalTime.MIDNIGHT, time)
                + Long.parseLong((fraction + "000000").substring(0, 6));
        Duration zone = Duration.ofHours(number(matcher, "zoneHour")).plusMinutes(number(matcher, "zoneMinute"));
        long shift = zone.toMillis() * 1000;
        return "-".equals(matcher.group("sign")) ? micros + shift : micros - shift;
    }

    private static int number(Matcher matcher, String group) {
        return matcher.group(group) == null ? 0 : Integer.parseInt(matcher.group(group));
    }

    private static DataException unusable(String owner, String units, String reason) {
        return new DataException(owner + ": units \"" + units + "\": " + reason + ". Expected \"days|hours|minutes|"
                + "seconds since YYYY-MM-DD hh:mm:ss\". Correct the units attribute (for example with ncatted).");
    }
}
