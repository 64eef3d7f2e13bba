// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Daily values that go by place and date, on a grid of any size, order and calendar.
 *
 * @param lat latitudes in the order of the file
 * @param lon longitudes in the order of the file
 * @param calendar of the dates
 * @param dates one per step
 * @param level whether there is a level axis of length one
 * @param units of the values
 * @param field what a place has on a date, NaN for nothing
 * @param land where land is
 */
record GridFixture(double[] lat, double[] lon, CfCalendar calendar, List<CalendarDate> dates, boolean level,
        String units, Field field, Land land) {
    private static final float FILL = -999;

    /** longitude is from -180 to below 180. */
    interface Field {
        double at(CalendarDate date, double latitude, double longitude);
    }

    interface Land {
        boolean at(double latitude, double longitude);
    }

    /** January 2014, a third of the values missing, land in a corner. */
    static GridFixture of(double[] lat, double[] lon) {
        return new GridFixture(lat, lon, CfCalendar.STANDARD, days(CfCalendar.STANDARD, 2014, 1, 1), false,
                "degree_Celsius", GridFixture::gappy, (_, _) -> false);
    }

    /** Of the given size around Tasmania, half a degree a cell. */
    static GridFixture of(int height, int width) {
        return of(axis(-45, 0.5, height), axis(140, 0.5, width));
    }

    static double[] axis(double first, double step, int count) {
        return IntStream.range(0, count).mapToDouble(i -> first + i * step).toArray();
    }

    static double[] reversed(double[] axis) {
        return IntStream.range(0, axis.length).mapToDouble(i -> axis[axis.length - 1 - i]).toArray();
    }

    /** Every day of the months from the first to the last. */
    static List<CalendarDate> days(CfCalendar calendar, int year, int firstMonth, int lastMonth) {
        List<CalendarDate> result = new ArrayList<>();
        for (int month = firstMonth; month <= lastMonth; month++) {
            for (int day = 1; day <= calendar.daysInMonth(year, month); day++) {
                result.add(new CalendarDate(year, month, day));
            }
        }
        return result;
    }

    static double smooth(CalendarDate date, double latitude, double longitude) {
        return 15 + 4 * Math.sin(latitude / 7) + 3 * Math.cos(Math.toRadians(2 * longitude))
                + Math.sin((date.month() * 31 + date.day()) / 20.0);
    }

    static double gappy(CalendarDate date, double latitude, double longitude) {
        long mixed = (Math.round(latitude * 64) * 73_856_093L ^ Math.round(longitude * 64) * 19_349_663L
                ^ (date.month() * 31L + date.day()) * 83_492_791L) * 0x9E3779B97F4A7C15L;
        return (mixed >>> 33) % 3 == 0 ? Double.NaN : smooth(date, latitude, longitude);
    }

    GridFixture withCalendar(CfCalendar other) {
        return withDates(other, days(other, 2014, 1, 2));
    }

    GridFixture withMonths(int first, int last) {
        return withDates(calendar, days(calendar, 2014, first, last));
    }

    GridFixture withDates(CfCalendar other, List<CalendarDate> chosen) {
        return new GridFixture(lat, lon, other, chosen, level, units, field, land);
    }

    GridFixture withAxes(double[] latitudes, double[] longitudes) {
        return new GridFixture(latitudes, longitudes, calendar, dates, level, units, field, land);
    }

    GridFixture withField(Field other) {
        return new GridFixture(lat, lon, calendar, dates, level, units, other, land);
    }

    GridFixture withLand(Land other) {
        return new GridFixture(lat, lon, calendar, dates, level, units, field, other);
    }

    GridFixture withLevel() {
        return new GridFixture(lat, lon, calendar, dates, true, units, field, land);
    }

    GridFixture inKelvin() {
        return new GridFixture(lat, lon, calendar, dates, level, "K",
                (date, y, x) -> field.at(date, y, x) + 273.15, land);
    }

    int height() {
        return lat.length;
    }

    int width() {
        return lon.length;
    }

    Path write(Path file) {
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("time", dates.size());
            writer.dimension("depth", 1);
            writer.dimension("latitude", lat.length);
            writer.dimension("longitude", lon.length);
            NetcdfWriter.Variable time = writer.variable("time", NetcdfType.DOUBLE, List.of("time"),
                    texts("units", "days since 1970-01-01", "calendar", calendar.cfName()));
            NetcdfWriter.Variable latitude = writer.variable("latitude", NetcdfType.DOUBLE, List.of("latitude"),
                    texts("units", "degrees_north"));
            NetcdfWriter.Variable longitude = writer.variable("longitude", NetcdfType.DOUBLE, List.of("longitude"),
                    texts("units", "degrees_east"));
            Map<String, AttributeValue> attributes =
                    texts("standard_name", "sea_surface_temperature", "units", units);
            attributes.put("_FillValue", AttributeValue.of(FILL));
            NetcdfWriter.Variable values = writer.variable("tos", NetcdfType.FLOAT, level
                    ? List.of("time", "depth", "latitude", "longitude") : List.of("time", "latitude", "longitude"),
                    attributes);
            NetcdfWriter.Variable mask = writer.variable("land_mask", NetcdfType.BYTE,
                    List.of("latitude", "longitude"), Map.of());
            time.write(dates.stream().mapToDouble(calendar::epochDay).toArray());
            latitude.write(lat);
            longitude.write(lon);
            mask.write(DailyFixture.bytes(landCells()));
            for (CalendarDate date : dates) {
                values.write(day(date));
            }
            writer.commit();
        }
        return file;
    }

    private static Map<String, AttributeValue> texts(String... namesAndValues) {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            result.put(namesAndValues[i], AttributeValue.of(namesAndValues[i + 1]));
        }
        return result;
    }

    private double east(int column) {
        return lon[column] >= 180 ? lon[column] - 360 : lon[column];
    }

    boolean[] landCells() {
        boolean[] result = new boolean[lat.length * lon.length];
        for (int cell = 0; cell < result.length; cell++) {
            result[cell] = land.at(lat[cell / lon.length], east(cell % lon.length));
        }
        return result;
    }

    /** As written, with the fill value. */
    private float[] day(CalendarDate date) {
        boolean[] dry = landCells();
        float[] day = new float[dry.length];
        for (int cell = 0; cell < day.length; cell++) {
            double value = dry[cell] ? Double.NaN : field.at(date, lat[cell / lon.length], east(cell % lon.length));
            day[cell] = Double.isNaN(value) ? FILL : (float) value;
        }
        return day;
    }
}
