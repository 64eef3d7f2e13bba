// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CpuOptions;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.data.netcdf.CalendarDate;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that stream into a file: the same values as in memory, the months asked for, all or nothing. */
class RunToFileTest {
    private static final RunOptions WINDOW_8 = RunOptions.defaults().withWindow(8, 8).withOverlap(2);
    private static final YearMonth MARCH = YearMonth.of(2014, 3);

    @TempDir
    private Path folder;

    private static MonthlyMaps run(Path input, RunOptions options, Path target, ProgressListener progress) {
        Checkpoint checkpoint = SmallCheckpoint.of(SmallCheckpoint.configuration());
        try (DailyFiles files = DailyFiles.open(List.of(input), DailyFiles.Options.none());
                MonthlyReconstruction of = MonthlyReconstruction.of(
                        checkpoint, Preprocessing.of(checkpoint).orElseThrow(), Device.cpu())) {
            return of.reconstructTo(files, options, target, progress);
        }
    }

    private MonthlyMaps run(GridFixture fixture, RunOptions options) {
        return run(fixture.write(folder.resolve("daily.nc")), options, folder.resolve("out.nc"),
                ProgressListener.none());
    }

    private static void assertSameMaps(MonthlyMaps expected, MonthlyMaps actual) {
        assertEquals(expected.months(), actual.months());
        assertArrayEquals(expected.land(), actual.land());
        assertEquals(expected.notes(), actual.notes());
        for (int month = 0; month < expected.months().size(); month++) {
            assertArrayEquals(expected.reconstruction(month), actual.reconstruction(month));
            assertArrayEquals(expected.meanOfObservations(month), actual.meanOfObservations(month));
            assertArrayEquals(expected.observedDays(month), actual.observedDays(month));
        }
    }

    @Test
    void theFileHasTheBitsOfTheRunInMemory() {
        GridFixture fixture = GridFixture.of(21, 30).withMonths(1, 3).withLand((y, _) -> y < -44);
        for (boolean descending : new boolean[] {false, true}) {
            GridFixture ordered = descending
                    ? fixture.withAxes(GridFixture.reversed(fixture.lat()), fixture.lon()) : fixture;
            Path input = ordered.write(folder.resolve("daily.nc"));
            MonthlyMaps inMemory = SmallCheckpoint.reconstruct(List.of(input), WINDOW_8);
            Path target = folder.resolve("monthly.nc");
            assertSameMaps(inMemory, run(input, WINDOW_8, target, ProgressListener.none()));
            Path again = folder.resolve("again.nc");
            inMemory.write(again);
            try (NetcdfFile streamed = NetcdfFile.open(target); NetcdfFile written = NetcdfFile.open(again)) {
                for (String name : List.of("tos", "tos_mean_of_observations", "observed_days", "land_mask", "lat",
                        "lon", "time", "time_bnds")) {
                    assertArrayEquals(written.variable(name).readDoubles(),
                            streamed.variable(name).readDoubles(), name);
                }
            }
        }
    }

    @Test
    void aMonthOutOfAWholeYearIsThatMonthOfTheYear() {
        GridFixture year = GridFixture.of(12, 20).withMonths(1, 12);
        MonthlyMaps all = SmallCheckpoint.reconstruct(List.of(year.write(folder.resolve("year.nc"))), WINDOW_8);
        MonthlyMaps march = run(year, WINDOW_8.withMonths(Set.of(MARCH)));
        assertEquals(List.of(MARCH), march.months());
        assertArrayEquals(all.reconstruction(2), march.reconstruction(0));
        assertArrayEquals(all.meanOfObservations(2), march.meanOfObservations(0));
        assertArrayEquals(all.observedDays(2), march.observedDays(0));
        // The other months are seen all the same: March by itself is another sample.
        MonthlyMaps alone = SmallCheckpoint.reconstruct(
                List.of(year.withMonths(3, 3).write(folder.resolve("march.nc"))), WINDOW_8);
        assertArrayEquals(all.meanOfObservations(2), alone.meanOfObservations(0));
        assertFalse(Arrays.equals(all.reconstruction(2), alone.reconstruction(0)));
    }

