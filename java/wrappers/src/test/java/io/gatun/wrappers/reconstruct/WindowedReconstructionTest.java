// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.data.netcdf.CfCalendar;
import io.gatun.data.window.WindowAxis;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Grids larger and smaller than a window, in any order of their cells. */
class WindowedReconstructionTest {
    private static final RunOptions WINDOW_8 = RunOptions.defaults().withWindow(8, 8).withOverlap(2);

    @TempDir
    private Path folder;

    private MonthlyMaps run(GridFixture fixture, RunOptions options) {
        return SmallCheckpoint.reconstruct(List.of(fixture.write(folder.resolve("daily.nc"))), options);
    }

    private static boolean coast(double latitude, double longitude) {
        return latitude > -42.4 && longitude < 142.4;
    }

    @ParameterizedTest
    @CsvSource({"33,45", "16,16", "9,8", "7,40"})
    void valuesAreTheBlendedPredictionsOfEachWindow(int height, int width) {
        GridFixture fixture = GridFixture.of(height, width).withLand(WindowedReconstructionTest::coast);
        Preprocessing absolute = Preprocessing.absolute(15, 2.5, "degree_Celsius");
        MonthlyMaps maps = SmallCheckpoint.reconstruct(
                List.of(fixture.write(folder.resolve("daily.nc"))), WINDOW_8, absolute);
        double[] expected = new double[height * width];
        WindowAxis rows = new WindowAxis(height, 8, 2, false);
        WindowAxis columns = new WindowAxis(width, 8, 2, false);
        assertEquals("8 x 8, " + rows.count() + " x " + columns.count() + " of them", maps.layout().window());
        for (int i = 0; i < rows.count(); i++) {
            for (int j = 0; j < columns.count(); j++) {
                addWindow(fixture, absolute, rows, i, columns, j, expected);
            }
        }
        float[] map = maps.reconstruction(0);
        boolean[] land = fixture.landCells();
        for (int cell = 0; cell < map.length; cell++) {
            assertEquals(land[cell] ? Float.NaN : (float) expected[cell], map[cell], 1e-4f, "cell " + cell);
        }
    }

    @ParameterizedTest
    @CsvSource({"33,45", "9,8", "7,40"})
    void windowsAtATimeChangeNoValue(int height, int width) {
        GridFixture fixture = GridFixture.of(height, width).withLand(WindowedReconstructionTest::coast);
        MonthlyMaps one = run(fixture, WINDOW_8);
        for (int windows : new int[] {2, 3, 1000}) {
            MonthlyMaps several = run(fixture, WINDOW_8.withWindowsPerCall(windows));
            assertEquals(one.layout().window(), several.layout().window());
            for (int month = 0; month < one.months().size(); month++) {
                assertArrayEquals(one.reconstruction(month), several.reconstruction(month), windows + " at a time");
            }
        }
        assertThrows(ArgumentException.class, () -> WINDOW_8.withWindowsPerCall(0));
    }

    /** A window as a file of its own; where it reaches beyond the grid there is land. */
    private void addWindow(GridFixture fixture, Preprocessing absolute, WindowAxis rows, int i, WindowAxis columns,
            int j, double[] expected) {
        double north = fixture.lat()[fixture.height() - 1] + 0.1;
        double east = fixture.lon()[fixture.width() - 1] + 0.1;
        GridFixture part = fixture.withAxes(GridFixture.axis(-45 + rows.start(i) * 0.5, 0.5, 8),
                GridFixture.axis(140 + columns.start(j) * 0.5, 0.5, 8))
                .withLand((y, x) -> y > north || x > east || fixture.land().at(y, x));
        float[] map = new float[64];
        Arrays.fill(map, Float.NaN);
        for (boolean dry : part.landCells()) {
            if (!dry) {
                map = SmallCheckpoint.reconstruct(List.of(part.write(folder.resolve("part.nc"))), WINDOW_8, absolute)
                        .reconstruction(0);
                break;
            }
        }
        for (int cell = 0; cell < 64; cell++) {
            int row = rows.cell(i, cell / 8);
            int column = columns.cell(j, cell % 8);
            if (row >= 0 && column >= 0) {
                expected[row * fixture.width() + column] +=
                        rows.weight(i, cell / 8) * columns.weight(j, cell % 8) * map[cell];
            }
        }
    }

