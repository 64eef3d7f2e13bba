// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import java.time.LocalDate;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class CfCalendarTest {
    // Days since 1970-01-01 by cftime 1.6.6 (date2num), in the order of the constants.
    @ParameterizedTest
    @CsvSource({
        "2014, 3,     1,   16130,    16130,               16119,   16164,    15900",
        "2000, 2,     28,  11015,    11015,               11008,   11038,    10857",
        "1970, 1,     1,   0,        0,                   0,       0,        0",
        "1969, 12,    30,  -2,       -2,                  -2,      -2,       -1",
        "1900, 3,     1,   -25508,   -25508,              -25491,  -25560,   -25140",
        "1850, 1,     1,   -43829,   -43829,              -43800,  -43920,   -43200",
        "1582, 10,    15,  -141427,  -141427,             -141333, -141720,  -139396",
        "1582, 10,    4,   -141428,  -141438,             -141344, -141731,  -139407",
        "1,    1,     1,   -719164,  -719162,             -718685, -720654,  -708840",
    })
    void daysAreCountedAsByCftime(int year, int month, int day, long standard, long proleptic, long noleap,
            long allLeap, long days360) {
        var date = new CalendarDate(year, month, day);
        long[] expected = {standard, proleptic, noleap, allLeap, days360};
        for (CfCalendar calendar : CfCalendar.values()) {
            assertEquals(expected[calendar.ordinal()], calendar.epochDay(date), calendar::cfName);
            assertEquals(date, calendar.date(expected[calendar.ordinal()]), calendar::cfName);
        }
    }

    /** Every day to 2100, from the year -4 where the calendar has it: the next date has the next count. */
    @ParameterizedTest
    @EnumSource
    void datesFollowEachOther(CfCalendar calendar) {
        CalendarDate date = new CalendarDate(calendar == CfCalendar.STANDARD ? 1 : -4, 1, 1);
        long day = calendar.epochDay(date);
        while (date.year() < 2101) {
            assertEquals(date, calendar.date(day));
            assertEquals(day, calendar.epochDay(date));
            CalendarDate next = calendar.date(++day);
            assertTrue(next.compareTo(date) > 0);
            date = next;
        }
        assertEquals(new CalendarDate(2101, 1, 1), date);
    }

    @Test
    void monthsHaveTheirLengths() {
        int[] february2000 = {29, 29, 28, 29, 30};
        int[] february1900 = {28, 28, 28, 29, 30};
        int[] february1500 = {29, 28, 28, 29, 30};
        int[] october1582 = {21, 31, 31, 31, 30};
        int[] december2014 = {31, 31, 31, 31, 30};
        for (CfCalendar calendar : CfCalendar.values()) {
            assertEquals(february2000[calendar.ordinal()], calendar.daysInMonth(2000, 2), calendar::cfName);
            assertEquals(february1900[calendar.ordinal()], calendar.daysInMonth(1900, 2), calendar::cfName);
            assertEquals(february1500[calendar.ordinal()], calendar.daysInMonth(1500, 2), calendar::cfName);
            assertEquals(october1582[calendar.ordinal()], calendar.daysInMonth(1582, 10), calendar::cfName);
            assertEquals(december2014[calendar.ordinal()], calendar.daysInMonth(2014, 12), calendar::cfName);
            assertThrows(ArgumentException.class, () -> calendar.daysInMonth(2014, 13), calendar::cfName);
        }
    }

    @ParameterizedTest
    @CsvSource({"STANDARD, 1582, 10, 10", "STANDARD, 2001, 2, 29", "STANDARD, 1500, 2, 30", "STANDARD, 0, 1, 1",
        "PROLEPTIC_GREGORIAN, 1900, 2, 29", "NOLEAP, 2000, 2, 29", "ALL_LEAP, 2000, 2, 30", "DAYS_360, 2000, 1, 31"})
    void datesThatACalendarLacksAreRefused(CfCalendar calendar, int year, int month, int day) {
        var date = new CalendarDate(year, month, day);
        assertFalse(calendar.has(date));
        var e = assertThrows(ArgumentException.class, () -> calendar.epochDay(date));
        assertTrue(e.getMessage().contains(calendar.cfName() + " has no " + date), e::getMessage);
    }

    @Test
    void daysFarAwayAreRefused() {
        for (CfCalendar calendar : CfCalendar.values()) {
            assertThrows(ArgumentException.class, () -> calendar.date(Long.MAX_VALUE), calendar::cfName);
            assertThrows(ArgumentException.class, () -> calendar.date(Long.MIN_VALUE), calendar::cfName);
        }
        var e = assertThrows(ArgumentException.class, () -> CfCalendar.STANDARD.date(-719165));
        assertTrue(e.getMessage().contains("-719165") && e.getMessage().contains("year 1"), e::getMessage);
    }

    @ParameterizedTest
    @CsvSource({"standard, STANDARD", "Gregorian, STANDARD", "proleptic_gregorian, PROLEPTIC_GREGORIAN",
        "noleap, NOLEAP", "365_day, NOLEAP", "all_leap, ALL_LEAP", "366_DAY, ALL_LEAP", "360_day, DAYS_360"})
    void namesAreThoseOfTheConventions(String name, CfCalendar calendar) {
        assertEquals(Optional.of(calendar), CfCalendar.named(name));
        assertEquals(Optional.of(calendar), CfCalendar.named(calendar.cfName()));
    }

    @Test
    void julianIsNotSupported() {
        assertEquals(Optional.empty(), CfCalendar.named("julian"));
    }

    @Test
    void datesAreOrderedPrintedAndConverted() {
        var date = new CalendarDate(2014, 2, 30);
        assertEquals("2014-02-30", date.toString());
        assertEquals("-0004-12-01", new CalendarDate(-4, 12, 1).toString());
        assertEquals(Optional.empty(), date.toLocalDate());
        LocalDate leapDay = LocalDate.of(2012, 2, 29);
        assertEquals(Optional.of(leapDay), CalendarDate.of(leapDay).toLocalDate());
        assertTrue(date.compareTo(new CalendarDate(2014, 3, 1)) < 0);
        assertTrue(date.compareTo(new CalendarDate(2013, 12, 31)) > 0);
        for (int[] numbers : new int[][] {{2014, 0, 1}, {2014, 13, 1}, {2014, 1, 0}, {2014, 1, 32}}) {
            assertThrows(ArgumentException.class, () -> new CalendarDate(numbers[0], numbers[1], numbers[2]));
        }
    }
}
