// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.models.climanet.MonthlyInput;
import io.gatun.models.climanet.PaddedDays;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job on small files. */
class MonthlyReconstructionTest {
    private static final int CELLS = DailyFixture.CELLS;
    private static final LocalDate FIRST = LocalDate.of(2014, 1, 1);
    private static final DailyFixture TWO_MONTHS = DailyFixture.of(FIRST, LocalDate.of(2014, 2, 28));

    @TempDir
    private Path folder;

    private MonthlyMaps run(DailyFixture... fixtures) {
        List<Path> files = new ArrayList<>();
        for (DailyFixture fixture : fixtures) {
            files.add(fixture.write(folder.resolve("daily" + files.size() + ".nc")));
        }
        return run(files, DailyFiles.Options.none(), ProgressListener.none());
    }

    private MonthlyMaps run(DailyFixture fixture, RunOptions options) {
        return SmallCheckpoint.reconstruct(List.of(fixture.write(folder.resolve("daily.nc"))), options);
    }

    private static MonthlyMaps run(List<Path> files, DailyFiles.Options options, ProgressListener progress) {
        try (DailyFiles input = DailyFiles.open(files, options); MonthlyReconstruction reconstruction =
                MonthlyReconstruction.of(SmallCheckpoint.of(SmallCheckpoint.configuration()),
                        Preprocessing.of(SmallCheckpoint.of(SmallCheckpoint.configuration())).orElseThrow(),
                        Device.cpu())) {
            return reconstruction.reconstruct(input, progress);
        }
    }

    private static void assertSameMaps(MonthlyMaps expected, MonthlyMaps actual) {
        assertEquals(expected.months(), actual.months());
        for (int month = 0; month < expected.months().size(); month++) {
            assertArrayEquals(expected.reconstruction(month), actual.reconstruction(month));
            assertArrayEquals(expected.meanOfObservations(month), actual.meanOfObservations(month));
            assertArrayEquals(expected.observedDays(month), actual.observedDays(month));
        }
    }

    /** Means of the days, elsewhere of all observed cells by the fourth power of their distance. */
    private static double[] baseline(List<float[]> days, boolean[] land) {
        double[] mean = new double[CELLS];
        boolean[] observed = new boolean[CELLS];
        for (int cell = 0; cell < CELLS; cell++) {
            int count = 0;
            for (float[] day : days) {
                mean[cell] += Float.isNaN(day[cell]) ? 0 : day[cell];
                count += Float.isNaN(day[cell]) ? 0 : 1;
            }
            observed[cell] = count > 0;
            mean[cell] /= Math.max(1, count);
        }
        double[] result = mean.clone();
        for (int cell = 0; cell < CELLS; cell++) {
            double sum = 0;
            double weights = 0;
            for (int other = 0; other < CELLS; other++) {
                int rows = other / DailyFixture.WIDTH - cell / DailyFixture.WIDTH;
                int columns = other % DailyFixture.WIDTH - cell % DailyFixture.WIDTH;
                double squared = rows * rows + columns * columns;
                if (observed[other]) {
                    sum += 1 / (squared * squared) * mean[other];
                    weights += 1 / (squared * squared);
                }
            }
            result[cell] = observed[cell] || land[cell] ? mean[cell] : sum / weights;
        }
        return result;
    }

    /** The recipe written down once more: mean plus scaled prediction of the normalised days. */
    private static double[][] byHand(DailyFixture fixture, YearMonth... months) {
        boolean[] land = fixture.land().orElseThrow();
        float[] data = new float[months.length * 31 * CELLS];
        boolean[] missing = new boolean[data.length];
        boolean[] padded = new boolean[months.length * 31];
        double[][] result = new double[months.length][];
        for (int m = 0; m < months.length; m++) {
            List<float[]> days = new ArrayList<>();
            for (int d = 0; d < 31; d++) {
                int slot = m * 31 + d;
                YearMonth month = months[m];
                int dayOfMonth = d + 1;
                Optional<LocalDate> date = fixture.dates().stream().filter(day -> YearMonth.from(day).equals(month)
                        && day.getDayOfMonth() == dayOfMonth).findFirst();
                padded[slot] = date.isEmpty();
                float[] day = new float[CELLS];
                for (int cell = 0; cell < CELLS; cell++) {
                    day[cell] = date.isEmpty() || land[cell] ? Float.NaN : fixture.values().at(date.get(), cell);
                    missing[slot * CELLS + cell] = Float.isNaN(day[cell]) && !land[cell];
                    data[slot * CELLS + cell] = Float.isNaN(day[cell]) ? 0
                            : (float) ((day[cell] - SmallCheckpoint.MEAN) / SmallCheckpoint.STD);
                }
                days.add(day);
            }
            result[m] = baseline(days, land);
        }
        long[] shape = {1, 1, months.length, 31, 4, DailyFixture.WIDTH};
        try (SpatioTemporalModel model = SpatioTemporalModel.load(
                SmallCheckpoint.of(SmallCheckpoint.configuration()), Device.cpu());
                Scope scope = Scope.open(Device.cpu())) {
            float[] residual = model.forward(scope, scope.of(data, shape), scope.ofBooleans(missing, shape),
                    MonthlyInput.none().withLandMask(scope.ofBooleans(land, 1, 4, DailyFixture.WIDTH))
                            .withPaddedDays(new PaddedDays(1, months.length, 31, padded))
                            .withMonths(Arrays.stream(months).map(YearMonth::getMonthValue).toList())).toFloatArray();
            for (int i = 0; i < residual.length; i++) {
                int cell = i % CELLS;
                result[i / CELLS][cell] = land[cell] ? Double.NaN
                        : result[i / CELLS][cell] + residual[i] * SmallCheckpoint.RESIDUAL_SCALE;
            }
        }
        return result;
    }

