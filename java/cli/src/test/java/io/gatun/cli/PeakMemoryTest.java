// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import io.gatun.data.netcdf.NetcdfWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Resident memory of whole runs in a process of their own, with the launcher's flags; the figures are printed. */
@Timeout(300)
class PeakMemoryTest {
    private static final Pattern PEAK = Pattern.compile("peak (\\d+) kB");
    private static final int DAYS = 31;

    @TempDir
    private Path folder;

    @BeforeEach
    void requireProc() {
        assumeTrue(Files.isReadable(Path.of("/proc/self/status")), "needs Linux's /proc");
    }

    @Test
    void defaultModelOnAWindowOfItsTraining() throws Exception {
        Path days = write(folder.resolve("days.nc"), 128, 128, -40, 150);
        long idle = peakOf();
        long run = peakOf("reconstruct", "--input", days, "--checkpoint",
                DefaultCheckpoint.write(folder.resolve("default.safetensors")), "--output", folder.resolve("out.nc"));
        System.out.printf("default configuration, 128x128, one month: %d MB over an idle JVM of %d MB%n",
                (run - idle) >> 10, idle >> 10);
        assertTrue(run - idle <= 350 << 10, run - idle + " kB over an idle JVM, expected at most 350 MB");
    }

    @Test
    void globalQuarterDegreeGrid() throws Exception {
        Path days = write(folder.resolve("days.nc"), 720, 1440, -89.875, -179.875);
        long run = peakOf("reconstruct", "--input", days, "--checkpoint", CommandRun.CHECKPOINT, "--output",
                folder.resolve("out.nc"));
        System.out.printf("global 0.25 degree grid, 720x1440, one month: %d MB in all%n", run >> 10);
        assertTrue(run <= 1 << 20, run + " kB, expected at most 1 GB");
    }

    /** What runs in the process: the command if there is one, then the peak. */
    public static void main(String[] arguments) throws IOException {
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        int code = arguments.length == 0 ? 0 : Gatun.run(out, out, arguments);
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM")).findFirst().orElseThrow();
        out.println("peak " + peak.replaceAll("\\D", "") + " kB");
        System.exit(code);
    }

    private static long peakOf(Object... arguments) throws Exception {
        String launcher = Files.readString(Path.of(System.getProperty("gatun.root"), "gatun"));
        Matcher flags = Pattern.compile("GATUN_JAVA_OPTS:-([^}]*)}").matcher(launcher);
        assertTrue(flags.find(), "the launcher sets no memory flags");
        Process process = CommandRun.jvm(List.of(flags.group(1).split(" ")), PeakMemoryTest.class, arguments);
        try {
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), printed);
            Matcher peak = PEAK.matcher(printed);
            assertTrue(peak.find(), printed);
            return Long.parseLong(peak.group(1));
        } finally {
            process.destroyForcibly();
        }
    }

    /** One month with 40 % of the cells missing each day, and some land. */
    private static Path write(Path target, int height, int width, double south, double west) {
        double step = 0.25;
        try (NetcdfWriter file = NetcdfWriter.create(target)) {
            file.dimension("time", DAYS);
            file.dimension("lat", height);
            file.dimension("lon", width);
            var time = file.variable("time", NetcdfType.INT, List.of("time"),
                    Map.of("units", AttributeValue.of("days since 2014-01-01")));
            var lat = file.variable("lat", NetcdfType.DOUBLE, List.of("lat"), Map.of());
            var lon = file.variable("lon", NetcdfType.DOUBLE, List.of("lon"), Map.of());
            var land = file.variable("land_mask", NetcdfType.BYTE, List.of("lat", "lon"), Map.of());
            var sst = file.variable("sst", NetcdfType.FLOAT, List.of("time", "lat", "lon"),
                    Map.of("standard_name", AttributeValue.of("sea_surface_temperature"), "units",
                            AttributeValue.of("degree_Celsius"), "_FillValue", AttributeValue.of(-99f)));
            time.write(IntStream.range(0, DAYS).toArray());
            lat.write(IntStream.range(0, height).mapToDouble(i -> south + step * i).toArray());
            lon.write(IntStream.range(0, width).mapToDouble(i -> west + step * i).toArray());
            byte[] dry = new byte[height * width];
            for (int i = 0; i < dry.length; i++) {
                dry[i] = (byte) (Math.sin(i / width / 37.0) + Math.cos(i % width / 53.0) > 0.9 ? 1 : 0);
            }
            land.write(dry);
            Random random = new Random(1);
            float[] day = new float[height * width];
            for (int d = 0; d < DAYS; d++) {
                for (int i = 0; i < day.length; i++) {
                    double latitude = Math.toRadians(south + step * (i / width));
                    boolean missing = dry[i] != 0 || random.nextFloat() < 0.4f;
                    day[i] = missing ? -99 : (float) (25 * Math.cos(latitude) + Math.sin(d / 9.0 + i % width / 40.0));
                }
                sst.write(day);
            }
            file.commit();
        }
        return target;
    }
}
