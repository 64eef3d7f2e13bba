// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    @TempDir
    private Path folder;

    @Test
    void endsWithScoreMapAndPicture() {
        Path target = folder.resolve("made/here");
        CommandRun run = Assertions.assertTimeout(Duration.ofMinutes(1), () -> CommandRun.of("demo", target));
        assertEquals(0, run.code(), run.err());
        assertEquals("", run.err());
        List<String> lines = run.outLines();
        assertEquals(
                List.of("RMSE 0.250 K", "map: " + target.resolve("monthly.nc"),
                        "picture: " + target.resolve("monthly.png")),
                lines.subList(lines.size() - 3, lines.size()));
        assertEquals(List.of("monthly.nc", "monthly.png"), CommandRun.filesIn(target));
    }

    @Test
    void printsOneLineForEachStep() {
        List<String> lines = CommandRun.of("demo", folder).outLines();
        assertEquals(12, lines.stream().filter(line -> line.matches("reading 2014-[01][0-9]")).count());
        assertEquals(1, lines.stream().filter("reconstructing 2014"::equals).count());
        assertEquals(1, lines.stream().filter(line -> line.startsWith("checkpoint: ")).count());
        assertEquals(lines.size(), lines.stream().distinct().count());
    }

    @Test
    void refusesFolderThatIsAFile() throws Exception {
        Path file = Files.createFile(folder.resolve("taken"));
        CommandRun run = CommandRun.of("demo", file);
        assertEquals(Gatun.FAILED, run.code());
        assertTrue(run.err().startsWith("gatun: " + file + ": the folder cannot be created"), run.err());
    }
}