    @Test
    void aGridSmallerThanItsWindowIsPaddedWithLand() {
        GridFixture small = GridFixture.of(20, 30).withLand(WindowedReconstructionTest::coast);
        GridFixture padded = small.withAxes(GridFixture.axis(-45, 0.5, 32), GridFixture.axis(140, 0.5, 32))
                .withLand((y, x) -> y > -35.3 || x > 154.7 || small.land().at(y, x));
        MonthlyMaps maps = run(small, RunOptions.defaults().withWindow(32, 32));
        float[] expected = run(padded, RunOptions.defaults().withWindow(32, 32)).reconstruction(0);
        float[] map = maps.reconstruction(0);
        for (int cell = 0; cell < map.length; cell++) {
            assertEquals(expected[cell / 30 * 32 + cell % 30], map[cell], "cell " + cell);
            assertEquals(maps.land()[cell], Float.isNaN(map[cell]), "cell " + cell);
        }
    }

    @Test
    void overlapMayBeChosen() {
        GridFixture fixture = GridFixture.of(16, 24);
        MonthlyMaps none = run(fixture, WINDOW_8.withOverlap(0));
        MonthlyMaps most = run(fixture, WINDOW_8.withOverlap(7));
        assertEquals("8 x 8, 2 x 3 of them", none.layout().window());
        assertEquals("8 x 8, 9 x 17 of them", most.layout().window());
        assertFalse(Arrays.equals(none.reconstruction(0), most.reconstruction(0)));
    }

    private void assertSame(MonthlyMaps expected, MonthlyMaps actual, CellOrder order) {
        float[] value = expected.reconstruction(0);
        float[] otherValue = actual.reconstruction(0);
        float[] mean = expected.meanOfObservations(0);
        float[] otherMean = actual.meanOfObservations(0);
        for (int row = 0; row < expected.grid().height(); row++) {
            for (int column = 0; column < expected.grid().width(); column++) {
                int from = row * expected.grid().width() + column;
                int to = order.cell(row, column);
                assertEquals(value[from], otherValue[to], "row " + row + ", column " + column);
                assertEquals(mean[from], otherMean[to], "mean, row " + row + ", column " + column);
                assertEquals(expected.observedDays(0)[from], actual.observedDays(0)[to]);
                assertEquals(expected.land()[from], actual.land()[to]);
            }
        }
    }

    /** The other map's cell of a row and column. */
    private interface CellOrder {
        int cell(int row, int column);
    }

    @ParameterizedTest
    @CsvSource({"33,45", "5,7", "8,8", "21,10"})
    void theOrderOfRowsAndColumnsChangesNothing(int height, int width) {
        GridFixture fixture = GridFixture.of(height, width).withLand(WindowedReconstructionTest::coast);
        MonthlyMaps maps = run(fixture, WINDOW_8);
        double[] south = GridFixture.reversed(fixture.lat());
        double[] west = GridFixture.reversed(fixture.lon());
        MonthlyMaps flipped = run(fixture.withAxes(south, fixture.lon()), WINDOW_8);
        assertArrayEquals(south, flipped.grid().lat());
        assertSame(maps, flipped, (y, x) -> (height - 1 - y) * width + x);
        assertSame(maps, run(fixture.withAxes(fixture.lat(), west), WINDOW_8), (y, x) -> y * width + width - 1 - x);
        assertSame(maps, run(fixture.withAxes(south, west), WINDOW_8), (y, x) ->
                (height - 1 - y) * width + width - 1 - x);
    }

    @Test
    void theOriginOfLongitudesChangesNothing() {
        // The same cells across 180 degrees, counted in three ways.
        GridFixture fixture = GridFixture.of(GridFixture.axis(-10, 0.5, 12), GridFixture.axis(175, 0.5, 20));
        double[] wrapped = Arrays.stream(fixture.lon()).map(v -> v >= 180 ? v - 360 : v).toArray();
        double[] negative = Arrays.stream(fixture.lon()).map(v -> v - 360).toArray();
        MonthlyMaps maps = run(fixture, WINDOW_8);
        assertSame(maps, run(fixture.withAxes(fixture.lat(), wrapped), WINDOW_8), (y, x) -> y * 20 + x);
        assertSame(maps, run(fixture.withField((date, y, x) -> GridFixture.gappy(date, y, x < -180 ? x + 360 : x))
                .withAxes(fixture.lat(), negative), WINDOW_8), (y, x) -> y * 20 + x);
    }

