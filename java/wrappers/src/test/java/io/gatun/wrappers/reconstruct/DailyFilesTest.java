// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files make up an input, and what is said about those that do not. */
class DailyFilesTest {
    private static final DailyFixture JANUARY = DailyFixture.of(LocalDate.of(2014, 1, 1), LocalDate.of(2014, 1, 31));

    @TempDir
    private Path folder;

    private static DailyFiles open(DailyFiles.Options options, Path... files) {
        return DailyFiles.open(List.of(files), options);
    }

    private Path write(String name, DailyFixture fixture) {
        return fixture.write(folder.resolve(name));
    }

    private static void refuses(DailyFiles.Options options, List<Path> files, String... parts) {
        String text = assertThrows(DataException.class, () -> {
            try (DailyFiles input = DailyFiles.open(files, options)) {
                input.units();
            }
        }).getMessage();
        for (String part : parts) {
            assertTrue(text.contains(part), "\"" + part + "\" is not in: " + text);
        }
    }

    private static DailyFiles.Options variable(String name) {
        return new DailyFiles.Options(Optional.of(name), Optional.empty());
    }

    private static Map<Integer, float[]> month(DailyFiles input, int month) {
        return input.readMonth(YearMonth.of(2014, month), 0, 4, 0, DailyFixture.WIDTH);
    }

    @Test
    void stepsAreFoundByDateAndValuesAreUnpacked() {
        List<LocalDate> dates = List.of(LocalDate.of(2014, 1, 30), LocalDate.of(2014, 1, 2), LocalDate.of(2014, 2, 1));
        try (DailyFiles input = open(DailyFiles.Options.none(), write("a.nc", JANUARY.withDates(dates)))) {
            assertEquals(List.of(new CalendarDate(2014, 1, 2), new CalendarDate(2014, 1, 30),
                    new CalendarDate(2014, 2, 1)), input.dates());
            assertEquals("sst", input.variable());
            assertEquals("degree_Celsius", input.units());
            assertArrayEquals(JANUARY.land().orElseThrow(), input.landMask().orElseThrow());
            Map<Integer, float[]> january = month(input, 1);
            assertEquals(Set.of(2, 30), january.keySet());
            for (int day : january.keySet()) {
                for (int cell = 0; cell < DailyFixture.CELLS; cell++) {
                    float expected = input.isLand(cell) ? Float.NaN
                            : DailyFixture.usual(LocalDate.of(2014, 1, day), cell);
                    assertEquals(expected, january.get(day)[cell], "day " + day + ", cell " + cell);
                }
            }
            assertTrue(month(input, 3).isEmpty());
            float[] block = input.readMonth(YearMonth.of(2014, 1), 1, 2, 2, 3).get(2);
            assertArrayEquals(new float[] {january.get(2)[8], january.get(2)[9], january.get(2)[10],
                january.get(2)[14], january.get(2)[15], january.get(2)[16]}, block);
            float[] around = input.readMonth(YearMonth.of(2014, 1), 3, 1, 4, 3).get(30);
            assertArrayEquals(new float[] {january.get(30)[22], january.get(30)[23], january.get(30)[18]}, around);
        }
    }

    @Test
    void noFileAMissingFileAndAFileOfAnotherKindAreRefused() throws Exception {
        refuses(DailyFiles.Options.none(), List.of(), "no input file");
        refuses(DailyFiles.Options.none(), List.of(folder.resolve("absent.nc")), "absent.nc", "no such file");
        Path text = Files.writeString(folder.resolve("text.nc"), "no NetCDF at all");
        refuses(DailyFiles.Options.none(), List.of(text), "text.nc", "not a NetCDF file");
    }

