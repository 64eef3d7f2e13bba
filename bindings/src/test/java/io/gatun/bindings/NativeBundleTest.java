// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Extraction of the jar's natives, on a made-up bundle of two files. */
class NativeBundleTest {
    private static final byte[] MAIN = bytes(300_000, 1);
    private static final byte[] HELPER = bytes(70_001, 2);

    @TempDir
    private Path cache;

    private final Map<String, byte[]> jar = new TreeMap<>(Map.of("libgatun.so", MAIN, "helper.so", HELPER));

    @Test
    void extractWritesEveryFileForItsOwnerOnly() throws Exception {
        NativeBundle bundle = bundle();

        Path folder = bundle.extract(cache);

        assertEquals(cache.resolve("gatun", "natives", bundle.digest()), folder);
        assertArrayEquals(MAIN, Files.readAllBytes(folder.resolve("libgatun.so")));
        assertArrayEquals(HELPER, Files.readAllBytes(folder.resolve("helper.so")));
        for (Path own : List.of(cache.resolve("gatun"), cache.resolve("gatun", "natives"), folder)) {
            assertEquals("rwx------", permissions(own), own::toString);
        }
        assertEquals("rw-------", permissions(folder.resolve("libgatun.so")));
        assertEquals(List.of("helper.so", "libgatun.so"), names(folder));
    }

    @Test
    void folderIsNamedByTheDigestOfTheList() throws Exception {
        assertEquals(sha256(list().getBytes(StandardCharsets.UTF_8)), bundle().digest());
        String before = bundle().digest();
        jar.put("helper.so", bytes(10, 3));
        assertNotEquals(before, bundle().digest());
    }

    @Test
    void extractAgainLeavesIntactFilesAlone() throws Exception {
        Path file = bundle().extract(cache).resolve("libgatun.so");
        Object first = Files.readAttributes(file, "unix:ino").get("ino");

        bundle().extract(cache);

        assertEquals(first, Files.readAttributes(file, "unix:ino").get("ino"));
    }

    @Test
    void tamperedFileIsReplaced() throws Exception {
        Path file = bundle().extract(cache).resolve("libgatun.so");
        byte[] tampered = MAIN.clone();
        tampered[MAIN.length / 2] ^= 1;
        Files.write(file, tampered);

        bundle().extract(cache);

        assertArrayEquals(MAIN, Files.readAllBytes(file));
    }

    @Test
    void fileThatOthersMayWriteIsReplaced() throws Exception {
        Path file = bundle().extract(cache).resolve("libgatun.so");
        Object first = Files.readAttributes(file, "unix:ino").get("ino");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

        bundle().extract(cache);

        assertEquals("rw-------", permissions(file));
        assertNotEquals(first, Files.readAttributes(file, "unix:ino").get("ino"));
    }

    @Test
    void linkInPlaceOfFileIsReplaced() throws Exception {
        Path file = bundle().extract(cache).resolve("libgatun.so");
        Path elsewhere = Files.write(cache.resolve("elsewhere"), MAIN);
        Files.delete(file);
        Files.createSymbolicLink(file, elsewhere);

        bundle().extract(cache);

        assertTrue(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
        assertArrayEquals(MAIN, Files.readAllBytes(elsewhere));
    }

    @Test
    void folderThatOthersMayEnterIsClosed() throws Exception {
        Path folder = bundle().extract(cache);
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));

        bundle().extract(cache);

        assertEquals("rwx------", permissions(folder));
    }

    @Test
    void linkInPlaceOfFolderIsRefused() throws Exception {
        Path folder = cache.resolve("gatun", "natives", bundle().digest());
        Files.createDirectories(folder.getParent());
        Files.createSymbolicLink(folder, Files.createDirectory(cache.resolve("elsewhere")));

        String message = refusal(bundle());

        assertTrue(message.contains(folder + " holds native code"), message);
        assertTrue(message.contains("GATUN_CACHE"), message);
    }

    @Test
    void folderOfAnotherUserIsRefused() throws Exception {
        Path folder = bundle().extract(cache);
        try {
            Files.setAttribute(folder, "unix:uid", 65_534);
        } catch (IOException e) {
            assumeTrue(false, "only root can give a folder to another user: " + e.getMessage());
        }

        String message = refusal(bundle());

        assertTrue(message.contains("must be a real folder of the user who runs Gatun"), message);
    }

    @Test
    void concurrentExtractionsAgree() throws Exception {
        int threads = 4;
        CyclicBarrier start = new CyclicBarrier(threads);
        Callable<Path> extraction = () -> {
            start.await();
            return bundle().extract(cache);
        };
        try (var pool = Executors.newFixedThreadPool(threads)) {
            for (Future<Path> folder : pool.invokeAll(Stream.generate(() -> extraction).limit(threads).toList())) {
                assertArrayEquals(MAIN, Files.readAllBytes(folder.get().resolve("libgatun.so")));
                assertEquals(List.of("helper.so", "libgatun.so"), names(folder.get()));
            }
        }
    }

    @Test
    void damagedJarIsRefusedAndLeavesNothingBehind() throws Exception {
        String list = list();
        jar.put("libgatun.so", HELPER);
        NativeBundle bundle = bundle(list);

        String message = refusal(bundle);

        assertTrue(message.contains(sha256(HELPER)) && message.contains(sha256(MAIN)), message);
        assertEquals(List.of("helper.so"), names(cache.resolve("gatun", "natives", bundle.digest())));
    }

    @Test
    void listedFileThatTheJarLacksIsNamed() throws Exception {
        String list = list();
        jar.remove("libgatun.so");

        String message = refusal(bundle(list));

        assertTrue(message.contains("libgatun.so: listed in natives.sha256 but not in the jar"), message);
    }

    @Test
    void listWithPathIsRefused() throws Exception {
        String line = sha256(MAIN) + "  ../libgatun.so";

        var refused = assertThrows(NativeLibraryException.class, () -> bundle(line + "\n"));

        assertTrue(refused.getMessage().contains(line), refused.getMessage());
    }

    @Test
    void cacheThatCannotBeMadeIsNamed() throws Exception {
        Path file = Files.createFile(cache.resolve("file"));

        var refused = assertThrows(NativeLibraryException.class, () -> bundle().extract(file.resolve("below")));

        assertTrue(refused.getMessage().contains(file.toString()), refused.getMessage());
        assertTrue(refused.getMessage().contains("Set GATUN_CACHE"), refused.getMessage());
    }

    private NativeBundle bundle() throws NoSuchAlgorithmException {
        return bundle(list());
    }

    private NativeBundle bundle(String list) {
        return NativeBundle.read(name -> {
            if (name.equals(NativeBundle.LIST_NAME)) {
                return new ByteArrayInputStream(list.getBytes(StandardCharsets.UTF_8));
            }
            return jar.containsKey(name) ? new ByteArrayInputStream(jar.get(name)) : null;
        });
    }

    private String list() throws NoSuchAlgorithmException {
        StringBuilder list = new StringBuilder();
        for (Map.Entry<String, byte[]> file : jar.entrySet()) {
            list.append(sha256(file.getValue())).append("  ").append(file.getKey()).append('\n');
        }
        return list.toString();
    }

    private String refusal(NativeBundle bundle) {
        return assertThrows(NativeLibraryException.class, () -> bundle.extract(cache)).getMessage();
    }

    private static List<String> names(Path folder) throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            // A thread of the same test may still hold its temporary copy there.
            files.map(file -> file.getFileName().toString()).filter(name -> !name.endsWith(".tmp")).sorted()
                    .forEach(names::add);
        }
        return names;
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static byte[] bytes(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
