// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.data.scene.SceneRaster;
import io.gatun.data.scene.TargetGrid;
import io.gatun.wrappers.SmallHeap;
import io.gatun.wrappers.reconstruct.ProgressListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scene twice as large as the heap, in a process of its own. */
class GenerationMemoryTest {
    private static final int HEIGHT = 16_000;
    private static final int WIDTH = 1_500;
    private static final String HEAP = "-Xmx48m";

    @Test
    void memoryHoldsOneRowOfWindows(@TempDir Path folder) throws Exception {
        Path scene = write(folder.resolve("scene.nc"));
        assertTrue(Files.size(scene) > 90L << 20, Files.size(scene) + " bytes");
        String text = SmallHeap.run(HEAP, GenerationMemoryTest.class, folder, scene, folder.resolve("out"));
        assertTrue(text.contains("generated with " + HEAP), text);
        assertTrue(Files.size(folder.resolve("out").resolve("DEM.nc")) > 90L << 20);
    }

    /** What runs with the small heap. */
    public static void main(String[] arguments) throws IOException {
        try (SceneRaster raster = SceneRaster.open(Path.of(arguments[0]), List.of("DEM"));
                GeneratedFiles files = GeneratedFiles.create(
                        Path.of(arguments[1]), new Copy().outputs(), raster.pixels(), "test")) {
            SceneGeneration.run(List.of(new SceneInput("DEM", raster, false)), new Copy(), Device.cpu(),
                    new SceneGeneration.Options(224, 64, 4), files, ProgressListener.none());
            files.commit();
        }
        System.out.println("generated with " + HEAP + ", " + SmallHeap.peak());
    }

    /** Gives what it gets. */
    private static final class Copy implements WindowGenerator {
        @Override
        public List<Output> outputs() {
            return List.of(new Output("DEM", List.of("DEM"), "m", false));
        }

        @Override
        public Map<String, Tensor> generate(Scope scope, SequencedMap<String, Tensor> inputs, long firstWindow) {
            return Map.of("DEM", Kernels.copy(scope, inputs.firstEntry().getValue()));
        }
    }

    private static Path write(Path file) {
        TargetGrid pixels = new TargetGrid(
                new Crs(32651), GeoTransform.northUp(300_000, 3_500_000, 10, 10), WIDTH, HEIGHT);
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("y", HEIGHT);
            writer.dimension("x", WIDTH);
            NetcdfWriter.Variable band = writer.variable("DEM", NetcdfType.FLOAT, List.of("y", "x"),
                    Map.of("grid_mapping", AttributeValue.of("crs")));
            pixels.declare(writer).run();
            float[] row = new float[WIDTH];
            for (int y = 0; y < HEIGHT; y++) {
                Arrays.fill(row, y);
                band.write((long) y * WIDTH, row);
            }
            writer.commit();
        }
        return file;
    }
}
