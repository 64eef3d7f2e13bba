// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong ends in exit code 1, before the work begins, and leaves files as they were. */
class FailureTest {
    @TempDir
    private Path folder;

    private Path map() {
        return folder.resolve("monthly.nc");
    }

    private void assertFails(CommandRun run, String... parts) {
        assertEquals(Gatun.FAILED, run.code(), run.err());
        assertEquals("", run.out());
        List<String> errors = run.err().lines().filter(line -> line.startsWith("gatun: ")).toList();
        assertEquals(1, errors.size(), run.err());
        for (String part : parts) {
            assertTrue(run.err().contains(part), part + " is not in: " + run.err());
        }
        assertFalse(run.err().contains("\tat "), run.err());
        assertTrue(Files.notExists(map()), "a map was written");
        assertTrue(CommandRun.filesIn(folder).stream().noneMatch(name -> name.endsWith(".part")));
    }

    private CommandRun reconstruct(Object input, Object checkpoint, Object... more) {
        return CommandRun.of(Stream.concat(
                Stream.of("reconstruct", "--input", input, "--checkpoint", checkpoint, "--output", map()),
                Stream.of(more)).toArray());
    }

    @Test
    void truthThatIsMissingIsFoundBeforeTheRun() {
        CommandRun run = reconstruct(CommandRun.DAILY, CommandRun.CHECKPOINT, "--truth", folder.resolve("no.nc"));
        assertFails(run, "no.nc: no such file");
        assertFalse(run.err().contains("reading"), run.err());
    }

    @Test
    void checkpointThatWouldRunCodeIsRefusedByName() throws IOException {
        Path witness = folder.resolve("witness");
        Path bad = folder.resolve("bad.pth");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(bad))) {
            zip.putNextEntry(new ZipEntry("archive/data.pkl"));
            // Protocol 0: os.system("touch witness").
            zip.write(("cposix\nsystem\n(S'touch " + witness + "'\ntR.").getBytes(StandardCharsets.US_ASCII));
            zip.putNextEntry(new ZipEntry("archive/version"));
            zip.write("3\n".getBytes(StandardCharsets.US_ASCII));
        }
        assertFails(reconstruct(CommandRun.DAILY, bad), "bad.pth", "posix.system");
        assertTrue(Files.notExists(witness));
    }

    @Test
    void outputThatCannotBeWrittenIsFoundBeforeTheRun() throws IOException {
        Path absent = folder.resolve("absent/monthly.nc");
        CommandRun run = CommandRun.reconstruct(absent);
        assertFails(run, absent.toString(), "does not exist");
        assertFalse(run.err().contains("reading"), run.err());

        assertFails(CommandRun.reconstruct(folder), "is a directory");

        Path file = Files.createFile(folder.resolve("file"));
        assertFails(CommandRun.reconstruct(file.resolve("monthly.nc")), "does not exist");
    }

    @Test
    void outputThatIsAnInputIsRefused() throws IOException {
        Path copy = Files.copy(CommandRun.DAILY, folder.resolve("daily.nc"));
        byte[] before = Files.readAllBytes(copy);
        CommandRun run = CommandRun.of(
                "reconstruct", "--input", copy, "--checkpoint", CommandRun.CHECKPOINT, "--output", copy);
        assertFails(run, "is also read by this run");
        assertEquals(-1, Arrays.mismatch(before, Files.readAllBytes(copy)));
    }

    /** A window of 256 x 256 cells takes about 100 MB for a year. */
    @Test
    void heapThatIsTooSmallSaysHowToGiveMore() throws Exception {
        Process process = CommandRun.process("-Xmx48m", "reconstruct", "--input", CommandRun.DAILY, "--checkpoint",
                CommandRun.CHECKPOINT, "--window", "256", "--output", map());
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(Gatun.FAILED, process.waitFor(), printed);
        assertTrue(printed.contains("GATUN_JAVA_OPTS") || printed.contains("-Xmx"), printed);
        assertFalse(printed.contains("internal error"), printed);
        assertEquals(List.of(), CommandRun.filesIn(folder));
    }

    @Test
    void debugShowsTheStackTrace() {
        CommandRun run = reconstruct(folder.resolve("no.nc"), CommandRun.CHECKPOINT, "--debug");
        assertEquals(Gatun.FAILED, run.code());
        assertTrue(run.err().contains("io.gatun.core.DataException"), run.err());
        assertTrue(run.err().contains("\tat io.gatun"), run.err());
    }
}