    @Test
    void theStandardNameTellsTheVariableElseTheFieldsAreListed() {
        Path two = write("two.nc", JANUARY.withVariables("sst", "sst_smooth"));
        refuses(DailyFiles.Options.none(), List.of(two), "2 variables of standard_name",
                "[sst, sst_smooth]; expected one", "Name the variable (--variable)");
        try (DailyFiles input = open(variable("sst_smooth"), two)) {
            assertEquals("sst_smooth", input.variable());
        }
        Path unnamed = write("one.nc", JANUARY.withStandardName(""));
        refuses(DailyFiles.Options.none(), List.of(unnamed), "0 variables of standard_name sea_surface_temperature",
                "(--variable)", "the file has [sst]");
        try (DailyFiles input = open(variable("sst"), unnamed)) {
            assertEquals("sst", input.variable());
        }
        Path none = folder.resolve("none.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(none)) {
            writer.dimension("x", 1);
            writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[1]);
            writer.commit();
        }
        refuses(DailyFiles.Options.none(), List.of(none), "0 variables", "sea_surface_temperature", "the file has []");
    }

    @Test
    void landComesFromTheVariableOrAFile() {
        boolean[] land = new boolean[DailyFixture.CELLS];
        land[23] = true;
        Path mask = mask("mask.nc", "land_mask", DailyFixture.bytes(land));
        Path otherName = mask("other.nc", "landmask", DailyFixture.bytes(land));
        Path file = write("a.nc", JANUARY);
        Path bare = write("bare.nc", JANUARY.withoutLand());
        for (Path given : List.of(mask, otherName)) {
            for (Path daily : List.of(file, bare)) {
                try (DailyFiles input = open(new DailyFiles.Options(Optional.empty(), Optional.of(given)), daily)) {
                    assertArrayEquals(land, input.landMask().orElseThrow(), given + " with " + daily);
                }
            }
        }
        try (DailyFiles input = open(DailyFiles.Options.none(), bare)) {
            assertTrue(input.landMask().isEmpty());
            assertFalse(input.isLand(23));
        }
    }

    @Test
    void aMaskIsLaidOnTheGridByItsCoordinates() {
        boolean[] land = new boolean[36];
        land[3 * DailyFixture.WIDTH + 4] = true;
        // Two rows more than the input, and from north to south: row 3 is the input's row 1.
        Path mask = write("mask.nc", JANUARY.withLat(-38, -38.5, -39, -39.5, -40, -40.5).withLand(land));
        boolean[] expected = new boolean[DailyFixture.CELLS];
        expected[DailyFixture.WIDTH + 4] = true;
        try (DailyFiles input = open(new DailyFiles.Options(Optional.empty(), Optional.of(mask)),
                write("bare.nc", JANUARY.withoutLand()))) {
            assertArrayEquals(expected, input.landMask().orElseThrow());
        }
        refuses(new DailyFiles.Options(Optional.empty(),
                Optional.of(write("part.nc", JANUARY.withLat(-40, -39.5, -39).withLand(new boolean[18])))),
                List.of(write("bare.nc", JANUARY.withoutLand())), "part.nc", "3 x 6", "4 x 6", "all cells");
    }

    @Test
    void landThatIsNoMaskOfTheGridIsRefused() {
        Path bare = write("bare.nc", JANUARY.withoutLand());
        byte[] two = new byte[DailyFixture.CELLS];
        two[5] = 2;
        refuses(new DailyFiles.Options(Optional.empty(), Optional.of(mask("two.nc", "land_mask", two))), List.of(bare),
                "2.0", "1 on land and 0 on");
        refuses(new DailyFiles.Options(Optional.empty(), Optional.of(mask("small.nc", "land_mask", new byte[12]))),
                List.of(bare), "[2, 6]", "4 x 6");
        refuses(new DailyFiles.Options(Optional.empty(), Optional.of(mask("tiny.nc", "m", new byte[12]))),
                List.of(bare), "0 other maps of 4 x 6");
    }

    private Path mask(String name, String variable, byte[] values) {
        Path file = folder.resolve(name);
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("lat", values.length / DailyFixture.WIDTH);
            writer.dimension("lon", DailyFixture.WIDTH);
            writer.variable(variable, NetcdfType.BYTE, List.of("lat", "lon"), Map.of()).write(values);
            writer.commit();
        }
        return file;
    }

    @Test
    void filesThatDoNotFitEachOtherAreRefused() {
        Path january = write("january.nc", JANUARY);
        DailyFixture february = DailyFixture.of(LocalDate.of(2014, 2, 1), LocalDate.of(2014, 2, 28));
        Path shifted = write("shifted.nc", february.withLat(-40, -39.5, -39, -38.4));
        refuses(DailyFiles.Options.none(), List.of(january, shifted), "shifted.nc", "january.nc", "-38.4", "one grid");
        Path kelvin = write("kelvin.nc", february.withUnits("K"));
        refuses(DailyFiles.Options.none(), List.of(january, kelvin), "\"K\"", "\"degree_Celsius\"", "one unit");
        refuses(DailyFiles.Options.none(), List.of(write("none.nc", JANUARY.withUnits(""))), "none.nc", "\"units\"");
        Path noleap = GridFixture.of(JANUARY.lat(), new double[] {150, 150.5, 151, 151.5, 152, 152.5})
                .withCalendar(CfCalendar.NOLEAP).write(folder.resolve("noleap.nc"));
        refuses(DailyFiles.Options.none(), List.of(january, noleap), "noleap.nc", "calendar noleap", "standard",
                "one calendar");
    }

    @Test
    void severalStepsOnADateAreAveragedCellByCell() {
        LocalDate third = LocalDate.of(2014, 1, 3);
        DailyFixture.Values other = (_, cell) -> cell % 2 == 0 ? Float.NaN : 20 + cell;
        Path first = write("first.nc", JANUARY.withDates(List.of(third, third.plusDays(1))));
        Path second = write("second.nc", JANUARY.withDates(List.of(third)).withValues(other));
        Path twice = write("twice.nc", JANUARY.withDates(List.of(third, third)).withValues((_, cell) -> 30 + cell));
        try (DailyFiles input = open(DailyFiles.Options.none(), first, second, twice)) {
            assertEquals(2, input.dates().size());
            assertEquals(1, input.averagedDates());
            Map<Integer, float[]> days = month(input, 1);
            assertEquals(Set.of(3, 4), days.keySet());
            for (int cell = 0; cell < DailyFixture.CELLS; cell++) {
                float[] steps = {DailyFixture.usual(third, cell), other.at(third, cell), 30 + cell, 30 + cell};
                double sum = 0;
                int count = 0;
                for (float step : steps) {
                    sum += Float.isNaN(step) ? 0 : step;
                    count += Float.isNaN(step) ? 0 : 1;
                }
                float expected = input.isLand(cell) ? Float.NaN : (float) (sum / count);
                assertEquals(expected, days.get(3)[cell], 1e-5f, "cell " + cell);
                assertEquals(input.isLand(cell) ? Float.NaN : DailyFixture.usual(third.plusDays(1), cell),
                        days.get(4)[cell], "a date with one step, cell " + cell);
            }
        }
    }

    @Test
    void gridsMayDifferByRounding() {
        double[] lat = Arrays.stream(JANUARY.lat()).map(v -> (float) v + 1e-5).toArray();
        Path one = write("one.nc", JANUARY);
        Path other = write("other.nc",
                DailyFixture.of(LocalDate.of(2014, 2, 1), LocalDate.of(2014, 2, 3)).withLat(lat));
        try (DailyFiles input = open(DailyFiles.Options.none(), one, other)) {
            assertEquals(34, input.dates().size());
        }
    }
}
