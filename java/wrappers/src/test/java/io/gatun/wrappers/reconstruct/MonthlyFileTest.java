// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gatun.core.Device;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of the monthly maps, read back with our reader and with ncdump. */
class MonthlyFileTest {
    @TempDir
    private Path folder;

    private MonthlyMaps maps;
    private String digest;

    @BeforeEach
    void reconstruct() throws IOException {
        Path checkpoint = SmallCheckpoint.write(folder.resolve("small.safetensors"), SmallCheckpoint.configuration());
        Path input = DailyFixture.of(LocalDate.of(2014, 1, 1), LocalDate.of(2014, 2, 28))
                .write(folder.resolve("daily.nc"));
        try (DailyFiles files = DailyFiles.open(List.of(input), DailyFiles.Options.none());
                MonthlyReconstruction reconstruction = MonthlyReconstruction.open(checkpoint, Device.cpu())) {
            maps = reconstruction.reconstruct(files, ProgressListener.none());
            digest = reconstruction.checkpoint().digest();
        }
        Files.delete(checkpoint);
        Files.delete(input);
    }

    private List<String> filesInFolder() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void ownReaderReadsBackTheMaps() throws IOException {
        Path target = folder.resolve("monthly.nc");
        maps.write(target);
        assertEquals(List.of("monthly.nc"), filesInFolder());
        try (NetcdfFile file = NetcdfFile.open(target)) {
            assertTrue(file.format().contains("CDF-2"), file.format());
            for (int month = 0; month < 2; month++) {
                assertArrayEquals(maps.reconstruction(month), file.variable("sst").readFloats(month, 1));
                assertArrayEquals(maps.meanOfObservations(month),
                        file.variable("sst_mean_of_observations").readFloats(month, 1));
                assertArrayEquals(Arrays.stream(maps.observedDays(month)).asDoubleStream().toArray(),
                        file.variable("observed_days").readDoubles(month, 1));
            }
            double[] land = file.variable("land_mask").readDoubles();
            for (int cell = 0; cell < land.length; cell++) {
                assertEquals(maps.land()[cell] ? 1 : 0, land[cell]);
            }
            assertArrayEquals(maps.grid().lat(), file.variable("lat").readDoubles());
            assertArrayEquals(maps.grid().lon(), file.variable("lon").readDoubles());
            TimeAxis time = TimeAxis.of(file, file.variable("sst"));
            assertEquals(List.of(LocalDate.of(2014, 1, 1), LocalDate.of(2014, 2, 1)),
                    List.of(time.date(0), time.date(1)));
            assertEquals("2014-02-01T00:00/2014-03-01T00:00", time.bounds().orElseThrow().get(1).start() + "/"
                    + time.bounds().orElseThrow().get(1).end());
        }
    }

    @Test
    void attributesFollowTheConventionsAndSayWhereTheMapsComeFrom() {
        Path target = folder.resolve("monthly.nc");
        maps.write(target);
        try (NetcdfFile file = NetcdfFile.open(target)) {
            assertEquals(AttributeValue.of("CF-1.8"), file.attributes().get("Conventions"));
            String history = file.attributes().get("history").toString();
            for (String part : List.of("reconstruct", "small.safetensors", digest, "4 x 6", "float32")) {
                assertTrue(history.contains(part), part + " is not in: " + history);
            }
            assertEquals(AttributeValue.of(digest), file.attributes().get("gatun_checkpoint_sha256"));
            for (String name : List.of("sst", "sst_mean_of_observations")) {
                GridVariable variable = file.variable(name);
                assertEquals(List.of("time", "lat", "lon"), variable.dimensions());
                assertEquals("degree_Celsius", variable.text("units").orElseThrow());
                assertEquals("time: mean", variable.text("cell_methods").orElseThrow());
                assertEquals("sea_surface_temperature", variable.text("standard_name").orElseThrow());
                assertTrue(variable.attributes().containsKey("_FillValue"));
            }
            assertEquals("degrees_north", file.variable("lat").text("units").orElseThrow());
            assertEquals("degrees_east", file.variable("lon").text("units").orElseThrow());
            assertEquals("time_bnds", file.variable("time").text("bounds").orElseThrow());
        }
    }

    @Test
    void ncdumpReadsTheHeader() throws Exception {
        Path target = folder.resolve("monthly.nc");
        maps.write(target);
        Process process;
        try {
            process = new ProcessBuilder("ncdump", "-h", target.toString()).redirectErrorStream(true).start();
        } catch (IOException e) {
            String reason = "ncdump is not installed: Debian package netcdf-bin";
            if ("true".equals(System.getenv("CI"))) {
                fail(reason, e);
            }
            abort(reason);
            return;
        }
        String header = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), header);
        for (String line : List.of("time = 2 ;", "float sst(time, lat, lon) ;", "sst:cell_methods = \"time: mean\" ;",
                "sst:units = \"degree_Celsius\" ;", "byte land_mask(lat, lon) ;", "time:bounds = \"time_bnds\" ;",
                "int observed_days(time, lat, lon) ;", digest)) {
            assertTrue(header.contains(line), line + " is not in: " + header);
        }
    }

    @Test
    void anExistingFileIsReplaced() throws IOException {
        Path target = Files.writeString(folder.resolve("monthly.nc"), "before");
        maps.write(target);
        assertTrue(Files.size(target) > 1000);
        assertEquals(List.of("monthly.nc"), filesInFolder());
    }

    @Test
    void anUnwritableTargetIsRefusedAndNothingIsLeft() throws IOException {
        Path absent = folder.resolve("absent/monthly.nc");
        String text = assertThrows(OutputException.class, () -> maps.write(absent)).getMessage();
        assertTrue(text.contains(absent.toString()), text);
        Path directory = Files.createDirectory(folder.resolve("taken.nc"));
        text = assertThrows(OutputException.class, () -> maps.write(directory)).getMessage();
        assertTrue(text.contains("taken.nc"), text);
        assertEquals(List.of("taken.nc"), filesInFolder());
    }

    @Test
    void anInterruptLeavesTheEarlierFile() throws IOException {
        Path target = Files.writeString(folder.resolve("monthly.nc"), "before");
        for (Path path : List.of(target, folder.resolve("new.nc"))) {
            Thread.currentThread().interrupt();
            try {
                assertThrows(InterruptedRunException.class, () -> maps.write(path));
            } finally {
                assertTrue(Thread.interrupted(), "the interrupt must stay set");
            }
        }
        assertEquals("before", Files.readString(target));
        assertEquals(List.of("monthly.nc"), filesInFolder());
    }
}
