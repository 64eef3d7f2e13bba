// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Shape;
import io.gatun.data.TiffFixture;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.scene.SceneQuery.Box;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SceneFolderTest {
    private static final Crs ZONE = new Crs(32651);
    private static final double WEST = 300_000;
    private static final double NORTH = 3_500_000;
    private static final int SIDE = 60;

    @TempDir
    private Path folder;

    private static TiffFixture scene(int bands) {
        return new TiffFixture(SIDE, SIDE, bands).north(32651, WEST, NORTH, 10).packed(8, 2);
    }

    /** Inside pixels of 10 m that begin at column and row 20: the box in degrees around their centres. */
    private static Box middle(int pixels) {
        double[] a = ZONE.toDegrees(WEST + 200, NORTH - 200);
        double[] b = ZONE.toDegrees(WEST + 200 + pixels * 10, NORTH - 200 - pixels * 10);
        return new Box(a[0], b[1], b[0], a[1]);
    }

    private static SceneQuery query(Box region, String... bands) {
        return new SceneQuery(region, LocalDate.of(2022, 6, 1), LocalDate.of(2022, 9, 1), List.of(bands), 10, 30,
                Composite.MEDIAN, Optional.empty(), Optional.empty());
    }

    private static SceneQuery with(SceneQuery q, double scale, Composite composite, Optional<PixelMask> mask) {
        return new SceneQuery(q.region(), q.start(), q.end(), q.bands(), scale, q.maxCloudPercent(), composite, mask,
                q.orbit());
    }

    private SceneComposite fetch(SceneQuery query) {
        return SceneFolder.open(folder).fetch(query);
    }

    @Test
    void pixelsOfTheSameSizeKeepTheirValues() {
        scene(2).describe(List.of("B2", "B8A"), Map.of())
                .write(folder.resolve("a_20220605.tif"), (b, r, c) -> b * 10_000 + r * 100 + c);
        SceneComposite result = fetch(query(middle(8), "B8A", "B2"));
        int height = (int) result.shape().dim(1);
        int width = (int) result.shape().dim(2);
        // The box in degrees is turned a little against the zone's axes, so it is a little wider than its 8 pixels.
        assertTrue(height >= 8 && height <= 9 && width >= 8 && width <= 9, result.shape()::toString);
        assertEquals(ZONE, result.crs());
        GeoTransform t = result.transform();
        for (int i = 0; i < height * width; i++) {
            int column = (int) Math.round((t.x(i % width, 0) - WEST) / 10);
            int row = (int) Math.round((NORTH - t.y(0, i / width)) / 10);
            assertEquals(10_000 + row * 100 + column, result.values()[i]);
            assertEquals(row * 100 + column, result.values()[height * width + i]);
        }
    }

    @ParameterizedTest
    @CsvSource({"MEDIAN, 300, 250, 150", "MOSAIC, 400, 400, 200"})
    void datesBecomeOneWithoutWhatIsMissing(Composite composite, float noFirst, float all, float firstTwo) {
        // The first date lacks columns below 22, the last two those from 25 on.
        int[] values = {100, 200, 300, 400};
        for (int date = 0; date < values.length; date++) {
            int wanted = date;
            scene(1).text(42113, "0").write(folder.resolve("2022-06-0" + (date + 1) + "_B4.tif"), (b, r, c) ->
                    c >= 25 && wanted >= 2 || c < 22 && wanted == 0 ? 0 : values[wanted]);
        }
        SceneComposite result = fetch(with(query(middle(8), "B4"), 10, composite, Optional.empty()));
        int width = (int) result.shape().dim(2);
        GeoTransform t = result.transform();
        for (int i = 0; i < result.values().length; i++) {
            int column = (int) Math.round((t.x(i % width, 0) - WEST) / 10);
            assertEquals(column < 22 ? noFirst : column < 25 ? all : firstTwo, result.values()[i], "column " + column);
        }
        assertEquals(4, result.scenes().size());
        assertEquals(4, result.cloudUnknown());
    }

    @Test
    void filesOfOneBandAndOtherPixelsMakeOneScene() throws IOException {
        // A plane over the ground, the same at 10, 20 and 60 m: interpolation keeps it.
        for (int size : new int[] {10, 20, 60}) {
            String band = size == 10 ? "B02" : size == 20 ? "B8A" : "B01";
            new TiffFixture(SIDE, SIDE, 1).type(3, 32).north(32651, WEST, NORTH, size).write(
                    folder.resolve("T51RUQ_20220612T023559_" + band + "_" + size + "m.tif"),
                    (b, r, c) -> 0.5 * (c + 0.5) * size + 0.25 * (r + 0.5) * size);
        }
        Files.writeString(folder.resolve("readme.txt"), "not a scene");
        SceneFolder scenes = SceneFolder.open(folder);
        assertEquals(List.of("T51RUQ_20220612T023559"), scenes.names());
        SceneComposite result = scenes.fetch(query(middle(9), "B1", "B2", "B8A"));
        int plane = result.values().length / 3;
        int width = (int) result.shape().dim(2);
        for (int i = 0; i < result.values().length; i++) {
            double x = result.transform().x(i % plane % width + 0.5, 0) - WEST;
            double y = NORTH - result.transform().y(0, i % plane / width + 0.5);
            assertEquals(0.5 * x + 0.25 * y, result.values()[i], 1e-3, "value " + i);
        }
    }

    @ParameterizedTest
    @CsvSource({"32652", "4326"})
    void scenesInOtherSystemsAreReprojected(int epsg) {
        Crs other = new Crs(epsg);
        double[] corner = ZONE.toDegrees(WEST, NORTH);
        double[] at = other.fromDegrees(corner[0] - 0.01, corner[1] + 0.01);
        double pixel = other.isGeographic() ? 1e-4 : 10;
        scene(1).type(3, 64).packed(8, 3).write(folder.resolve("20220601_B2.tif"), (b, r, c) -> -1000);
        new TiffFixture(400, 400, 1).type(3, 64).north(epsg, at[0], at[1], pixel)
                .write(folder.resolve("20220602_B2.tif"), (b, r, c) -> {
                    double[] degrees = other.toDegrees(at[0] + (c + 0.5) * pixel, at[1] - (r + 0.5) * pixel);
                    return 1e5 * (degrees[0] - corner[0]) + 2e5 * (degrees[1] - corner[1]);
                });
        SceneComposite result = fetch(with(query(middle(10), "B2"), 10, Composite.MOSAIC, Optional.empty()));
        assertEquals(ZONE, result.crs());
        int width = (int) result.shape().dim(2);
        for (int i = 0; i < result.values().length; i++) {
            double[] degrees = ZONE.toDegrees(result.transform().x(i % width + 0.5, 0),
                    result.transform().y(0, i / width + 0.5));
            double expected = 1e5 * (degrees[0] - corner[0]) + 2e5 * (degrees[1] - corner[1]);
            assertEquals(expected, result.values()[i], 1e-2, "pixel " + i);
        }
    }

    @Test
    void largerPixelsAndRegionsBeyondTheSceneAreSampled() {
        scene(1).describe(List.of("B2"), Map.of()).write(folder.resolve("20220601.tif"), (b, r, c) -> 7);
        double[] a = ZONE.toDegrees(WEST - 300, NORTH - 100);
        double[] b = ZONE.toDegrees(WEST + 300, NORTH - 500);
        SceneComposite result = fetch(with(
                query(new Box(a[0], b[1], b[0], a[1]), "B2"), 50, Composite.MEDIAN, Optional.empty()));
        int width = (int) result.shape().dim(2);
        for (int i = 0; i < result.values().length; i++) {
            boolean inside = result.transform().x(i % width + 0.5, 0) > WEST;
            assertEquals(inside ? 7 : Float.NaN, result.values()[i], "pixel " + i);
        }
    }

    @Test
    void aManyDatedRegionIsReadInPieces() {
        for (int date = 1; date <= 9; date++) {
            int value = date;
            new TiffFixture(1500, 1500, 1).strips(100).packed(8, 2).north(32651, WEST, NORTH, 10)
                    .write(folder.resolve("2022-07-0" + date + "_B2.tif"), (b, r, c) -> r + value);
        }
        double[] a = ZONE.toDegrees(WEST + 100, NORTH - 100);
        double[] b = ZONE.toDegrees(WEST + 14_500, NORTH - 14_500);
        SceneComposite result = fetch(query(new Box(a[0], b[1], b[0], a[1]), "B2"));
        int width = (int) result.shape().dim(2);
        assertTrue(result.values().length * 9L > 1 << 24, "one piece is enough: " + result.shape());
        for (int row = 20; row < 1400; row += 7) {
            double source = (NORTH - result.transform().y(0, row + 0.5)) / 10 - 0.5;
            assertEquals(source + 5, result.values()[row * width + width / 2], 1e-3);
        }
    }

    @Test
    void masksTakeAwayPixels() {
        scene(2).describe(List.of("B2", "SCL"), Map.of())
                .write(folder.resolve("20220601.tif"), (b, r, c) -> b == 1 ? c < 24 ? 9 : 4 : 100);
        scene(2).describe(List.of("B2", "SCL"), Map.of())
                .write(folder.resolve("20220602.tif"), (b, r, c) -> b == 1 ? c > 25 ? 3 : 4 : 300);
        SceneQuery query = with(query(middle(8), "B2"), 10, Composite.MEDIAN,
                Optional.of(PixelMask.sentinel2Clouds()));
        SceneComposite result = fetch(query);
        int width = (int) result.shape().dim(2);
        for (int i = 0; i < result.values().length; i++) {
            int column = (int) Math.round((result.transform().x(i % width, 0) - WEST) / 10);
            assertEquals(column < 24 ? 300 : column > 25 ? 100 : 200, result.values()[i], "column " + column);
        }
        assertThrows(ArgumentException.class, () -> new PixelMask("SCL", Set.of()));
    }

    @Test
    void cloudedScenesAreLeftOutWhereverTheySayIt() throws IOException {
        TiffFixture plain = scene(1).describe(List.of("B2"), Map.of());
        plain.write(folder.resolve("a_20220601.tif"), (b, r, c) -> 1);
        plain.write(folder.resolve("b_20220602_cloud31.5.tif"), (b, r, c) -> 900);
        scene(1).describe(List.of("B2"), Map.of("CLOUDY_PIXEL_PERCENTAGE", "77"))
                .write(folder.resolve("c_20220603.tif"), (b, r, c) -> 900);
        plain.write(folder.resolve("d_20220604.tif"), (b, r, c) -> 900);
        Files.writeString(folder.resolve("d_20220604.json"), "{\"properties\": {\"eo:cloud_cover\": 44}}");
        plain.write(folder.resolve("e_20220605_cc29.tif"), (b, r, c) -> 3);
        SceneComposite result = fetch(query(middle(4), "B2"));
        assertEquals(List.of("a_20220601", "e_20220605_cc29"), result.scenes());
        assertEquals(1, result.cloudUnknown());
        assertEquals(2, result.values()[0]);
    }

    @Test
    void scenesOfTheOtherOrbitAreLeftOut() {
        scene(2).describe(List.of("VV", "VH"), Map.of("orbitProperties_pass", "DESCENDING"))
                .write(folder.resolve("20220601.tif"), (b, r, c) -> 1);
        scene(2).describe(List.of("VV", "VH"), Map.of("orbitProperties_pass", "ASCENDING"))
                .write(folder.resolve("20220602.tif"), (b, r, c) -> 2);
        SceneQuery all = query(middle(4), "VV", "VH");
        SceneComposite result = fetch(new SceneQuery(all.region(), all.start(), all.end(), all.bands(), 10, 30,
                Composite.MEDIAN, Optional.empty(), Optional.of("ascending")));
        assertEquals(List.of("20220602"), result.scenes());
    }

    @Test
    void oneFileWithoutDateAndNamesIsTakenAsItIs() {
        Path file = folder.resolve("scene.tif");
        scene(2).write(file, (b, r, c) -> b + 5);
        SceneFolder one = SceneFolder.open(file);
        SceneComposite result = one.fetch(query(middle(4), "VV", "VH"));
        assertEquals(5, result.values()[0]);
        assertEquals(6, result.values()[result.values().length - 1]);
        Box box = one.extent();
        assertTrue(box.west() < middle(4).west() && box.north() > middle(4).north(), box::toString);
        SceneComposite whole = one.fetch(query(box, "VV", "VH"));
        assertTrue(whole.shape().dim(1) >= SIDE && whole.shape().dim(2) >= SIDE, whole.shape()::toString);
    }

    @Test
    void endOfTheRangeIsNotInIt() {
        scene(1).describe(List.of("B2"), Map.of()).write(folder.resolve("20220901.tif"), (b, r, c) -> 1);
        DataException e = assertThrows(DataException.class, () -> fetch(query(middle(4), "B2")));
        assertTrue(e.getMessage().contains("they are from 2022-09-01 to 2022-09-01"), e::getMessage);
    }

    @Test
    void failuresSayWhatIsMissing() {
        DataException empty = assertThrows(DataException.class, () -> SceneFolder.open(folder));
        assertTrue(empty.getMessage().contains("holds no scene"), empty::getMessage);
        assertThrows(DataException.class, () -> SceneFolder.open(folder.resolve("absent")));
        Path file = folder.resolve("20220601_cloud5.tif");
        scene(3).describe(List.of("B2", "B3", "B4"), Map.of()).write(file, (b, r, c) -> 1);
        String missing = assertThrows(DataException.class, () -> fetch(query(middle(4), "B2", "B8"))).getMessage();
        assertTrue(missing.contains("has no band B8; it has [B2, B3, B4]"), missing);
        String elsewhere = assertThrows(DataException.class,
                () -> fetch(query(new Box(10, 40, 10.1, 40.1), "B2"))).getMessage();
        assertTrue(elsewhere.contains("1 do not reach into"), elsewhere);
        SceneQuery q = query(middle(4), "B2");
        String clouds = assertThrows(DataException.class, () -> fetch(new SceneQuery(q.region(), q.start(), q.end(),
                q.bands(), 10, 4, Composite.MEDIAN, Optional.empty(), Optional.empty()))).getMessage();
        assertTrue(clouds.contains("20220601_cloud5 5.0 %"), clouds);
        assertThrows(ArgumentException.class, () -> fetch(with(q, 1e-4, Composite.MEDIAN, Optional.empty())));
        scene(1).write(folder.resolve("undated.tif"), (b, r, c) -> 1);
        String undated = assertThrows(DataException.class, () -> SceneFolder.open(folder)).getMessage();
        assertTrue(undated.contains("the first is undated") && undated.contains("YYYYMMDD"), undated);
    }

    @Test
    void filesWithoutAPlaceAreRefused() {
        Path file = folder.resolve("20220601.tif");
        new TiffFixture(4, 4, 1).write(file, (b, r, c) -> 1);
        String nowhere = assertThrows(DataException.class, () -> fetch(query(middle(4), "B2"))).getMessage();
        assertTrue(nowhere.contains("does not say where its pixels lie"), nowhere);
        new TiffFixture(4, 4, 1).north(3857, 0, 0, 10).write(file, (b, r, c) -> 1);
        String mercator = assertThrows(DataException.class, () -> fetch(query(middle(4), "B2"))).getMessage();
        assertTrue(mercator.contains("EPSG:3857") && mercator.contains("20220601.tif"), mercator);
        new TiffFixture(SIDE, SIDE, 1).north(32651, WEST, NORTH, 10).text(42113, "1").write(file, (b, r, c) -> 1);
        String noValue = assertThrows(DataException.class, () -> fetch(query(middle(4), "B2"))).getMessage();
        assertTrue(noValue.contains("band B2 has no value"), noValue);
    }

    @Test
    void degreesAreCutByTheirLengthOnTheGround() {
        new TiffFixture(200, 200, 1).north(4326, 20, 60.02, 1e-4).describe(List.of("B2"), Map.of())
                .write(folder.resolve("20220601.tif"), (b, r, c) -> 1);
        SceneComposite result = fetch(query(new Box(20.005, 60.005, 20.015, 60.015), "B2"));
        // 0.01 degrees are 1113 m of latitude and, at 60 degrees, half as much of longitude.
        assertEquals(Shape.of(1, 111, 56), result.shape());
        float[] ones = new float[result.values().length];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, result.values());
    }
}
