// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.OutputException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.scene.SceneRaster;
import io.gatun.data.scene.TargetGrid;
import io.gatun.wrappers.generate.WindowGenerator.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedFilesTest {
    private static final TargetGrid PIXELS =
            new TargetGrid(new Crs(32651), GeoTransform.northUp(300_000, 3_500_000, 10, 10), 3, 2);
    private static final Output RADAR = SceneModality.of("S1GRD").output(2, false);
    private static final Output COVER = SceneModality.of("LULC").output(10, false);

    @TempDir
    private Path folder;

    /** Rows come one by one; the file has them by band, and is a scene that can be read. */
    @Test
    void bandsAreWrittenAsAScene() {
        Path target = folder.resolve("out");
        try (GeneratedFiles files = GeneratedFiles.create(target, List.of(RADAR), PIXELS, "test")) {
            files.accept(RADAR, 0, 1, new float[] {-1, -2, Float.NaN, -11, -12, Float.NaN});
            files.accept(RADAR, 1, 1, new float[] {-4, -5, -6, -14, -15, -16});
            assertEquals(List.of(), named(target), "not before it is complete");
            files.commit();
        }
        try (SceneRaster raster = SceneRaster.open(GeneratedFiles.path(target, "S1GRD"), List.of("VH", "VV"));
                NetcdfFile file = NetcdfFile.open(GeneratedFiles.path(target, "S1GRD"))) {
            assertEquals(PIXELS, raster.pixels());
            assertArrayEquals(new float[] {-11, -12, Float.NaN, -14, -15, -16, -1, -2, Float.NaN, -4, -5, -6},
                    raster.read(PIXELS, false));
            assertEquals("dB", file.variable("S1GRD").text("units").orElseThrow());
        }
    }

    @Test
    void classesAreWrittenWithTheirNamesAndProbability() {
        float[] shares = new float[10 * 6];
        for (int i = 0; i < 6; i++) {
            shares[9 * 6 + i] = 0.4f;
            shares[i * 6 + i] = 0.6f;
        }
        for (int c = 0; c < 10; c++) {
            shares[c * 6 + 5] = Float.NaN;
        }
        try (GeneratedFiles files = GeneratedFiles.create(folder, List.of(COVER), PIXELS, "test")) {
            files.accept(COVER, 0, 2, shares);
            files.commit();
        }
        try (NetcdfFile file = NetcdfFile.open(GeneratedFiles.path(folder, "LULC"))) {
            assertArrayEquals(new double[] {0, 1, 2, 3, 4, Double.NaN}, file.variable("LULC").readDoubles());
            assertEquals(0.6f, (float) file.variable("probability").readDoubles()[2]);
            assertTrue(file.variable("LULC").text("flag_meanings").orElseThrow().startsWith("no_data water trees"));
        }
    }

    @Test
    void nothingIsLeftWithoutACommit() throws IOException {
        Path target = folder.resolve("out");
        try (GeneratedFiles files = GeneratedFiles.create(target, List.of(RADAR, COVER), PIXELS, "test")) {
            files.accept(RADAR, 0, 1, new float[6]);
        }
        assertFalse(Files.exists(target), "a folder that was made is removed");
        Path file = Files.createFile(folder.resolve("file"));
        assertThrows(OutputException.class, () -> GeneratedFiles.create(file, List.of(RADAR), PIXELS, "test"));
    }

    private static List<Path> named(Path folder) {
        try (var files = Files.list(folder)) {
            return files.filter(file -> !file.getFileName().toString().startsWith(".")).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void modalitiesHaveTheirBandsInTheModelsOrder() {
        assertEquals(List.of("B8A", "B9", "B11", "B12"), SceneModality.of("s2l2a").bands().subList(8, 12));
        assertEquals("B10", SceneModality.of("S2L1C").bands().get(10));
        assertEquals(List.of("B4", "B3", "B2"), SceneModality.of("RGB").bands());
        assertTrue(SceneModality.of("my_LULC").classes());
        assertTrue(assertThrows(ArgumentException.class, () -> SceneModality.of("caption")).getMessage()
                .contains("no image of a scene"));
        assertTrue(assertThrows(ArgumentException.class, () -> SceneModality.of("DEM").output(2, true)).getMessage()
                .contains("2 channels"));
    }
}
