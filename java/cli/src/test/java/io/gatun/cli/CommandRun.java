// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A command, run on this thread, and what it printed. */
record CommandRun(int code, String out, String err) {
    static final Path SAMPLE = Path.of(System.getProperty("gatun.root"), "sample");
    static final Path DAILY = SAMPLE.resolve("tasman_daily_gappy_2014.nc");
    static final Path TRUTH = SAMPLE.resolve("tasman_monthly_truth_2014.nc");
    static final Path CHECKPOINT = SAMPLE.resolve("model.safetensors");

    static CommandRun of(Object... arguments) {
        StringWriter err = new StringWriter();
        return withErr(err, new PrintWriter(err, true), arguments);
    }

    static CommandRun withErr(StringWriter captured, PrintWriter err, Object... arguments) {
        StringWriter out = new StringWriter();
        int code = Gatun.run(new PrintWriter(out, true), err, Stream.of(arguments).map(String::valueOf)
                .toArray(String[]::new));
        return new CommandRun(code, out.toString(), captured.toString());
    }

    /** Reconstructs the sample, with further options. */
    static CommandRun reconstruct(Path output, Object... more) {
        return of(Stream.concat(
                Stream.of("reconstruct", "--input", DAILY, "--checkpoint", CHECKPOINT, "--output", output),
                Stream.of(more)).toArray());
    }

    /** Starts a command in a JVM of its own, with standard error in its output. */
    static Process process(String heap, Object... arguments) throws IOException {
        return jvm(List.of(heap), Gatun.class, arguments);
    }

    /** Starts a class of these tests or of the program, likewise. */
    static Process jvm(List<String> flags, Class<?> main, Object... arguments) throws IOException {
        String classPath = Stream.of("jdk.module.path", "java.class.path", "surefire.test.class.path")
                .map(name -> System.getProperty(name, ""))
                .filter(path -> !path.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Djava.awt.headless=true",
                "-Dgatun.library.path=" + System.getProperty("gatun.library.path"), "-cp", classPath
                        + File.pathSeparator + Path.of(System.getProperty("basedir"), "target", "test-classes"),
                main.getName()));
        Stream.of(arguments).map(String::valueOf).forEach(command::add);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    List<String> outLines() {
        return out.lines().toList();
    }

    static List<String> filesIn(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