    private static void assertByHand(DailyFixture fixture, MonthlyMaps maps) {
        double[][] expected = byHand(fixture, maps.months().toArray(YearMonth[]::new));
        for (int month = 0; month < expected.length; month++) {
            float[] map = maps.reconstruction(month);
            for (int cell = 0; cell < CELLS; cell++) {
                // The grid is one window: to the last bit.
                assertEquals((float) expected[month][cell], map[cell], maps.months().get(month) + ", cell " + cell);
            }
        }
    }

    @Test
    void mapsAreTheBaselinePlusTheScaledPrediction() {
        MonthlyMaps maps = run(TWO_MONTHS);
        assertEquals(List.of(YearMonth.of(2014, 1), YearMonth.of(2014, 2)), maps.months());
        assertEquals("degree_Celsius", maps.units());
        assertEquals(List.of(), maps.notes());
        assertByHand(TWO_MONTHS, maps);
        double apart = 0;
        for (int cell = 0; cell < CELLS; cell++) {
            boolean land = maps.land()[cell];
            assertEquals(land, Float.isNaN(maps.reconstruction(0)[cell]));
            int at = cell;
            long observed = FIRST.datesUntil(FIRST.plusMonths(1))
                    .filter(date -> !land && !Float.isNaN(DailyFixture.usual(date, at))).count();
            assertEquals(observed, maps.observedDays(0)[cell], "cell " + cell);
            apart = land ? apart : Math.max(apart,
                    Math.abs(maps.reconstruction(0)[cell] - maps.meanOfObservations(0)[cell]));
        }
        assertTrue(apart > 0.01, "the model says nothing: " + apart);
    }

    @Test
    void severalFilesInAnyOrderAreOne() {
        DailyFixture early = DailyFixture.of(FIRST, LocalDate.of(2014, 1, 20));
        DailyFixture late = DailyFixture.of(LocalDate.of(2014, 1, 21), LocalDate.of(2014, 2, 28));
        MonthlyMaps whole = run(TWO_MONTHS);
        assertSameMaps(whole, run(early, late));
        assertSameMaps(whole, run(late, early));
    }

    @Test
    void aMonthThatTheFilesLackIsLeftOut() {
        List<LocalDate> dates = new ArrayList<>(FIRST.datesUntil(LocalDate.of(2014, 2, 1)).toList());
        dates.addAll(LocalDate.of(2014, 3, 1).datesUntil(LocalDate.of(2014, 4, 1)).toList());
        DailyFixture gap = TWO_MONTHS.withDates(dates);
        MonthlyMaps maps = run(gap);
        assertEquals(List.of(YearMonth.of(2014, 1), YearMonth.of(2014, 3)), maps.months());
        // March is month 3 to the model, though it is the second in the input.
        assertByHand(gap, maps);
    }

    @Test
    void aFileThatStartsInMarchIsMarchToTheModel() {
        DailyFixture spring = DailyFixture.of(LocalDate.of(2014, 3, 1), LocalDate.of(2014, 4, 30));
        MonthlyMaps maps = run(spring);
        assertEquals(List.of(YearMonth.of(2014, 3), YearMonth.of(2014, 4)), maps.months());
        assertByHand(spring, maps);
    }

    @Test
    void theOrderInWhichMonthsAreAskedForChangesNothing() {
        YearMonth january = YearMonth.of(2014, 1);
        YearMonth february = YearMonth.of(2014, 2);
        MonthlyMaps whole = run(TWO_MONTHS);
        for (List<YearMonth> order : List.of(List.of(january, february), List.of(february, january))) {
            assertSameMaps(whole, run(TWO_MONTHS, RunOptions.defaults().withMonths(new LinkedHashSet<>(order))));
        }
    }

