// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.CalendarTime;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Refuses monthly files given as daily ones: a monthly mean would count as the observation of one day. */
final class MonthlySteps {
    /** Days from which on a step is a month's. */
    private static final int MONTH = 27;
    /** Dates from which on far apart dates of several files are months, not single days. */
    private static final int SEVERAL = 3;

    private MonthlySteps() {}

    /** By what a file says of its steps: their bounds, their attributes, their distance. */
    static void refuse(NetcdfFile file, GridVariable variable, TimeAxis time) {
        time.bounds().ifPresent(bounds -> bounds.forEach(step -> {
            long days = epochDay(time, step.end()) - epochDay(time, step.start());
            if (days >= MONTH) {
                throw monthly(file.path(), "a time step from " + step.start().date() + " to " + step.end().date()
                        + ", " + days + " days long");
            }
        }));
        String methods = variable.text("cell_methods").orElse("").toLowerCase(Locale.ROOT);
        if (methods.matches(".*interval: *1 *month.*")) {
            throw monthly(file.path(), "the cell_methods \"" + methods + "\"");
        }
        if (file.attributes().get("frequency") != null && file.attributes().get("frequency").toString().equals("mon")) {
            throw monthly(file.path(), "the frequency \"mon\"");
        }
        if (time.size() > 1) {
            refuse(file.path(), time.times().stream().map(CalendarTime::date).sorted().toList(), time.calendar(), 2);
        }
    }

    /** By the distance of all dates of a run. */
    static void refuse(Path first, List<CalendarDate> dates, CfCalendar calendar) {
        refuse(first, dates, calendar, SEVERAL);
    }

    private static void refuse(Path path, List<CalendarDate> dates, CfCalendar calendar, int atLeast) {
        long least = Long.MAX_VALUE;
        for (int i = 1; i < dates.size(); i++) {
            least = Math.min(least, calendar.epochDay(dates.get(i)) - calendar.epochDay(dates.get(i - 1)));
        }
        if (dates.size() >= atLeast && least >= MONTH) {
            throw monthly(path, dates.size() + " dates at least " + least + " days apart, from " + dates.getFirst()
                    + " on");
        }
    }

    private static long epochDay(TimeAxis time, CalendarTime at) {
        return time.calendar().epochDay(at.date());
    }

    private static DataException monthly(Path path, String found) {
        return new DataException(path + " has " + found + ": monthly values. Expected daily ones; a monthly mean would"
                + " count as one day. Leave the file out, or give it as --truth.");
    }
}
