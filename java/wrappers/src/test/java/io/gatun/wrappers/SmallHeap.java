// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class in a process of its own that has little memory. */
public final class SmallHeap {
    private SmallHeap() {}

    /** Returns what it prints; the heap is a flag such as -Xmx112m, the folder takes a log. */
    public static String run(String heap, Class<?> main, Path folder, Path... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), heap, "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-Dgatun.library.path=" + System.getProperty("gatun.library.path"), "-cp", classPath(),
                main.getName()));
        Arrays.stream(arguments).map(Path::toString).forEach(command::add);
        Path log = folder.resolve("log.txt");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        assertTrue(process.waitFor(240, TimeUnit.SECONDS), "the run takes too long");
        String text = Files.readString(log, StandardCharsets.UTF_8);
        assertEquals(0, process.exitValue(), text);
        return text;
    }

    /** The most that this process has had, as Linux tells it. */
    public static String peak() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM")).findFirst().orElse("");
    }

    /** Module path and class path of this process: the tests are patched into a module. */
    private static String classPath() {
        List<String> parts = new ArrayList<>();
        for (String property : List.of("java.class.path", "jdk.module.path")) {
            parts.addAll(Arrays.asList(System.getProperty(property, "").split(File.pathSeparator)));
        }
        parts.add(Path.of(System.getProperty("basedir", "."), "target", "test-classes").toString());
        parts.add(Path.of(System.getProperty("basedir", "."), "target", "classes").toString());
        return String.join(File.pathSeparator, parts);
    }
}
