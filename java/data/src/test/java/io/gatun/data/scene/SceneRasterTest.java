// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.data.Gdal;
import io.gatun.data.TiffFixture;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SceneRasterTest {
    @TempDir
    private Path folder;

    private void write(String name, int side, int metres, List<String> bands) {
        new TiffFixture(side, side, bands.size()).north(32651, 300_000, 3_500_000, metres).describe(bands, Map.of())
                .write(folder.resolve(name), (b, r, c) -> 1000 * b + metres * (10 * r + c));
    }

    @Test
    void itsOwnPixelsAreReadAsTheyAreInTheOrderOfTheBands() {
        write("scene.tif", 20, 10, List.of("B2", "B3", "B4"));
        try (SceneRaster raster = SceneRaster.open(folder.resolve("scene.tif"), List.of("B4", "B2"))) {
            assertEquals(2, raster.bands());
            assertEquals(new Crs(32651), raster.pixels().crs());
            assertEquals(20, raster.pixels().width());
            float[] values = raster.read(raster.pixels().part(new PixelWindow(3, 5, 2, 2)), false);
            assertArrayEquals(new float[] {2350, 2360, 2450, 2460, 350, 360, 450, 460}, values);
            // Beyond the last column there is nothing.
            float[] edge = raster.read(raster.pixels().part(new PixelWindow(0, 19, 1, 2)), true);
            assertArrayEquals(new float[] {2190, Float.NaN, 190, Float.NaN}, edge);
        }
    }

    @Test
    void coarserBandsComeOntoTheFinestPixels() {
        write("S2_20220605_B02_10m.tif", 20, 10, List.of("B2"));
        write("S2_20220605_B05_20m.tif", 10, 20, List.of("B5"));
        try (SceneRaster raster = SceneRaster.open(folder, List.of("B5", "B2"))) {
            assertEquals(20, raster.pixels().height());
            TargetGrid part = raster.pixels().part(new PixelWindow(2, 2, 1, 2));
            // Coarse cell (1, 1) is 220 and each step down 200, right 20: a fine centre is a quarter of a cell off.
            assertArrayEquals(new float[] {220, 220, 220, 230}, raster.read(part, true));
            assertArrayEquals(new float[] {220 - 50 - 5, 220 - 50 + 5, 220, 230}, raster.read(part, false), 1e-3f);
        }
    }

    @Test
    void onesPixelsAreReadOntoAnothers() {
        write("fine.tif", 20, 10, List.of("B2"));
        write("coarse.tif", 10, 20, List.of("DEM"));
        try (SceneRaster fine = SceneRaster.open(folder.resolve("fine.tif"), List.of("B2"));
                SceneRaster coarse = SceneRaster.open(folder.resolve("coarse.tif"), List.of("DEM"))) {
            assertEquals(400, coarse.read(fine.pixels(), true).length);
            assertArrayEquals(new float[] {0, 20}, coarse.read(fine.pixels().part(new PixelWindow(0, 1, 1, 2)), true));
        }
    }

    /** Half the rows and columns: the centres of the new pixels lie between four, and the one behind them counts. */
    @Test
    void previewsShowTheWholeSceneOnFewPixels() {
        write("scene.tif", 20, 10, List.of("B2"));
        try (SceneRaster raster = SceneRaster.open(folder.resolve("scene.tif"), List.of("B2"))) {
            TargetGrid few = raster.pixels().shrunk(5);
            assertEquals(40, few.transform().xColumn());
            float[] values = raster.preview(few, 0);
            assertEquals(25, values.length);
            assertEquals(10 * (10 * 2 + 2), values[0]);
            assertEquals(10 * (10 * 18 + 18), values[24]);
            assertEquals(raster.pixels(), raster.pixels().shrunk(64), "no more pixels than there are");
        }
    }

    @Test
    void previewsHaveTheWantedBandsHoweverManyRowsAreReadAtOnce() {
        write("scene.tif", 20, 10, List.of("B2", "B3", "B4"));
        try (SceneRaster raster = SceneRaster.open(folder.resolve("scene.tif"), List.of("B2", "B3", "B4"))) {
            TargetGrid few = raster.pixels().shrunk(5);
            float[] values = raster.preview(few, 2, 0);
            assertEquals(2 * 25, values.length);
            assertEquals(2000 + 220, values[0]);
            assertEquals(220, values[25]);
            assertArrayEquals(values, raster.preview(few, new int[] {2, 0}, 1));
            int twoRows = 2 * 2 * 4 * 20;
            assertArrayEquals(values, raster.preview(few, new int[] {2, 0}, twoRows));
        }
    }

    @Test
    void aSceneOfOneBandNeedsNoName() {
        write("height.tif", 4, 10, List.of("elevation above the geoid"));
        try (SceneRaster raster = SceneRaster.open(folder.resolve("height.tif"), List.of("DEM"))) {
            assertEquals(16, raster.read(raster.pixels(), false).length);
        }
    }

    @Test
    void severalScenesAndAbsentBandsAreRefused() {
        write("S2_20220605.tif", 4, 10, List.of("B2", "B3"));
        write("S2_20220615.tif", 4, 10, List.of("B2", "B3"));
        String several = refused(folder, List.of("B2"));
        assertTrue(several.contains("2 scenes") && several.contains("S2_20220605"), several);
        String absent = refused(folder.resolve("S2_20220605.tif"), List.of("B2", "B8"));
        assertTrue(absent.contains("has no band B8"), absent);
    }

    private static String refused(Path path, List<String> bands) {
        return assertThrows(DataException.class, () -> SceneRaster.open(path, bands)).getMessage();
    }

    /** What is declared for one raster lies on the same pixels when it is read. */
    @Test
    void whatIsWrittenOnItsPixelsIsReadOnThem() {
        write("scene.tif", 4, 10, List.of("B2"));
        Path written = folder.resolve("written.nc");
        try (SceneRaster raster = SceneRaster.open(folder.resolve("scene.tif"), List.of("B2"));
                NetcdfWriter writer = NetcdfWriter.create(written)) {
            writer.dimension("y", 4);
            writer.dimension("x", 4);
            NetcdfWriter.Variable band = writer.variable("B2", NetcdfType.FLOAT, List.of("y", "x"),
                    Map.of("grid_mapping", AttributeValue.of("crs")));
            raster.pixels().declare(writer).run();
            band.write(raster.read(raster.pixels(), false));
            writer.commit();
            try (SceneRaster again = SceneRaster.open(written, List.of("B2"))) {
                assertEquals(raster.pixels(), again.pixels());
                assertArrayEquals(raster.read(raster.pixels(), false), again.read(raster.pixels(), false));
            }
        }
        try (NetcdfFile file = NetcdfFile.open(written)) {
            assertEquals(300_005, file.variable("x").readDoubles()[0]);
            assertEquals("projection_x_coordinate", file.variable("x").text("standard_name").orElseThrow());
            assertEquals("123.0", file.variable("crs").attributes().get("longitude_of_central_meridian").toString());
            assertEquals("500000.0", file.variable("crs").attributes().get("false_easting").toString());
        }
    }

    /** Others place the pixels where we do, by the system's code and by its numbers. */
    @ParameterizedTest
    @CsvSource({"32651, 300000, 3500000, 10", "32733, 400000, 8000000, 20", "4326, 120, 31, 0.0001"})
    void gdalPlacesWhatIsWritten(int epsg, double west, double north, double step) throws Exception {
        TargetGrid pixels = new TargetGrid(new Crs(epsg), GeoTransform.northUp(west, north, step, step), 3, 2);
        Path file = folder.resolve("written.nc");
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("y", 2);
            writer.dimension("x", 3);
            NetcdfWriter.Variable band = writer.variable("B2", NetcdfType.FLOAT, List.of("y", "x"),
                    Map.of("grid_mapping", AttributeValue.of("crs")));
            pixels.declare(writer).run();
            band.write(new float[6]);
            writer.commit();
        }
        String text = Gdal.run(List.of("gdalinfo", file.toString()));
        assertTrue(text.contains("ID[\"EPSG\"," + epsg + "]]"), text);
        String[] origin = text.substring(text.indexOf("Origin = (") + 10).split("[,)]");
        assertEquals(west, Double.parseDouble(origin[0]), step / 1e3, text);
        assertEquals(north, Double.parseDouble(origin[1]), step / 1e3, text);
    }

    @Test
    void rotatedPixelsAreNotDeclared() {
        Path file = folder.resolve("rotated.tif");
        new TiffFixture(4, 4, 1).shorts(34735, 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32651)
                .doubles(34264, 8, 6, 0, 300_000, 6, -8, 0, 3_500_000, 0, 0, 0, 0, 0, 0, 0, 1)
                .write(file, (b, r, c) -> r + c);
        try (SceneRaster raster = SceneRaster.open(file, List.of("DEM"));
                NetcdfWriter writer = NetcdfWriter.create(folder.resolve("written.nc"))) {
            String text = assertThrows(DataException.class, () -> raster.pixels().declare(writer)).getMessage();
            assertTrue(text.contains("rotated") && text.contains("gdalwarp -t_srs EPSG:32651"), text);
        }
    }
}
