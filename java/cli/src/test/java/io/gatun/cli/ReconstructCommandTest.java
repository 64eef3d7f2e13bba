// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.gatun.core.Checkpoint;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReconstructCommandTest {
    @TempDir
    private Path folder;

    @Test
    void writesMapAndPictureAndPrintsScores() {
        Path map = folder.resolve("monthly.nc");
        Path picture = folder.resolve("monthly.png");
        CommandRun run = CommandRun.reconstruct(map, "--truth", CommandRun.TRUTH, "--plot", picture);
        assertEquals(0, run.code(), run.err());
        assertEquals(
                List.of("12 months from 2014-01 to 2014-12",
                        "                       sea cells               RMSE [K]   MAE [K]    number",
                        "reconstruction         all                        0.250     0.143     11292",
                        "                       never observed             0.595     0.476       628",
                        "mean of observations   all                        0.320     0.174     11292",
                        "                       never observed             0.823     0.628       628",
                        "map: " + map, "picture: " + picture),
                run.outLines());
        assertTrue(run.err().startsWith("device: ") && run.err().contains(", precision strict"), run.err());
        assertTrue(run.err().contains("reading 2014-07"), run.err());
        assertEquals(List.of("monthly.nc", "monthly.png"), CommandRun.filesIn(folder));
    }

    @Test
    void quietPrintsTheScoresOnly() {
        CommandRun run = CommandRun.reconstruct(folder.resolve("m.nc"), "--quiet", "--truth", CommandRun.TRUTH);
        assertEquals("", run.err());
        assertEquals(5, run.outLines().size(), run.out());
        CommandRun silent = CommandRun.reconstruct(folder.resolve("m.nc"), "--quiet");
        assertEquals(new CommandRun(0, "", ""), silent);
    }

    @Test
    void bf16OnTheCpuChangesNoScoreByMoreThanAThousandth() {
        CommandRun run = CommandRun.reconstruct(folder.resolve("m.nc"), "--device", "cpu", "--precision", "bf16",
                "--truth", CommandRun.TRUTH);
        assertTrue(run.err().contains(", precision bf16"), run.err());
        double[] strict = {0.250, 0.143, 0.595, 0.476};
        List<Double> rounded = run.outLines().subList(2, 4).stream()
                .flatMap(line -> Arrays.stream(line.substring(45).trim().split(" +")).limit(2))
                .map(Double::valueOf).toList();
        for (int i = 0; i < strict.length; i++) {
            assertEquals(strict[i], rounded.get(i), 0.00101, run.out());
        }
    }

    @Test
    void anUnknownPrecisionIsWrongUsage() {
        CommandRun unknown = CommandRun.reconstruct(folder.resolve("m.nc"), "--precision", "half");
        assertEquals(2, unknown.code());
        assertTrue(unknown.err().contains("--precision") && unknown.err().contains("half"), unknown.err());
        assertEquals(List.of(), CommandRun.filesIn(folder));
    }

    @Test
    void normalisationOnTheCommandLineReplacesThatOfTheFile() {
        Checkpoint full = SafetensorsFile.read(CommandRun.CHECKPOINT);
        Path bare = folder.resolve("bare.safetensors");
        SafetensorsFile.write(bare, full.tensors(), Map.of("model_config", full.configuration().get("model_config")));
        Path stated = folder.resolve("stated.nc");
        Path given = folder.resolve("given.nc");

        CommandRun without = CommandRun.of(
                "reconstruct", "--input", CommandRun.DAILY, "--checkpoint", bare, "--output", given);
        assertEquals(Gatun.FAILED, without.code());
        assertTrue(without.err().contains("normalization"), without.err());

        List<String> numbers = List.of("--mean", "15.554844856262207", "--std", "2.6131818294525146", "--target",
                "residual", "--residual-scale", "0.2718673050403595");
        List<Object> arguments = new ArrayList<>(List.of(
                "reconstruct", "--input", CommandRun.DAILY, "--checkpoint", bare, "--output", given));
        arguments.addAll(numbers);
        CommandRun with = CommandRun.of(arguments.toArray());
        assertEquals(0, with.code(), with.err());
        assertEquals(0, CommandRun.reconstruct(stated).code());
        assertArrayEquals(values(stated), values(given));

        CommandRun both = CommandRun.reconstruct(folder.resolve("both.nc"), numbers.toArray());
        assertEquals(Gatun.FAILED, both.code());
        assertTrue(both.err().contains("states its own normalisation"), both.err());
        assertEquals(List.of("bare.safetensors", "given.nc", "stated.nc"), CommandRun.filesIn(folder));
    }

    private static float[] values(Path map) {
        try (NetcdfFile file = NetcdfFile.open(map)) {
            return file.variable("sst").readFloats();
        }
    }

    @Test
    void ncdumpReadsTheMap() throws Exception {
        Path map = folder.resolve("monthly.nc");
        assertEquals(0, CommandRun.reconstruct(map, "--quiet").code());
        Process process;
        try {
            process = new ProcessBuilder("ncdump", "-h", map.toString()).redirectErrorStream(true).start();
        } catch (IOException e) {
            String reason = "ncdump is not installed (Debian package netcdf-bin)";
            if ("true".equals(System.getenv("CI"))) {
                fail(reason, e);
            }
            abort(reason);
            return;
        }
        String header = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), header);
        for (String line : List.of("time = 12 ;", "float sst(time, lat, lon) ;", "sst:units = \"degree_Celsius\" ;",
                "sst:cell_methods = \"time: mean\" ;", "int observed_days(time, lat, lon) ;",
                ":Conventions = \"CF-1.8\" ;")) {
            assertTrue(header.contains(line), line + " is not in " + header);
        }
    }

    @Test
    void wrongUsageIsTwo() {
        CommandRun missing = CommandRun.of("reconstruct", "--output", "x.nc");
        assertEquals(2, missing.code());
        assertTrue(missing.err().contains("--checkpoint=FILE"), missing.err());
        CommandRun misspelt = CommandRun.of("reconstrct");
        assertEquals(2, misspelt.code());
        assertTrue(misspelt.err().contains("reconstruct"), misspelt.err());
        assertEquals(2, CommandRun.of().code());
    }

    @Test
    void helpAndVersionGoToStandardOutput() {
        CommandRun help = CommandRun.of("reconstruct", "--help");
        assertEquals(0, help.code());
        assertTrue(help.out().contains("--land-mask=FILE"), help.out());
        CommandRun version = CommandRun.of("--version");
        assertEquals(0, version.code());
        assertTrue(version.outLines().getFirst().matches("gatun ([0-9].*|development)"), version.out());
    }

    @Test
    void truthOfAnotherYearIsRefusedAndTheMapKept() {
        Path file = folder.resolve("truth.nc");
        DailySample.oneDay("2015-06-01").write(file);
        CommandRun run = CommandRun.reconstruct(folder.resolve("monthly.nc"), "--truth", file);
        assertEquals(Gatun.FAILED, run.code());
        assertTrue(run.err().contains("no month is in both"), run.err());
        assertEquals(List.of("monthly.nc", "truth.nc"), CommandRun.filesIn(folder));
    }
}
