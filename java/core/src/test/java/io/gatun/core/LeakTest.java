// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.bindings.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LeakTest {
    private static String runProbe(String... options) throws IOException, InterruptedException {
        String classes = String.join(File.pathSeparator, location(LeakProbe.class), location(Device.class),
                location(NativeLibrary.class));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classes,
                "--enable-native-access=ALL-UNNAMED",
                "-Dgatun.library.path=" + System.getProperty("gatun.library.path")));
        command.addAll(List.of(options));
        command.add(LeakProbe.class.getName());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
                .toString();
    }

    private static void assertEverythingWasReportedAndFreed(String output) {
        assertTrue(output.contains("Leak: a scope on cpu was never closed"), output);
        assertTrue(output.contains("Leak: a float32 tensor of shape [7, 5] that was kept"), output);
        assertTrue(output.contains("Leak: device cpu was never closed"), output);
        assertTrue(output.contains("live 0"), output);
    }

    @Test
    @Timeout(60)
    void whatIsForgottenIsReportedAndFreed() throws IOException, InterruptedException {
        String output = runProbe();
        assertEverythingWasReportedAndFreed(output);
        assertTrue(output.contains("Start with -Dgatun.debug=true to see where"), output);
    }

    @Test
    @Timeout(60)
    void debugModeNamesThePlace() throws IOException, InterruptedException {
        String output = runProbe("-Dgatun.debug=true");
        assertEverythingWasReportedAndFreed(output);
        assertTrue(output.contains("LeakProbe.forget"), output);
    }
}
