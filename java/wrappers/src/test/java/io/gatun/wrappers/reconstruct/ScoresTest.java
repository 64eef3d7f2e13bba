// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scores of maps made by hand, with errors that can be summed by hand. */
class ScoresTest {
    private static final float NAN = Float.NaN;
    private static final LocalDate JANUARY = LocalDate.of(2014, 1, 1);
    private static final LocalDate FEBRUARY = LocalDate.of(2014, 2, 1);

    @TempDir
    private Path folder;

    /** One row of six cells: cell 0 is land, cell 5 was never observed. */
    private static DailyFixture row(LocalDate... dates) {
        return new DailyFixture(List.of("sst"), "sea_surface_temperature", "degree_Celsius", new double[] {-40},
                List.of(dates), Optional.of(new boolean[] {true, false, false, false, false, false}), (_, _) -> 10);
    }

    @Test
    void cellsThatStayedMissingDoNotCount() {
        Path file = truth("truth.nc", row(FEBRUARY), new float[] {NAN, 20, 20, 20, 20, 18});
        MonthlyMaps maps = maps(new float[] {NAN, 21, NAN, 20, 20, 20});
        assertScore(5, 3, 4, Scores.of(maps, Scores.Truth.read(List.of(file), maps)).reconstruction());
    }

    private MonthlyMaps maps() {
        return maps(new float[] {NAN, 21, 20, 20, 20, 20});
    }

    private MonthlyMaps maps(float[] february) {
        try (DailyFiles input = DailyFiles.open(List.of(
                row(JANUARY, JANUARY.plusDays(1), FEBRUARY).write(folder.resolve("daily.nc"))),
                DailyFiles.Options.none())) {
            MonthlyMaps.InMemory maps = new MonthlyMaps.InMemory(new MonthlyLayout(input.grid(), input.calendar(),
                    input.landMask().orElseThrow(), List.of(YearMonth.of(2014, 1), YearMonth.of(2014, 2)),
                    List.of(31, 28), "sst", "sea_surface_temperature", "", "degree_Celsius", "small", "00", "1 x 6",
                    "float32"));
            maps.rows(0, 0, new float[] {NAN, 10, 12, 12, 13, 12}, new float[] {NAN, 10, 11, 12, 13, 14},
                    new int[] {0, 3, 2, 1, 1, 0});
            maps.rows(1, 0, february, new float[] {NAN, 20, 20, 20, 20, 20},
                    new int[] {0, 1, 1, 1, 1, 1});
            return maps.maps(List.of());
        }
    }

    private Path truth(String name, DailyFixture fixture, float[]... months) {
        return fixture.withValues((date, cell) -> months[fixture.dates().indexOf(date)][cell])
                .write(folder.resolve(name));
    }

    private Scores scores(Path... files) {
        MonthlyMaps maps = maps();
        return Scores.of(maps, Scores.Truth.read(List.of(files), maps));
    }

    private static void assertScore(double squares, double magnitudes, long cells, Scores.Score score) {
        assertEquals(cells, score.cells());
        assertEquals(Math.sqrt(squares / cells), score.rmse(), 1e-12);
        assertEquals(magnitudes / cells, score.mae(), 1e-12);
    }

    @Test
    void errorsAreSummedOverSeaCellsWithTruth() {
        Path file = truth("truth.nc", row(JANUARY, FEBRUARY), new float[] {NAN, 10, 11, NAN, 15, 10},
                new float[] {NAN, 20, 20, 20, 20, 18});
        Scores scores = scores(file);
        // January: 0, 1, -, -2, 2; February: 1, 0, 0, 0, 2.
        assertScore(14, 8, 9, scores.reconstruction());
        // January: 0, 0, -, -2, 4; February: 0, 0, 0, 0, 2.
        assertScore(24, 8, 9, scores.meanOfObservations());
        assertScore(4, 2, 1, scores.reconstructionUnobserved());
        assertScore(16, 4, 1, scores.meanOfObservationsUnobserved());
    }

    @Test
    void monthsThatOnlyOneSideHasDoNotCount() {
        Path february = truth("february.nc", row(FEBRUARY, LocalDate.of(2014, 3, 1)),
                new float[] {NAN, 20, 20, 20, 20, 18}, new float[] {NAN, 0, 0, 0, 0, 0});
        Scores scores = scores(february);
        assertScore(5, 3, 5, scores.reconstruction());
        assertEquals(0, scores.reconstructionUnobserved().cells());
        assertTrue(Double.isNaN(scores.reconstructionUnobserved().rmse()));
    }

    @Test
    void truthMayComeInSeveralFilesAndUnderAnotherName() {
        Path january = truth("january.nc", row(JANUARY).withVariables("sst_mean"),
                new float[] {NAN, 10, 11, NAN, 15, 10});
        Path february = truth("february.nc", row(FEBRUARY), new float[] {NAN, 20, 20, 20, 20, 18});
        assertScore(14, 8, 9, scores(february, january).reconstruction());
    }

    @Test
    void truthThatDoesNotFitIsRefused() {
        float[] any = {NAN, 1, 1, 1, 1, 1};
        refuses(truth("years.nc", row(LocalDate.of(2015, 1, 1)), any), "2015-01", "2014-01", "no month is in both");
        refuses(truth("kelvin.nc", row(JANUARY).withUnits("K"), any), "kelvin.nc", "is in K", "degree_Celsius");
        refuses(truth("grid.nc", row(JANUARY).withLat(-41), any), "grid.nc", "-41.0", "-40.0");
        refuses(truth("daily.nc2", row(JANUARY, JANUARY.plusDays(1)), any, any), "second step in 2014-01");
    }

    private void refuses(Path file, String... parts) {
        String text = assertThrows(DataException.class, () -> scores(file)).getMessage();
        Arrays.stream(parts).forEach(part -> assertTrue(text.contains(part), part + " is not in: " + text));
    }
}
