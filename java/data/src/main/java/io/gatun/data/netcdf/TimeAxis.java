// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.DataException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A CF time coordinate as dates: units {@code days|hours|minutes|seconds since DATE} in the calendars of
 * {@link CfCalendar} (default: standard). Times are in UTC, rounded to the microsecond. Order and gaps are those of the
 * file; nothing is sorted or filled in.
 *
 * <p>Immutable.
 *
 * @param units the units text of the file
 * @param calendar the calendar
 * @param times one per step
 * @param bounds the interval of each step, where the coordinate names a bounds variable
 */
public record TimeAxis(
        String units, CfCalendar calendar, List<CalendarTime> times, Optional<List<Interval>> bounds) {
    /** Copies the lists. */
    public TimeAxis {
        times = List.copyOf(times);
        bounds = bounds.map(List::copyOf);
    }

    /**
     * A step's interval.
     *
     * @param start its start, inclusive
     * @param end its end, exclusive
     */
    public record Interval(CalendarTime start, CalendarTime end) {}

    /**
     * The time axis of a variable: the coordinate variable called like its first dimension.
     *
     * @param file the file
     * @param variable one of its variables
     * @return the axis, one time per step
     * @throws DataException if there is no such coordinate or its units or calendar are not supported
     */
    public static TimeAxis of(NetcdfFile file, GridVariable variable) {
        if (variable.dimensions().isEmpty()) {
            throw new DataException(variable + " is a scalar, expected a first dimension of time. "
                    + "Choose a variable with time steps.");
        }
        String name = variable.dimensions().getFirst();
        if (!file.hasVariable(name)) {
            throw new DataException(variable + " lies along dimension \"" + name + "\", for which the file has no time"
                    + " coordinate. Expected a variable \"" + name + "\" with units such as \"days since 1970-01-01\"."
                    + " Add it (for example with cdo settaxis).");
        }
        return read(file, name);
    }

    /**
     * Reads a time coordinate.
     *
     * @param file the file
     * @param name name of the coordinate variable, usually {@code time}
     * @return the axis
     * @throws DataException if the variable is absent, has no usable units, another calendar, or a missing value
     */
    public static TimeAxis read(NetcdfFile file, String name) {
        GridVariable variable = file.variable(name);
        String units = variable.text("units").orElseThrow(() -> new DataException(variable
                + " has no units attribute, expected \"days since YYYY-MM-DD\" or the like. Add it (for example with "
                + "ncatted)."));
        String calendar = variable.text("calendar").orElse("standard");
        TimeUnits parsed = TimeUnits.parse(variable.toString(), units, calendar);
        if (variable.shape().rank() > 1) {
            throw new DataException(variable + " has the shape " + variable.shape()
                    + ", expected one time per step. Choose the time coordinate.");
        }
        List<CalendarTime> times = parsed.decode(variable.readDoubles());
        Optional<List<Interval>> bounds = variable.text("bounds").filter(file::hasVariable)
                .map(boundsName -> intervals(file.variable(boundsName), parsed, times.size()));
        return new TimeAxis(units, parsed.calendar(), times, bounds);
    }

    /**
     * Number of steps.
     *
     * @return at least 0
     */
    public int size() {
        return times.size();
    }

    /**
     * The day of a step in the calendar of the file.
     *
     * @param step 0 to {@code size() - 1}
     * @return its date in UTC
     */
    public CalendarDate calendarDate(int step) {
        return times.get(step).date();
    }

    /**
     * The day of a step as {@code java.time} has it: year, month and day of the file's calendar, unchanged.
     *
     * @param step 0 to {@code size() - 1}
     * @return its date in UTC
     * @throws DataException if {@code java.time} has no such day, as 30 February of the calendar 360_day
     */
    public LocalDate date(int step) {
        return calendarDate(step).toLocalDate().orElseThrow(() -> new DataException("step " + step + " is on "
                + calendarDate(step) + " of the calendar " + calendar.cfName() + ", expected a day that the Gregorian "
                + "calendar has too. Convert the time axis to the standard calendar."));
    }

    /** Bounds have no units of their own: CF gives them those of their coordinate. */
    private static List<Interval> intervals(GridVariable variable, TimeUnits units, int steps) {
        if (variable.shape().numElements() != 2L * steps) {
            throw new DataException(variable + " has the shape " + variable.shape() + ", expected [" + steps
                    + ", 2]: start and end of each step. Correct the bounds or remove the bounds attribute.");
        }
        List<CalendarTime> ends = units.decode(variable.readDoubles());
        List<Interval> intervals = new ArrayList<>();
        for (int i = 0; i < ends.size(); i += 2) {
            intervals.add(new Interval(ends.get(i), ends.get(i + 1)));
        }
        return intervals;
    }
}
