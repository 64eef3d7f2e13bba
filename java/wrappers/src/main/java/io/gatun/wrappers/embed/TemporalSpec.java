// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;

/** When. */
public sealed interface TemporalSpec {
    /**
     * Days of a range.
     *
     * @param start first day
     * @param end the day after the last, after the start
     */
    record Range(LocalDate start, LocalDate end) implements TemporalSpec {
        /**
         * Checks the order.
         *
         * @throws ArgumentException if the end is not after the start
         */
        public Range {
            if (!start.isBefore(end)) {
                throw new ArgumentException("a range from " + start + " to " + end + "; expected the start before the"
                        + " end");
            }
        }
    }

    /**
     * A calendar year. TerraFM takes a range: see {@link #range}.
     *
     * @param year 1 to 9999
     */
    record Year(int year) implements TemporalSpec {
        /**
         * Checks the year.
         *
         * @throws ArgumentException if it is not from 1 to 9999
         */
        public Year {
            if (year < 1 || year > 9999) {
                throw new ArgumentException("year " + year + "; expected 1 to 9999");
            }
        }
    }

    /**
     * Days of a range.
     *
     * @param start first day, as 2022-06-01
     * @param end the day after the last
     * @return the range
     * @throws ArgumentException if one is no date, or the end is not after the start
     */
    static Range range(String start, String end) {
        return new Range(date(start), date(end));
    }

    /**
     * A calendar year.
     *
     * @param year 1 to 9999
     * @return the year
     * @throws ArgumentException if it is not from 1 to 9999
     */
    static Year year(int year) {
        return new Year(year);
    }

    private static LocalDate date(String text) {
        try {
            return LocalDate.parse(text);
        } catch (DateTimeParseException e) {
            throw new ArgumentException("\"" + text + "\" is no date; expected year, month and day as 2022-06-01", e);
        }
    }
}
