// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.bindings.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a main class of the tests in a JVM of its own, on the class path. */
final class Jvm {
    private Jvm() {}

    /** Returns what it printed; its exit status must be 0. Later options override the usual ones. */
    static String run(Class<?> main, Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", String.join(File.pathSeparator, place(main), place(Device.class), place(NativeLibrary.class)),
                "--enable-native-access=ALL-UNNAMED",
                "-Dgatun.library.path=" + System.getProperty("gatun.library.path")));
        command.addAll(List.of(options));
        command.add(main.getName());
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    private static String place(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
    }
}