    @Test
    void aFileThatStartsInMarchHasMarchsEncodings() {
        GridFixture.Field alike = (date, y, x) -> GridFixture.gappy(new CalendarDate(2014, 1, date.day()), y, x);
        MonthlyMaps march = SmallCheckpoint.reconstruct(List.of(GridFixture.of(12, 20).withField(alike)
                .withMonths(3, 3).write(folder.resolve("march.nc"))), WINDOW_8);
        MonthlyMaps january = SmallCheckpoint.reconstruct(List.of(GridFixture.of(12, 20).withField(alike)
                .withMonths(1, 1).write(folder.resolve("january.nc"))), WINDOW_8);
        assertArrayEquals(january.meanOfObservations(0), march.meanOfObservations(0));
        assertFalse(Arrays.equals(january.reconstruction(0), march.reconstruction(0)));
    }

    @Test
    void theCalendarOfTheInputIsThatOfTheOutput() {
        for (CfCalendar calendar : List.of(CfCalendar.NOLEAP, CfCalendar.DAYS_360, CfCalendar.STANDARD)) {
            MonthlyMaps maps = run(GridFixture.of(8, 8).withCalendar(calendar), WINDOW_8);
            assertEquals(List.of(YearMonth.of(2014, 1), YearMonth.of(2014, 2)), maps.months());
            try (NetcdfFile file = NetcdfFile.open(folder.resolve("out.nc"))) {
                assertEquals(calendar.cfName(), file.variable("time").text("calendar").orElseThrow());
                TimeAxis time = TimeAxis.of(file, file.variable("tos"));
                assertEquals(calendar, time.calendar());
                assertEquals(new CalendarDate(2014, 1, 1), time.calendarDate(0));
                assertEquals(new CalendarDate(2014, 2, 1), time.calendarDate(1));
                double[] bounds = file.variable("time_bnds").readDoubles();
                assertEquals(bounds[1], bounds[2], "the first month ends where the second starts");
                assertEquals(calendar.daysInMonth(2014, 1), bounds[1] - bounds[0]);
                assertEquals(calendar.daysInMonth(2014, 2), bounds[3] - bounds[2]);
                assertEquals(new CalendarDate(2014, 3, 1), calendar.date((long) bounds[3]));
            }
        }
    }

    @Test
    void severalStepsOnADateAreSaidInOneNote() {
        List<CalendarDate> days = GridFixture.days(CfCalendar.STANDARD, 2014, 1, 1);
        List<CalendarDate> twice = Stream.concat(days.stream(), days.stream().limit(5)).toList();
        GridFixture once = GridFixture.of(8, 8);
        MonthlyMaps maps = run(once.withDates(CfCalendar.STANDARD, twice), WINDOW_8);
        MonthlyMaps expected = SmallCheckpoint.reconstruct(List.of(once.write(folder.resolve("once.nc"))), WINDOW_8);
        List<String> more = maps.notes().stream().filter(note -> !expected.notes().contains(note)).toList();
        assertEquals(List.of("5 dates have several time steps; their mean counts, cell by cell"), more);
        assertArrayEquals(expected.reconstruction(0), maps.reconstruction(0), "the mean of a value and itself");
        assertArrayEquals(expected.observedDays(0), maps.observedDays(0), "days count, not steps");
    }

    @Test
    void cellsThatCannotBeFilledStayMissingWithANote() {
        // Only the first of 300 columns is observed: the rule for large grids reaches 40 cells.
        GridFixture fixture = GridFixture.of(4, 300).withField((date, y, x) ->
                x < 140.2 && x > 139.8 ? GridFixture.smooth(date, y, x) : Double.NaN);
        MonthlyMaps maps = run(fixture, WINDOW_8);
        float[] map = maps.reconstruction(0);
        int missing = 0;
        for (int cell = 0; cell < map.length; cell++) {
            int column = cell % 300;
            assertEquals(Float.isNaN(map[cell]), Float.isNaN(maps.meanOfObservations(0)[cell]));
            assertTrue(column > 40 ? Float.isNaN(map[cell]) : column > 30 || !Float.isNaN(map[cell]), "cell " + cell);
            missing += Float.isNaN(map[cell]) ? 1 : 0;
        }
        String note = missing + " sea cells and months have no observation within 40 cells: their mean of"
                + " observations stays missing";
        assertTrue(maps.notes().contains(note), maps.notes().toString());
        assertTrue(missing >= 4 * 259, "missing " + missing);
    }

