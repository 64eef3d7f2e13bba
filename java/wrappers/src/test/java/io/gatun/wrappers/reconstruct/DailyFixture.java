// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A small daily file on a grid of 4 x 6 cells, to be changed in one respect and written.
 *
 * @param variables names of the fields over (time, lat, lon); all have the same values
 * @param standardName of all fields, or empty text
 * @param units of all fields, or empty text
 * @param lat latitudes
 * @param dates one per step
 * @param land the variable {@code land_mask}, where there is one
 * @param values what a cell has on a day
 */
record DailyFixture(List<String> variables, String standardName, String units, double[] lat, List<LocalDate> dates,
        Optional<boolean[]> land, Values values) {
    static final int CELLS = 24;
    static final int WIDTH = 6;
    private static final float FILL = -999;

    /** NaN where there is no value. */
    interface Values {
        float at(LocalDate date, int cell);
    }

    /** Cells 0, 1 and 6 are land; a third of the other values is missing, and cell 9 always is. */
    static DailyFixture of(LocalDate first, LocalDate last) {
        boolean[] land = new boolean[CELLS];
        land[0] = land[1] = land[6] = true;
        return new DailyFixture(List.of("sst"), "sea_surface_temperature", "degree_Celsius",
                new double[] {-40, -39.5, -39, -38.5}, first.datesUntil(last.plusDays(1)).toList(), Optional.of(land),
                DailyFixture::usual);
    }

    static float usual(LocalDate date, int cell) {
        long day = date.toEpochDay();
        return cell == 9 || (day * 7 + cell * 5) % 3 == 0 ? Float.NaN
                : (float) (15 + 3 * Math.sin(day / 20.0 + cell) + cell / 10.0);
    }

    DailyFixture withVariables(String... names) {
        return new DailyFixture(List.of(names), standardName, units, lat, dates, land, values);
    }

    DailyFixture withStandardName(String name) {
        return new DailyFixture(variables, name, units, lat, dates, land, values);
    }

    DailyFixture withUnits(String other) {
        return new DailyFixture(variables, standardName, other, lat, dates, land, values);
    }

    DailyFixture withLat(double... other) {
        return new DailyFixture(variables, standardName, units, other, dates, land, values);
    }

    DailyFixture withDates(List<LocalDate> other) {
        return new DailyFixture(variables, standardName, units, lat, other, land, values);
    }

    DailyFixture withLand(boolean[] other) {
        return new DailyFixture(variables, standardName, units, lat, dates, Optional.of(other), values);
    }

    DailyFixture withoutLand() {
        return new DailyFixture(variables, standardName, units, lat, dates, Optional.empty(), values);
    }

    DailyFixture withValues(Values other) {
        return new DailyFixture(variables, standardName, units, lat, dates, land, other);
    }

    Path write(Path file) {
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("time", dates.size());
            writer.dimension("lat", lat.length);
            writer.dimension("lon", WIDTH);
            NetcdfWriter.Variable time = writer.variable("time", NetcdfType.INT, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 1970-01-01")));
            NetcdfWriter.Variable latitude = writer.variable("lat", NetcdfType.DOUBLE, List.of("lat"), Map.of());
            NetcdfWriter.Variable longitude = writer.variable("lon", NetcdfType.DOUBLE, List.of("lon"), Map.of());
            List<NetcdfWriter.Variable> fields = variables.stream().map(name -> writer.variable(
                    name, NetcdfType.FLOAT, List.of("time", "lat", "lon"), attributes())).toList();
            Optional<NetcdfWriter.Variable> mask = land.map(_ -> writer.variable(
                    "land_mask", NetcdfType.BYTE, List.of("lat", "lon"), Map.of()));
            time.write(dates.stream().mapToInt(date -> (int) date.toEpochDay()).toArray());
            latitude.write(lat);
            longitude.write(new double[] {150, 150.5, 151, 151.5, 152, 152.5});
            mask.ifPresent(variable -> variable.write(bytes(land.get())));
            fields.forEach(field -> dates.forEach(date -> field.write(day(date))));
            writer.commit();
        }
        return file;
    }

    private Map<String, AttributeValue> attributes() {
        Map<String, AttributeValue> result = new LinkedHashMap<>();
        result.put("long_name", AttributeValue.of("daily sea surface temperature"));
        if (!standardName.isEmpty()) {
            result.put("standard_name", AttributeValue.of(standardName));
        }
        if (!units.isEmpty()) {
            result.put("units", AttributeValue.of(units));
        }
        result.put("_FillValue", AttributeValue.of(FILL));
        return result;
    }

    private float[] day(LocalDate date) {
        float[] day = new float[lat.length * WIDTH];
        for (int cell = 0; cell < day.length; cell++) {
            float value = land.isPresent() && land.get()[cell] ? Float.NaN : values.at(date, cell);
            day[cell] = Float.isNaN(value) ? FILL : value;
        }
        return day;
    }

    static byte[] bytes(boolean[] flags) {
        byte[] result = new byte[flags.length];
        for (int i = 0; i < flags.length; i++) {
            result[i] = (byte) (flags[i] ? 1 : 0);
        }
        return result;
    }
}
