// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InfoCommandTest {
    @TempDir
    private Path folder;

    private static void assertSays(CommandRun run, String... lines) {
        assertEquals(0, run.code(), run.err());
        for (String line : lines) {
            assertTrue(run.outLines().contains(line), "no line \"" + line + "\" in " + run.out());
        }
    }

    @Test
    void describesNetcdf() {
        assertSays(CommandRun.of("info", CommandRun.DAILY), "format: NetCDF-4 (HDF5)",
                "dimensions: lat 32, lon 32, time 365",
                "  short sst(time, lat, lon): daily sea surface temperature [degree_Celsius]",
                "time: 365 steps from 2014-01-01 to 2014-12-31");
    }

    @Test
    void describesClassicNetcdf() {
        Path file = folder.resolve("day.nc");
        DailySample.oneDay("2014-02-03").write(file);
        assertSays(CommandRun.of("info", file), "  float sst(time, lat, lon): sea_surface_temperature [degree_Celsius]",
                "time: 1 steps from 2014-02-03 to 2014-02-03");
    }

    @Test
    void describesCheckpoint() {
        CommandRun run = CommandRun.of("info", CommandRun.CHECKPOINT);
        assertSays(run, "format: safetensors",
                "sha256: 156a18e1c4ede388ce385d1c7532ebe78f1be54e9d3f6bc9a67f6cdf14cfbc0a",
                "tensors: 70 with 256028 values, 68 float32, 2 int64", "  embed_dim: 64");
        assertTrue(run.out().contains("model: SpatioTemporalModel for up to 12 months"), run.out());
        assertTrue(run.out().contains("trained on windows of 32 x 32"), run.out());
        assertSays(CommandRun.of("info", "--tensors", CommandRun.CHECKPOINT),
                "  encoder.proj.weight [64, 2, 1, 4, 4] float32");
    }

    @Test
    void describesCheckpointWithoutThePrefixOfItsNames() {
        Checkpoint full = SafetensorsFile.read(CommandRun.CHECKPOINT);
        Map<String, TensorData> prefixed = new LinkedHashMap<>();
        full.tensors().forEach((name, tensor) -> prefixed.put("module." + name, tensor));
        Path file = folder.resolve("wrapped.safetensors");
        SafetensorsFile.write(file, prefixed, full.configuration());
        assertSays(CommandRun.of("info", "--tensors", "--strip-prefix", "module.", file),
                "  encoder.proj.weight [64, 2, 1, 4, 4] float32");
    }

    @Test
    void describesCheckpointOfAnotherModel() {
        Path other = folder.resolve("other.safetensors");
        SafetensorsFile.write(other, Map.of("stem.weight",
                SafetensorsFile.read(CommandRun.CHECKPOINT).tensors().get("encoder.norm.weight")), Map.of());
        CommandRun run = CommandRun.of("info", other);
        assertSays(run, "tensors: 1 with 64 values, 1 float32");
        assertTrue(run.out().contains("model: unknown: "), run.out());
        assertTrue(run.out().contains("preprocessing: not stated"), run.out());
    }

    @Test
    void describesDevices() {
        assertSays(CommandRun.of("info", "cpu"), "device: cpu");
        CommandRun all = CommandRun.of("info", "devices");
        assertTrue(all.out().startsWith("cpu: "), all.out());
        assertTrue(all.out().contains("cuda:0: "), all.out());
    }

    @Test
    void refusesWhatIsNeitherFileNorDevice() throws IOException {
        CommandRun absent = CommandRun.of("info", "absent.nc");
        assertEquals(Gatun.FAILED, absent.code());
        assertTrue(absent.err().contains("no such file, and no device"), absent.err());
        CommandRun directory = CommandRun.of("info", folder);
        assertEquals(Gatun.FAILED, directory.code());
        assertTrue(directory.err().contains("is a directory"), directory.err());
        CommandRun text = CommandRun.of("info", Files.writeString(folder.resolve("notes.txt"), "hello world"));
        assertEquals(Gatun.FAILED, text.code());
        assertTrue(text.err().contains("notes.txt"), text.err());
    }
}
