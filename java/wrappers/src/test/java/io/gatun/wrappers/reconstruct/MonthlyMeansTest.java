// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.InterruptedRunException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Means and days of each month from one pass. */
class MonthlyMeansTest {
    private static final LocalDate FIRST = LocalDate.of(2014, 1, 1);

    @TempDir
    private Path folder;

    private MonthlyMeans means(DailyFixture fixture) {
        try (DailyFiles input = DailyFiles.open(
                List.of(fixture.write(folder.resolve("daily.nc"))), DailyFiles.Options.none())) {
            return MonthlyMeans.compute(new ModelOrder(input), input.months(), ProgressListener.none());
        }
    }

    private static DailyFixture random(int seed) {
        Random random = new Random(seed);
        boolean[] land = new boolean[DailyFixture.CELLS];
        for (int cell = 0; cell < land.length; cell++) {
            land[cell] = random.nextInt(5) == 0;
        }
        float[] values = new float[62 * DailyFixture.CELLS];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(3) > 0 ? Float.NaN : 15 + 5 * random.nextFloat();
        }
        int days = 32 + random.nextInt(28);
        return DailyFixture.of(FIRST, FIRST.plusDays(days - 1)).withLand(land)
                .withValues((date, cell) -> values[(date.getDayOfYear() - 1) * DailyFixture.CELLS + cell]);
    }

    @Test
    void meansAndDaysMatchBruteForce() {
        for (int seed = 0; seed < 20; seed++) {
            DailyFixture fixture = random(seed);
            double lowest = Double.MAX_VALUE;
            double highest = -Double.MAX_VALUE;
            try (MonthlyMeans means = means(fixture)) {
                for (int month = 0; month < 2; month++) {
                    double[] mean = means.means(month, 0, 4);
                    int[] days = means.days(month, 0, 4);
                    for (int cell = 0; cell < DailyFixture.CELLS; cell++) {
                        List<Float> values = values(fixture, month + 1, cell);
                        String where = "seed " + seed + ", month " + month + ", cell " + cell;
                        assertEquals(values.size(), days[cell], where);
                        assertEquals(values.stream().mapToDouble(v -> v).average().orElse(0), mean[cell], 1e-9, where);
                        for (float value : values) {
                            lowest = Math.min(lowest, value);
                            highest = Math.max(highest, value);
                        }
                    }
                    double[] rows = means.means(month, 1, 3);
                    assertEquals(12, rows.length);
                    assertEquals(mean[6], rows[0]);
                    assertEquals(mean[17], rows[11]);
                    assertEquals(days[17], means.days(month, 1, 3)[11]);
                }
                assertEquals(lowest, means.lowest());
                assertEquals(highest, means.highest());
            }
        }
    }

    private static List<Float> values(DailyFixture fixture, int month, int cell) {
        List<Float> result = new ArrayList<>();
        for (LocalDate date : fixture.dates()) {
            float value = fixture.values().at(date, cell);
            if (date.getMonthValue() == month && !fixture.land().orElseThrow()[cell] && !Float.isNaN(value)) {
                result.add(value);
            }
        }
        return result;
    }

    @Test
    void aMonthWithoutObservationsAtSeaIsNotObserved() {
        DailyFixture twoMonths = DailyFixture.of(FIRST, LocalDate.of(2014, 2, 28));
        try (MonthlyMeans means = means(twoMonths.withValues((date, cell) ->
                date.getMonthValue() == 2 && cell == 8 ? 3 : Float.NaN))) {
            assertFalse(means.isObserved(0));
            assertTrue(means.isObserved(1));
            assertTrue(means.isEverObserved(8));
            assertFalse(means.isEverObserved(9));
        }
    }

    @Test
    void aValueOnLandIsNone() {
        // The file has values everywhere; another file's mask says that all cells but one are land.
        Path values = DailyFixture.of(FIRST, FIRST.plusDays(1)).withoutLand().withValues((_, cell) -> cell)
                .write(folder.resolve("daily.nc"));
        boolean[] land = new boolean[DailyFixture.CELLS];
        java.util.Arrays.fill(land, true);
        land[23] = false;
        Path mask = DailyFixture.of(FIRST, FIRST).withLand(land).write(folder.resolve("mask.nc"));
        try (DailyFiles input = DailyFiles.open(List.of(values),
                        new DailyFiles.Options(java.util.Optional.empty(), java.util.Optional.of(mask)));
                MonthlyMeans means = MonthlyMeans.compute(new ModelOrder(input), List.of(YearMonth.of(2014, 1)),
                        ProgressListener.none())) {
            for (int cell = 0; cell < land.length; cell++) {
                assertEquals(land[cell] ? 0 : 2, means.days(0, 0, 4)[cell], "cell " + cell);
            }
            assertEquals(23, means.lowest());
            assertEquals(23, means.highest());
        }
    }

    @Test
    void anInterruptEndsReadingOfTheTemporaryFile() {
        try (MonthlyMeans means = means(DailyFixture.of(FIRST, FIRST.plusDays(40)))) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedRunException.class, () -> means.means(0, 0, 4));
            assertTrue(Thread.interrupted(), "the interrupt must stay set");
        }
    }
}