    @ParameterizedTest
    @CsvSource({"36,18", "36,7", "45,1", "36,12"})
    void aGlobalGridHasNoEdgeInLongitude(int width, int roll) {
        double step = 360.0 / width;
        double[] lat = GridFixture.axis(-60, step, 12);
        GridFixture fixture = GridFixture.of(lat, GridFixture.axis(-180 + step / 2, step, width))
                .withLand((y, x) -> x > 100 && y > 0);
        MonthlyMaps maps = run(fixture, WINDOW_8);
        double[] rolled = new double[width];
        for (int column = 0; column < width; column++) {
            double lon = fixture.lon()[(column + roll) % width];
            rolled[column] = lon < fixture.lon()[roll % width] ? lon + 360 : lon;
        }
        MonthlyMaps other = run(fixture.withAxes(lat, rolled), WINDOW_8);
        assertArrayEquals(rolled, other.grid().lon());
        assertSame(maps, other, (y, x) -> y * width + Math.floorMod(x - roll, width));
        double[] west = GridFixture.reversed(rolled);
        assertSame(maps, run(fixture.withAxes(lat, west), WINDOW_8), (y, x) ->
                y * width + width - 1 - Math.floorMod(x - roll, width));
    }

    @Test
    void theLastColumnOfAGlobeIsTheFirstOnesNeighbour() {
        // A field that moves with the columns: rolled by a window's stride, the result rolls with it.
        int width = 36;
        double[] lat = GridFixture.axis(-60, 10, 12);
        double[] lon = GridFixture.axis(-175, 10, width);
        GridFixture fixture = GridFixture.of(lat, lon);
        int stride = 6;
        GridFixture moved = fixture.withField((date, y, x) -> GridFixture.gappy(date, y,
                x + 10 * stride >= 180 ? x + 10 * stride - 360 : x + 10 * stride));
        WindowAxis axis = new WindowAxis(width, 8, 2, true);
        assertEquals(stride, axis.start(1), "the windows must map onto each other");
        float[] map = run(fixture, WINDOW_8).reconstruction(0);
        float[] other = run(moved, WINDOW_8).reconstruction(0);
        for (int cell = 0; cell < map.length; cell++) {
            int from = cell / width * width + (cell % width + stride) % width;
            assertEquals(map[from], other[cell], 1e-5f, "cell " + cell);
        }
    }

    @Test
    void kelvinGivesTheCelsiusResultAndItsZero() {
        GridFixture fixture = GridFixture.of(12, 20);
        for (Preprocessing preprocessing : List.of(Preprocessing.absolute(15, 2.5, "degree_Celsius"),
                Preprocessing.residual(15, 2.5, "degree_Celsius", 0.5))) {
            MonthlyMaps celsius = SmallCheckpoint.reconstruct(
                    List.of(fixture.write(folder.resolve("celsius.nc"))), WINDOW_8, preprocessing);
            MonthlyMaps kelvin = SmallCheckpoint.reconstruct(
                    List.of(fixture.inKelvin().write(folder.resolve("kelvin.nc"))), WINDOW_8, preprocessing);
            assertEquals("K", kelvin.units());
            for (int cell = 0; cell < 240; cell++) {
                assertEquals(celsius.reconstruction(0)[cell] + 273.15, kelvin.reconstruction(0)[cell], 1e-4);
                assertEquals(celsius.meanOfObservations(0)[cell] + 273.15, kelvin.meanOfObservations(0)[cell], 1e-4);
            }
        }
    }

    @Test
    void aLevelAxisOfLengthOneChangesNothing() {
        GridFixture fixture = GridFixture.of(12, 20);
        assertSame(run(fixture, WINDOW_8), run(fixture.withLevel(), WINDOW_8), (y, x) -> y * 20 + x);
    }

    @Test
    void calendarsOfModelsHaveTheirOwnDays() {
        for (CfCalendar calendar : List.of(CfCalendar.NOLEAP, CfCalendar.DAYS_360, CfCalendar.ALL_LEAP)) {
            GridFixture fixture = GridFixture.of(8, 8).withField(GridFixture::smooth).withCalendar(calendar);
            MonthlyMaps maps = run(fixture, WINDOW_8);
            assertEquals(calendar, maps.layout().calendar());
            assertEquals(2, maps.months().size());
            for (int month = 0; month < 2; month++) {
                int days = calendar.daysInMonth(2014, month + 1);
                for (int observed : maps.observedDays(month)) {
                    assertEquals(days, observed, calendar + ", month " + month);
                }
            }
        }
    }
}
