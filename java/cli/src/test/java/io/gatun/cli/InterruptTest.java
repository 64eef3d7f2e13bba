// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.data.netcdf.NetcdfFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is stopped leaves nothing under the target's names, and an earlier file as it was. */
class InterruptTest {
    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"input: ", "checkpoint: ", "reading 2014-05", "reconstructing 2014"})
    void interruptLeavesEarlierOutputUntouched(String when) throws IOException {
        Path map = Files.writeString(folder.resolve("monthly.nc"), "earlier");
        StringWriter captured = new StringWriter();
        // Interrupts the run at the moment it announces a step.
        PrintWriter err = new PrintWriter(captured, true) {
            @Override
            public void println(String line) {
                super.println(line);
                if (line.startsWith(when)) {
                    Thread.currentThread().interrupt();
                }
            }
        };
        CommandRun run = CommandRun.withErr(captured, err, "reconstruct", "--input", CommandRun.DAILY, "--checkpoint",
                CommandRun.CHECKPOINT, "--output", map, "--plot", folder.resolve("monthly.png"));
        assertTrue(Thread.interrupted(), "the interrupt was swallowed");
        assertEquals(Gatun.INTERRUPTED, run.code(), run.err());
        assertEquals("earlier", Files.readString(map));
        assertEquals(List.of("monthly.nc"), CommandRun.filesIn(folder));
    }

    /** Ctrl-C while it reads; then a scheduler's stop and a kill while it writes. A second run completes each time. */
    @ParameterizedTest
    @CsvSource({"INT, reading 1991-01, 130", "TERM, reconstructing 1992, 143", "KILL, reconstructing 1992, 137"})
    void signalEndsTheProcessWithoutOutput(String signal, String when, int code) throws Exception {
        Path years = folder.resolve("years.nc");
        new DailySample(LocalDate.of(1990, 1, 1), 6 * 365, 15).write(years);
        Path monthly = Files.writeString(folder.resolve("monthly.nc"), "earlier");
        Process process = CommandRun.process("-Xmx512m", "reconstruct", "--input", years, "--checkpoint",
                CommandRun.CHECKPOINT, "--output", monthly);
        StringBuilder printed = new StringBuilder();
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                printed.append(line).append('\n');
                if (line.startsWith(when)) {
                    // The file is being written once maps are made.
                    assertEquals(when.startsWith("reconstructing"),
                            CommandRun.filesIn(folder).stream().anyMatch(name -> name.endsWith(".part")));
                    Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
                    assertEquals(0, kill.waitFor());
                }
            }
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process goes on");
        } finally {
            process.destroyForcibly();
        }
        assertTrue(printed.toString().contains(when), printed.toString());
        assertEquals(code, process.exitValue(), printed.toString());
        assertEquals("earlier", Files.readString(monthly), printed.toString());
        if (signal.equals("KILL")) {
            // Nobody is left to remove the temporary file; its name says whose it was.
            for (String name : CommandRun.filesIn(folder)) {
                assertTrue(name.equals("monthly.nc") || name.equals("years.nc")
                        || name.startsWith(".monthly.nc.") && name.endsWith(".part"), name);
            }
        } else {
            assertTrue(printed.toString().contains(" was interrupted"), printed.toString());
            assertEquals(List.of("monthly.nc", "years.nc"), CommandRun.filesIn(folder));
        }
        CommandRun again = CommandRun.of("reconstruct", "--input", years, "--checkpoint", CommandRun.CHECKPOINT,
                "--output", monthly);
        assertEquals(0, again.code(), again.err());
        try (NetcdfFile written = NetcdfFile.open(monthly)) {
            assertEquals(72, written.variable("sst").steps());
        }
    }
}
