// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import io.gatun.wrappers.SmallHeap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file several times the heap, in a process of its own. */
class BoundedMemoryTest {
    private static final int HEIGHT = 900;
    private static final int WIDTH = 1200;
    private static final int DAYS = 59;
    private static final String HEAP = "-Xmx112m";

    @Test
    void memoryDoesNotGrowWithTheFile(@TempDir Path folder) throws Exception {
        Path input = write(folder.resolve("large.nc"));
        assertTrue(Files.size(input) > 240L << 20, Files.size(input) + " bytes");
        String text = SmallHeap.run(HEAP, BoundedMemoryTest.class, folder, input, folder.resolve("out.nc"));
        assertTrue(text.contains("2 months of " + HEIGHT * WIDTH + " cells"), text);
        System.out.print(text.lines().filter(line -> line.contains("months of")).findFirst().orElse("") + "\n");
    }

    /** What runs with the small heap. */
    public static void main(String[] arguments) throws IOException {
        try (DailyFiles files = DailyFiles.open(List.of(Path.of(arguments[0])), DailyFiles.Options.none());
                MonthlyReconstruction of = MonthlyReconstruction.of(
                        SmallCheckpoint.of(SmallCheckpoint.configuration()),
                        Preprocessing.residual(15, 2.5, "degree_Celsius", 0.5), Device.cpu())) {
            MonthlyMaps maps = of.reconstructTo(files, RunOptions.defaults().withWindow(32, 32).withOverlap(2),
                    Path.of(arguments[1]), ProgressListener.none());
            System.out.println(maps.months().size() + " months of " + maps.reconstruction(1).length + " cells, "
                    + HEAP + ", " + SmallHeap.peak());
        }
    }

    private static Path write(Path file) {
        try (NetcdfWriter writer = NetcdfWriter.create(file)) {
            writer.dimension("time", DAYS);
            writer.dimension("lat", HEIGHT);
            writer.dimension("lon", WIDTH);
            NetcdfWriter.Variable time = writer.variable("time", NetcdfType.INT, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 2014-01-01")));
            NetcdfWriter.Variable lat = writer.variable("lat", NetcdfType.DOUBLE, List.of("lat"), Map.of());
            NetcdfWriter.Variable lon = writer.variable("lon", NetcdfType.DOUBLE, List.of("lon"), Map.of());
            NetcdfWriter.Variable land =
                    writer.variable("land_mask", NetcdfType.BYTE, List.of("lat", "lon"), Map.of());
            NetcdfWriter.Variable sst = writer.variable("sst", NetcdfType.FLOAT, List.of("time", "lat", "lon"),
                    Map.of("standard_name", AttributeValue.of("sea_surface_temperature"), "units",
                            AttributeValue.of("degree_Celsius")));
            int[] days = new int[DAYS];
            Arrays.setAll(days, i -> i);
            time.write(days);
            lat.write(GridFixture.axis(-60, 0.1, HEIGHT));
            lon.write(GridFixture.axis(10, 0.1, WIDTH));
            land.write(new byte[HEIGHT * WIDTH]);
            float[] day = new float[HEIGHT * WIDTH];
            for (int i = 0; i < DAYS; i++) {
                Arrays.fill(day, 10 + i / 10f);
                sst.write(day);
            }
            writer.commit();
        }
        return file;
    }
}