    private List<String> filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void anInterruptAtAnyStepLeavesNothingAndASecondRunCompletes() throws IOException {
        Path input = GridFixture.of(12, 20).withMonths(1, 2).write(folder.resolve("daily.nc"));
        Path target = folder.resolve("monthly.nc");
        int[] steps = {0};
        MonthlyMaps whole = run(input, WINDOW_8, target, (_, _, _) -> steps[0]++);
        assertEquals(2 + 1 + 2 * 3, steps[0], "months read, the year, windows");
        float[] expected = whole.reconstruction(1);
        Files.delete(target);
        long temporary = temporaryFiles();
        for (int step = 0; step < steps[0]; step++) {
            int[] left = {step};
            assertThrows(InterruptedRunException.class, () -> run(input, WINDOW_8, target, (_, _, _) -> {
                if (left[0]-- == 0) {
                    Thread.currentThread().interrupt();
                }
            }), "at step " + step);
            assertTrue(Thread.interrupted(), "the interrupt must stay set");
            assertEquals(List.of("daily.nc"), filesInFolder(), "at step " + step);
        }
        assertEquals(temporary, temporaryFiles(), "temporary files must go");
        assertArrayEquals(expected, run(input, WINDOW_8, target, ProgressListener.none()).reconstruction(1));
    }

    private static long temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return files.filter(file -> file.getFileName().toString().endsWith(".means")).count();
        }
    }

    @Test
    void aTargetThatCannotBeAndWindowsThatCannotBeLeaveNothing() throws IOException {
        Path input = GridFixture.of(12, 20).write(folder.resolve("daily.nc"));
        Path target = folder.resolve("absent/monthly.nc");
        String text = assertThrows(OutputException.class,
                () -> run(input, WINDOW_8, target, ProgressListener.none())).getMessage();
        assertTrue(text.contains(target.toString()), text);
        Path fine = folder.resolve("monthly.nc");
        text = assertThrows(ArgumentException.class,
                () -> run(input, WINDOW_8.withOverlap(8), fine, ProgressListener.none())).getMessage();
        assertTrue(text.contains("windows of 8") && text.contains("overlap by 8"), text);
        assertThrows(DataException.class,
                () -> run(input, WINDOW_8.withMonths(Set.of(MARCH)), fine, ProgressListener.none()));
        assertEquals(List.of("daily.nc"), filesInFolder());
    }

    @Test
    void theNumberOfThreadsChangesNothing() {
        Path input = GridFixture.of(21, 30).withMonths(1, 2).write(folder.resolve("daily.nc"));
        Checkpoint checkpoint = SmallCheckpoint.of(SmallCheckpoint.configuration());
        MonthlyMaps usual = SmallCheckpoint.reconstruct(List.of(input), WINDOW_8);
        for (int threads : new int[] {1, 2, 5}) {
            try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(threads));
                    DailyFiles files = DailyFiles.open(List.of(input), DailyFiles.Options.none());
                    MonthlyReconstruction of = MonthlyReconstruction.of(
                            checkpoint, Preprocessing.of(checkpoint).orElseThrow(), device)) {
                assertSameMaps(usual, of.reconstruct(files, WINDOW_8, ProgressListener.none()));
            }
        }
    }

    @Test
    void manyThreadsOnOneModelGiveTheBitsOfOne() throws Exception {
        Path input = GridFixture.of(21, 30).write(folder.resolve("daily.nc"));
        Checkpoint checkpoint = SmallCheckpoint.of(SmallCheckpoint.configuration());
        float[] expected = SmallCheckpoint.reconstruct(List.of(input), WINDOW_8).reconstruction(0);
        try (MonthlyReconstruction of = MonthlyReconstruction.of(
                        checkpoint, Preprocessing.of(checkpoint).orElseThrow(), Device.cpu());
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<float[]>> results = IntStream.range(0, 16).mapToObj(i -> threads.submit(() -> {
                try (DailyFiles files = DailyFiles.open(List.of(input), DailyFiles.Options.none())) {
                    return of.reconstructTo(files, WINDOW_8, folder.resolve("out" + i + ".nc"),
                            ProgressListener.none()).reconstruction(0);
                }
            })).toList();
            for (Future<float[]> result : results) {
                assertArrayEquals(expected, result.get());
            }
        }
    }
}
