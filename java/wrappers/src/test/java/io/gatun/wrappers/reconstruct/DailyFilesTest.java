// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
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

    @Test
    void stepsAreFoundByDateAndValuesAreUnpacked() {
        List<LocalDate> dates = List.of(LocalDate.of(2014, 1, 30), LocalDate.of(2014, 1, 2), LocalDate.of(2014, 2, 1));
        try (DailyFiles input = open(DailyFiles.Options.none(), write("a.nc", JANUARY.withDates(dates)))) {
            assertEquals(dates.stream().sorted().toList(), input.dates());
            assertEquals("sst", input.variable());
            assertEquals("degree_Celsius", input.units());
            assertArrayEquals(JANUARY.land().orElseThrow(), input.land());
            Map<Integer, float[]> january = input.readMonth(YearMonth.of(2014, 1));
            assertEquals(Set.of(2, 30), january.keySet());
            for (int day : january.keySet()) {
                for (int cell = 0; cell < DailyFixture.CELLS; cell++) {
                    float expected = input.land()[cell] ? Float.NaN
                            : DailyFixture.usual(LocalDate.of(2014, 1, day), cell);
                    assertEquals(expected, january.get(day)[cell], "day " + day + ", cell " + cell);
                }
            }
            assertTrue(input.readMonth(YearMonth.of(2014, 3)).isEmpty());
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
    void anAbsentVariableIsNamedWithTheNearest() {
        Path file = write("a.nc", JANUARY);
        refuses(variable("sts"), List.of(file), "\"sts\"", "Did you mean \"sst\"", "land_mask(lat, lon)");
        refuses(variable("land_mask"), List.of(file), "land_mask", "(time, latitude, longitude)");
    }

    @Test
    void theStandardNameTellsTheVariableElseItMustBeTheOnlyField() {
        Path two = write("two.nc", JANUARY.withVariables("sst", "sst_smooth"));
        refuses(DailyFiles.Options.none(), List.of(two), "2 variables", "[sst, sst_smooth]", "name the variable");
        try (DailyFiles input = open(variable("sst_smooth"), two)) {
            assertEquals("sst_smooth", input.variable());
        }
        try (DailyFiles input = open(DailyFiles.Options.none(), write("one.nc", JANUARY.withStandardName("")))) {
            assertEquals("sst", input.variable());
        }
        Path none = folder.resolve("none.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(none)) {
            writer.dimension("x", 1);
            writer.variable("v", NetcdfType.INT, List.of("x"), Map.of()).write(new int[1]);
            writer.commit();
        }
        refuses(DailyFiles.Options.none(), List.of(none), "0 variables", "[v]", "sea_surface_temperature");
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
                    assertArrayEquals(land, input.land(), given + " with " + daily);
                }
            }
        }
        refuses(DailyFiles.Options.none(), List.of(bare), "bare.nc", "no variable \"land_mask\"", "Name a file");
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
        Path again = write("again.nc", JANUARY.withDates(List.of(LocalDate.of(2014, 1, 31))));
        refuses(DailyFiles.Options.none(), List.of(january, again), "again.nc", "2014-01-31", "january.nc",
                "one step a day");
        Path twice = write("twice.nc", JANUARY.withDates(List.of(LocalDate.of(2014, 1, 3), LocalDate.of(2014, 1, 3))));
        refuses(DailyFiles.Options.none(), List.of(twice), "2014-01-03");
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
