// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.bindings.ffi.GatunH;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finding and loading the library: here from the build folder, in JVMs of their own from the other places. */
class NativeLibraryTest {
    private static final String ENABLED_ON_CLASS_PATH = "--enable-native-access=ALL-UNNAMED";

    @TempDir
    private Path folder;

    @Test
    void loadsFromTheFolderInTheSystemProperty() {
        Path wanted = Path.of(System.getProperty("gatun.library.path")).toAbsolutePath().normalize();

        assertEquals(wanted.resolve("libgatun.so"), NativeLibrary.load());
        assertEquals(GatunH.GATUN_ABI_VERSION(), GatunH.gatun_abi_version());
    }

    @Test
    void manyThreadsMayLoad() throws Exception {
        Callable<Path> load = NativeLibrary::load;
        try (var pool = Executors.newFixedThreadPool(4)) {
            for (Future<Path> file : pool.invokeAll(Collections.nCopies(16, load))) {
                assertEquals(NativeLibrary.load(), file.get());
            }
        }
    }

    @Test
    void loadsFromTheFolderInTheEnvironment() throws Exception {
        Path library = NativeLibrary.load();

        String said = probe(Map.of("GATUN_LIBRARY_PATH", library.getParent().toString()), ENABLED_ON_CLASS_PATH);

        assertEquals(library + " abi " + GatunH.GATUN_ABI_VERSION(), said);
    }

    @Test
    void loadsFromTheJarWithoutAnyFolder() throws Exception {
        String platform = NativeLibrary.platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        Optional<NativeBundle> bundle = NativeBundle.inJar(platform);
        assumeTrue(bundle.isPresent(), "the natives were not packed: this build ran without CMake");

        String said = probe(Map.of("GATUN_CACHE", folder.toString()), ENABLED_ON_CLASS_PATH);

        Path file = folder.resolve("gatun", "natives", bundle.get().digest(), "libgatun.so");
        assertEquals(file + " abi " + GatunH.GATUN_ABI_VERSION(), said);
    }

    @Test
    void missingFlagIsNamedForTheModule() throws Exception {
        String said = run(Map.of(), "--module-path", root(NativeLibrary.class), "--patch-module",
                "io.gatun.bindings=" + root(LoadProbe.class), "-m", "io.gatun.bindings/" + LoadProbe.class.getName());

        assertEquals("Native access is not enabled for module io.gatun.bindings. Start with"
                + " --enable-native-access=io.gatun.bindings.", said);
    }

    @Test
    void missingFlagIsNamedForTheClassPath() throws Exception {
        assertEquals("Native access is not enabled for the class path. Start with"
                + " --enable-native-access=ALL-UNNAMED.", probe(Map.of(), "-Dgatun.library.path=" + folder));
    }

    @Test
    void namedFolderWithoutLibraryIsRefusedWithItsOrigin() {
        var refused = assertThrows(NativeLibraryException.class,
                () -> NativeLibrary.inFolder("system property gatun.library.path", folder.toString()));

        assertEquals("No libgatun.so in " + folder + ", the folder in system property gatun.library.path. Build it"
                + " there with CMake, or unset it to use the natives of the jar.", refused.getMessage());
    }

    @Test
    void blankFolderCountsAsUnset() {
        assertEquals(Optional.empty(), NativeLibrary.inFolder("environment variable GATUN_LIBRARY_PATH", " "));
    }

    @Test
    void otherPlatformsAreRefusedInOneSentence() {
        assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64"));
        assertEquals("linux-aarch64", NativeLibrary.platform("Linux", "aarch64"));
        for (String[] other : new String[][] {{"Mac OS X", "aarch64"}, {"Windows 11", "amd64"}, {"Linux", "s390x"}}) {
            var refused = assertThrows(NativeLibraryException.class, () -> NativeLibrary.platform(other[0], other[1]));
            assertEquals("Gatun runs on Linux x86-64 (and on Linux aarch64 with a library built there); this is "
                    + other[0] + " " + other[1] + ".", refused.getMessage());
        }
    }

    @Test
    void cacheFolderFollowsItsOrder() {
        assertEquals(Path.of("/g"), NativeLibrary.cacheFolder("/g", "/x", "/home/u"));
        assertEquals(Path.of("/x"), NativeLibrary.cacheFolder("", "/x", "/home/u"));
        assertEquals(Path.of("/home/u/.cache"), NativeLibrary.cacheFolder("", "relative", "/home/u"));
        assertThrows(NativeLibraryException.class, () -> NativeLibrary.cacheFolder("", "", "?"));
    }

    @Test
    void fileThatIsNoLibraryIsNamedWithTheLinkersReason() throws Exception {
        Path file = Files.writeString(folder.resolve("libgatun.so"), "not a library");

        // In a JVM of its own, which warns about the stack of such a file.
        String said = probe(Map.of("GATUN_LIBRARY_PATH", folder.toString()), ENABLED_ON_CLASS_PATH);

        assertTrue(said.contains("Cannot load " + file + ": " + file), said);
    }

    @Test
    void oldSystemIsExplained() {
        String reason = "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /n/libgatun.so)";

        assertEquals("This system is too old for /n/libgatun.so: it lacks GLIBC 2.34. Gatun needs glibc 2.34 or newer"
                + " and its libstdc++ (Debian 12, Ubuntu 22.04, RHEL 9).",
                NativeLibrary.loadFailure(Path.of("/n/libgatun.so"), reason));
    }

    @Test
    void forbiddenExecutionIsExplained() {
        String said = NativeLibrary.loadFailure(Path.of("/n/libgatun.so"),
                "/n/libgatun.so: failed to map segment from shared object");

        assertTrue(said.endsWith("set GATUN_CACHE to a folder on one that allows it."), said);
    }

    @Test
    void otherAbiVersionIsRefusedWithBothVersions() {
        Path file = Path.of("/n/libgatun.so");
        NativeLibrary.requireAbiVersion(file, 3, 3);

        var refused = assertThrows(NativeLibraryException.class, () -> NativeLibrary.requireAbiVersion(file, 3, 4));

        assertEquals("/n/libgatun.so has ABI version 3, these classes are made for 4. Use the library and the jars of"
                + " one build of Gatun.", refused.getMessage());
    }

    private static String probe(Map<String, String> environment, String option)
            throws IOException, InterruptedException {
        return run(environment, option, "-cp", root(NativeLibrary.class) + ":" + root(LoadProbe.class),
                LoadProbe.class.getName());
    }

    private static String run(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xshare:auto", "-XX:+UseSerialGC"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("GATUN_LIBRARY_PATH", "JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertEquals(0, process.waitFor(), said);
        return said;
    }

    /** The folder a class was read from; the classes of a patched module share one code source, so that is no help. */
    private static String root(Class<?> type) {
        try {
            Path file = Path.of(type.getResource(type.getSimpleName() + ".class").toURI());
            return file.resolve("../".repeat(type.getName().split("\\.").length)).normalize().toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
