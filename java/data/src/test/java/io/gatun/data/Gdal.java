// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** GDAL's programs, as an opinion of others on files. */
public final class Gdal {
    private Gdal() {}

    /** Runs a program and returns what it prints; skips the test where there is none, but not in CI. */
    public static String run(List<String> command) throws IOException, InterruptedException {
        String program = command.getFirst();
        boolean there = Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
        String reason = program + " is not installed: Debian package gdal-bin";
        assertTrue(there || !"true".equals(System.getenv("CI")), reason);
        assumeTrue(there, reason);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), text);
        return text;
    }
}