    @Test
    void aWindowOfTheGridsSizeIsTheWholeGridWhateverTheOverlap() {
        Preprocessing unstated = Preprocessing.residual(SmallCheckpoint.MEAN, SmallCheckpoint.STD, "degree_Celsius",
                SmallCheckpoint.RESIDUAL_SCALE);
        List<Path> files = List.of(TWO_MONTHS.write(folder.resolve("daily.nc")));
        MonthlyMaps whole = SmallCheckpoint.reconstruct(files, RunOptions.defaults(), unstated);
        assertByHand(TWO_MONTHS, whole);
        for (int overlap : new int[] {0, 1, 3}) {
            assertSameMaps(whole, SmallCheckpoint.reconstruct(files,
                    RunOptions.defaults().withWindow(4, 6).withOverlap(overlap), unstated));
        }
    }

    @Test
    void aMonthWithoutAnyValueIsLeftOutWithANote() {
        MonthlyMaps maps = run(TWO_MONTHS.withValues((date, cell) ->
                date.getMonthValue() == 1 ? Float.NaN : DailyFixture.usual(date, cell)));
        assertEquals(List.of(YearMonth.of(2014, 2)), maps.months());
        assertEquals(1, maps.notes().size());
        assertTrue(maps.notes().get(0).contains("2014-01") && maps.notes().get(0).contains("31 days"),
                maps.notes().get(0));
    }

    @Test
    void aDayWithoutTimeStepIsPaddedAndADayWithoutValuesIsMissing() {
        LocalDate day = LocalDate.of(2014, 1, 10);
        DailyFixture absent = TWO_MONTHS.withDates(
                TWO_MONTHS.dates().stream().filter(date -> !date.equals(day)).toList());
        DailyFixture empty = TWO_MONTHS.withValues((date, cell) ->
                date.equals(day) ? Float.NaN : DailyFixture.usual(date, cell));
        MonthlyMaps padded = run(absent);
        MonthlyMaps missing = run(empty);
        assertByHand(absent, padded);
        assertByHand(empty, missing);
        assertArrayEquals(padded.meanOfObservations(0), missing.meanOfObservations(0));
        assertFalse(Arrays.equals(padded.reconstruction(0), missing.reconstruction(0)));
    }

    @Test
    void yearsAreSamplesOfTheirOwn() {
        LocalDate december = LocalDate.of(2013, 12, 1);
        DailyFixture before = DailyFixture.of(december, LocalDate.of(2013, 12, 31));
        MonthlyMaps together = run(before, TWO_MONTHS);
        MonthlyMaps alone = run(TWO_MONTHS);
        assertEquals(YearMonth.of(2013, 12), together.months().get(0));
        for (int month = 0; month < 2; month++) {
            assertArrayEquals(alone.reconstruction(month), together.reconstruction(month + 1));
        }
        assertArrayEquals(run(before).reconstruction(0), together.reconstruction(0));
    }

    @Test
    void anInputWithoutAnyValueIsRefused() {
        String text = assertThrows(DataException.class, () -> run(TWO_MONTHS.withValues((_, _) -> Float.NaN)))
                .getMessage();
        assertTrue(text.contains("59 days") && text.contains("2014-01-01 to 2014-02-28"), text);
    }

    @Test
    void otherUnitsAreRefusedAndOtherSpellingsAreNot() {
        String text = assertThrows(DataException.class, () -> run(TWO_MONTHS.withUnits("degF"))).getMessage();
        assertTrue(text.contains("\"sst\" is in degF") && text.contains("wants degree_Celsius. Convert"), text);
        assertSameMaps(run(TWO_MONTHS), run(TWO_MONTHS.withUnits("degC")));
        assertEquals("degC", run(TWO_MONTHS.withUnits("degC")).units());
    }

    @Test
    void daysOfTheInputAreCountedByMonth() {
        DailyFixture partial = DailyFixture.of(LocalDate.of(2014, 1, 22), LocalDate.of(2014, 2, 4));
        MonthlyMaps maps = run(partial);
        assertEquals(List.of(10, 4), List.of(maps.inputDays(0), maps.inputDays(1)));
    }

