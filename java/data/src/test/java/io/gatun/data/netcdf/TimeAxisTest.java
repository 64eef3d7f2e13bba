// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import static io.gatun.data.netcdf.NetcdfFixtures.assertDataException;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.LocalTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TimeAxisTest {
    private static CalendarTime decode(String units, String calendar, double value) {
        return TimeUnits.parse("x.nc: variable \"time\"", units, calendar).decode(new double[] {value}).getFirst();
    }

    // Expected dates are those of cftime 1.6 (num2date); the zone +6:00 is that of an example in the CF text.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "days since 1970-01-01 00:00:00      | standard            | 16071        | 2014-01-01T00:00",
        "days since 1800-01-01 00:00:00      | standard            | 79258        | 2017-01-01T00:00",
        "days since 1-1-1                    | proleptic_gregorian | 735233       | 2014-01-01T00:00",
        "days since 1-1-1                    | standard            | 735235       | 2014-01-01T00:00",
        "days since 1582-10-04               | gregorian           | 1            | 1582-10-15T00:00",
        "days since 1500-02-29               | standard            | 100000       | 1773-12-23T00:00",
        "days since 0000-01-01               | proleptic_gregorian | 735599       | 2014-01-01T00:00",
        "hours since 2000-02-28 12:00:00     | standard            | 36           | 2000-03-01T00:00",
        "Hours since 1900-01-01 00:00:0.0    | gregorian           | 1e6          | 2014-01-29T16:00",
        "minutes since 2014-01-01T06:30:15Z  | standard            | -0.5         | 2014-01-01T06:29:45",
        "seconds since 1981-01-01 00:00:00   | standard            | 1041379200   | 2014-01-01T00:00",
        "seconds since 2014-01-01 00:00:00.5 | standard            | 0.000001     | 2014-01-01T00:00:00.500001",
        "days since 2014-01-01 12:00 +6:00   | standard            | 0.25         | 2014-01-01T12:00",
        "days since 2014-01-01 12:00 -0330   | standard            | 0            | 2014-01-01T15:30",
        "days since 2014-01-01 12:00 UTC     | standard            | 0            | 2014-01-01T12:00",
        "day since 2012-02-28                | standard            | 1.0416666667 | 2012-02-29T01:00:00.000003",
        "days since 2000-01-01               | noleap              | 59           | 2000-03-01T00:00",
        "days since 2000-01-01               | 365_day             | 425          | 2001-03-02T00:00",
        "days since 1850-01-01 06:00:00      | noleap              | 59859.25     | 2013-12-31T12:00",
        "days since 0000-01-01               | noleap              | -1           | -0001-12-31T00:00",
        "minutes since 2004-02-28 23:30 +1   | noleap              | 120          | 2004-03-01T00:30",
        "days since 2000-01-01               | all_leap            | 425          | 2001-02-29T00:00",
        "days since 2001-02-29               | 366_day             | 1            | 2001-03-01T00:00",
        "days since 2000-01-01               | 360_day             | 59           | 2000-02-30T00:00",
        "days since 2000-02-30               | 360_DAY             | 360          | 2001-02-30T00:00",
        "days since 0001-01-01               | 360_day             | 724650.5     | 2013-12-01T12:00",
        "hours since 1970-01-01 00:00:00     | 360_day             | -1           | 1969-12-30T23:00",
        "seconds since 1999-12-30 23:59:59   | 360_day             | 1            | 2000-01-01T00:00",
    })
    void valueIsDecoded(String units, String calendar, double value, String expected) {
        assertEquals(expected, decode(units, calendar, value).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"julian", "none", "utc", "365_days"})
    void otherCalendarsAreNamed(String calendar) {
        assertDataException(() -> decode("days since 2000-01-01", calendar, 0), "x.nc", "\"" + calendar + "\"",
                "standard, gregorian, proleptic_gregorian, noleap, 365_day, all_leap, 366_day, 360_day");
    }

    @ParameterizedTest
    @ValueSource(strings = {"months since 2000-01-01", "years since 2000-01-01", "days", "days since yesterday",
        "days since 2000-02-30", "days since 2000-13-01", "days since 2000-01-01 25:00:00", "degrees_north", "",
        "days since 0000-01-01", "days since 1500-02-30"})
    void unusableUnitsAreRefused(String units) {
        assertDataException(() -> decode(units, "standard", 0), "\"" + units + "\"", "Expected \"days|hours|");
    }

    @ParameterizedTest
    @CsvSource({"days since 2000-01-31, 360_day", "days since 2000-02-29, noleap", "days since 2001-02-30, all_leap"})
    void unitsMustBeDatesOfTheirCalendar(String units, String calendar) {
        assertDataException(() -> decode(units, calendar, 0), units, calendar + " has no " + units.substring(11));
    }

    @Test
    void otherCalendarsGiveTheirOwnDates(@TempDir Path folder) {
        Path path = write(folder, "days since 2014-01-30", Optional.of("360_day"), Optional.empty(), new double[4]);
        try (NetcdfFile file = NetcdfFile.open(path)) {
            TimeAxis axis = TimeAxis.read(file, "time");
            assertEquals(CfCalendar.DAYS_360, axis.calendar());
            assertEquals("2014-01-30", axis.date(0).toString());
            assertEquals(new CalendarDate(2014, 3, 1), axis.calendarDate(1));
        }
        path = write(folder, "days since 2014-01-29", Optional.of("360_day"), Optional.empty(), new double[4]);
        try (NetcdfFile file = NetcdfFile.open(path)) {
            TimeAxis axis = TimeAxis.read(file, "time");
            assertEquals(new CalendarDate(2014, 2, 30), axis.calendarDate(1));
            assertDataException(() -> axis.date(1), "step 1", "2014-02-30", "360_day", "standard calendar");
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 1e300, -1e15})
    void implausibleValuesAreRefused(double value) {
        assertDataException(() -> decode("days since 2000-01-01", "standard", value), "step 0", "" + value, "finite");
    }

    @Test
    void datesBeforeTheReformAreRefusedInTheStandardCalendar() {
        assertDataException(() -> decode("days since 1582-10-15", "standard", -1), "1582-10-14", "proleptic_gregorian");
        assertEquals("1582-10-14T00:00", decode("days since 1582-10-15", "proleptic_gregorian", -1).toString());
    }

    @Test
    void boundsTakeTheUnitsOfTheirCoordinate(@TempDir Path folder) {
        Path path = write(folder, "days since 2014-01-01", Optional.of("bnds"), new double[] {0, 31, 31, 59});
        try (NetcdfFile file = NetcdfFile.open(path)) {
            TimeAxis axis = TimeAxis.of(file, file.variable("sst"));
            assertEquals(2, axis.size());
            assertEquals(CfCalendar.STANDARD, axis.calendar());
            assertEquals("2014-02-01", axis.date(1).toString());
            assertEquals(Optional.of(List.of(new TimeAxis.Interval(firstOf(1), firstOf(2)),
                    new TimeAxis.Interval(firstOf(2), firstOf(3)))), axis.bounds());
        }
    }

    private static CalendarTime firstOf(int month) {
        return new CalendarTime(new CalendarDate(2014, month, 1), LocalTime.MIDNIGHT);
    }

    @Test
    void boundsOfAnotherSizeAreRefused(@TempDir Path folder) {
        Path path = write(folder, "days since 2014-01-01", Optional.of("sst"), new double[4]);
        try (NetcdfFile file = NetcdfFile.open(path)) {
            assertDataException(() -> TimeAxis.read(file, "time"), "\"sst\"", "[2]", "expected [2, 2]");
        }
    }

    @Test
    void missingUnitsAndMissingCoordinateAreRefused(@TempDir Path folder) {
        Path path = write(folder, "", Optional.empty(), new double[4]);
        try (NetcdfFile file = NetcdfFile.open(path)) {
            assertDataException(() -> TimeAxis.read(file, "time"), "time", "units");
            assertDataException(() -> TimeAxis.read(file, "sst"), "\"sst\"", "no units");
            assertDataException(() -> TimeAxis.read(file, "hour"), "no variable \"hour\"");
            assertDataException(() -> TimeAxis.read(file, "bnds"), "bnds");
        }
        try (NetcdfFile file = NetcdfFixtures.open("cdf1.nc")) {
            assertDataException(() -> TimeAxis.of(file, file.variable("scalar")), "scalar");
        }
    }

    private static Path write(Path folder, String units, Optional<String> bounds, double[] boundsValues) {
        return write(folder, units, Optional.empty(), bounds, boundsValues);
    }

    private static Path write(Path folder, String units, Optional<String> calendar, Optional<String> bounds,
            double[] boundsValues) {
        Path path = folder.resolve("time.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(path)) {
            writer.dimension("time", 2);
            writer.dimension("nv", 2);
            Map<String, AttributeValue> attributes = new LinkedHashMap<>();
            attributes.put("units", AttributeValue.of(units));
            calendar.ifPresent(name -> attributes.put("calendar", AttributeValue.of(name)));
            bounds.ifPresent(name -> attributes.put("bounds", AttributeValue.of(name)));
            var time = writer.variable("time", NetcdfType.DOUBLE, List.of("time"), attributes);
            var bnds = writer.variable("bnds", NetcdfType.DOUBLE, List.of("time", "nv"), Map.of());
            var sst = writer.variable("sst", NetcdfType.FLOAT, List.of("time"), Map.of());
            time.write(new double[] {0, 31});
            bnds.write(boundsValues);
            sst.write(new float[2]);
            writer.commit();
        }
        return path;
    }
}