    @Test
    void aMaskOfAnotherGridIsRefused() {
        DailyFixture odd = TWO_MONTHS.withoutLand();
        Path mask = DailyFixture.of(FIRST, FIRST).withLat(-40.25, -39.75, -39.25, -38.75)
                .write(folder.resolve("mask.nc"));
        String text = assertThrows(DataException.class, () -> run(List.of(odd.write(folder.resolve("odd.nc"))),
                new DailyFiles.Options(Optional.empty(), Optional.of(mask)), ProgressListener.none())).getMessage();
        assertTrue(text.contains("latitude -40.25 to") && text.contains("latitude -40.0 to"), text);
    }

    @Test
    void withoutAMaskCellsWithoutAnyValueAreLandFromSixtyDaysOnOrOnRequest() {
        String text = assertThrows(DataException.class, () -> run(TWO_MONTHS.withoutLand())).getMessage();
        assertTrue(text.contains("59 days") && text.contains("60") && text.contains("--land-mask")
                && text.contains("--land-from-data"), text);
        // Cell 9 never has a value; with the mask it is sea.
        boolean[] expected = new boolean[CELLS];
        expected[9] = true;
        DailyFixture sixty = DailyFixture.of(FIRST, LocalDate.of(2014, 3, 1)).withoutLand();
        MonthlyMaps maps = run(sixty);
        assertArrayEquals(expected, maps.land());
        assertEquals(List.of("no land mask: 1 of 24 cells have no value on any of 60 days and are taken for land"),
                maps.notes());
        MonthlyMaps asked = run(TWO_MONTHS.withoutLand(), RunOptions.defaults().withLandFromData());
        assertArrayEquals(expected, asked.land());
        assertTrue(asked.notes().getFirst().contains("59 days"), asked.notes().toString());
        assertSameMaps(run(TWO_MONTHS.withLand(expected)), asked);
    }

    @Test
    void anotherWindowThanInTrainingIsNoted() {
        MonthlyMaps maps = run(TWO_MONTHS, RunOptions.defaults().withWindow(6, 6));
        assertEquals(1, maps.notes().size());
        assertTrue(maps.notes().get(0).contains("6 x 6") && maps.notes().get(0).contains("4 x 6"),
                maps.notes().get(0));
        assertFalse(Arrays.equals(run(TWO_MONTHS).reconstruction(0), maps.reconstruction(0)),
                "the window is an input of the model");
        List<String> notes = run(TWO_MONTHS, RunOptions.defaults().withWindow(5, 6)).notes();
        assertTrue(notes.get(0).contains("windows of 5 rows") && notes.get(0).contains("padded to 6"),
                notes.toString());
    }

    @Test
    void windowsThatCannotBeAreRefused() {
        refusesWindow(RunOptions.defaults().withWindow(0, 6), "windows of 0 rows", "1 to 32");
        refusesWindow(RunOptions.defaults().withWindow(4, 34), "windows of 34 columns", "1 to 32");
        refusesWindow(RunOptions.defaults().withOverlap(4), "windows of 4", "overlap by 4");
        String text = assertThrows(ArgumentException.class, () -> RunOptions.defaults().withOverlap(-1)).getMessage();
        assertTrue(text.contains("-1") && text.contains("at least 0"), text);
    }

    private void refusesWindow(RunOptions options, String... parts) {
        String text = assertThrows(ArgumentException.class, () -> run(TWO_MONTHS, options)).getMessage();
        for (String part : parts) {
            assertTrue(text.contains(part), part + " is not in: " + text);
        }
    }

    @Test
    void monthsThatTheInputLacksAreRefused() {
        String text = assertThrows(DataException.class, () -> run(TWO_MONTHS,
                RunOptions.defaults().withMonths(Set.of(YearMonth.of(2014, 3))))).getMessage();
        assertTrue(text.contains("[2014-03]") && text.contains("2014-01 to 2014-02"), text);
    }

    @Test
    void progressCountsTheMonthsReadAndTheWindows() {
        List<String> steps = new ArrayList<>();
        run(List.of(TWO_MONTHS.write(folder.resolve("a.nc"))), DailyFiles.Options.none(),
                (step, done, total) -> steps.add(step + " " + done + "/" + total));
        assertEquals(List.of("reading 2014-01 0/2", "reading 2014-02 1/2", "reconstructing 2014 0/1",
                "reconstructing 2014 1/1"), steps);
    }

    @Test
    void anInterruptEndsTheRun() {
        List<Path> files = List.of(TWO_MONTHS.write(folder.resolve("a.nc")));
        for (int step = 0; step < 4; step++) {
            int[] left = {step};
            assertThrows(InterruptedRunException.class, () -> run(files, DailyFiles.Options.none(), (_, _, _) -> {
                if (left[0]-- == 0) {
                    Thread.currentThread().interrupt();
                }
            }), "at step " + step);
            assertTrue(Thread.interrupted(), "the interrupt must stay set");
        }
    }
}
