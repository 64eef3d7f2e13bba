// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.data.GoldenFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random damage to real files: they are read or refused with a CheckpointException, within time and memory bounds.
 * Each run prints its seed; {@code -Dgatun.fuzz.seed=N} repeats it, {@code -Dgatun.fuzz.rounds=N} makes it longer.
 */
class CheckpointFuzzTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    /** Where the pickles of legacy.pth end and its storages begin. */
    private static final int LEGACY_PICKLE_BYTES = 1833;

    private final long seed = Long.getLong("gatun.fuzz.seed", 20261120L);
    private final int rounds = Integer.getInteger("gatun.fuzz.rounds", 400);
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;
    private Path golden;

    @BeforeEach
    void printSeed(TestReporter reporter) {
        reporter.publishEntry("gatun.fuzz.seed", Long.toString(seed));
        golden = GoldenFolder.resource("checkpoints").orElseThrow();
    }

    @Test
    void damagedPicklesAreReadOrRefused() throws IOException {
        for (String name : new String[] {"dtypes.pth", "views.pth", "protocol4.pth"}) {
            Map<String, byte[]> records = records(golden.resolve(name));
            String pickle = name.replaceAll("\\.pth$", "/data.pkl");
            byte[] intact = records.get(pickle);
            for (int round = 0; round < rounds; round++) {
                records.put(pickle, damaged(intact));
                check(Pickle.archive(folder.resolve("fuzz.pth"), records), name, round);
            }
        }
    }

    @Test
    void damagedArchivesAreReadOrRefused() throws IOException {
        checkDamaged("views.pth");
    }

    @Test
    void damagedLegacyFilesAreReadOrRefused() throws IOException {
        checkDamaged("legacy.pth");
    }

    @Test
    void damagedLegacyPicklesAreReadOrRefused() throws IOException {
        byte[] intact = Files.readAllBytes(golden.resolve("legacy.pth"));
        byte[] pickles = Arrays.copyOf(intact, LEGACY_PICKLE_BYTES);
        for (int round = 0; round < rounds; round++) {
            byte[] head = damaged(pickles);
            byte[] file = Arrays.copyOf(head, head.length + intact.length - LEGACY_PICKLE_BYTES);
            System.arraycopy(intact, LEGACY_PICKLE_BYTES, file, head.length, intact.length - LEGACY_PICKLE_BYTES);
            check(Files.write(folder.resolve("fuzz.pth"), file), "pickles of legacy.pth", round);
        }
    }

    @Test
    void damagedSafetensorsFilesAreReadOrRefused() throws IOException {
        checkDamaged("dtypes.safetensors");
    }

    private void checkDamaged(String name) throws IOException {
        byte[] intact = Files.readAllBytes(golden.resolve(name));
        for (int round = 0; round < rounds; round++) {
            check(Files.write(folder.resolve("fuzz.bin"), damaged(intact)), name, round);
        }
    }

    private void check(Path file, String name, int round) {
        String which = name + ", round " + round + " of seed " + seed;
        assertTimeoutPreemptively(LIMIT, () -> {
            try {
                Checkpoint checkpoint = Checkpoints.read(file);
                long copied = checkpoint.tensors().values().stream()
                        .mapToLong(tensor -> tensor.bytes().byteSize()).sum();
                // Views share storages, so that the sum may exceed the copies; it still stays far from a bomb.
                assertTrue(copied <= 64 * Files.size(file) + (1 << 22), () -> which + ": " + copied + " bytes");
            } catch (CheckpointException e) {
                assertTrue(e.getMessage().contains(file.toString()), () -> which + ": " + e.getMessage());
            } catch (RuntimeException | Error e) {
                fail(which, e);
            }
        }, which);
    }

    /** One to four of: a changed bit, a changed byte, a deleted range, a repeated range, a number made extreme. */
    private byte[] damaged(byte[] intact) {
        byte[] bytes = intact.clone();
        for (int count = 1 + random.nextInt(4); count > 0; count--) {
            int at = random.nextInt(bytes.length);
            int length = Math.min(1 + random.nextInt(16), bytes.length - at);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = spliced(bytes, at, at + length);
                case 3 -> bytes = spliced(bytes, at + length, at);
                default -> Arrays.fill(bytes, at, at + Math.min(8, length), (byte) (0x7f + 0x80 * random.nextInt(2)));
            }
            if (bytes.length == 0) {
                return bytes;
            }
        }
        return bytes;
    }

    /** The first {@code head} bytes and all from {@code from} on: a gap, or a repetition where these overlap. */
    private static byte[] spliced(byte[] bytes, int head, int from) {
        byte[] result = Arrays.copyOf(bytes, head + bytes.length - from);
        System.arraycopy(bytes, from, result, head, bytes.length - from);
        return result;
    }

    private static Map<String, byte[]> records(Path file) throws IOException {
        Map<String, byte[]> records = new LinkedHashMap<>();
        try (ZipFile zip = new ZipFile(file.toFile())) {
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                try (InputStream in = zip.getInputStream(entry)) {
                    records.put(entry.getName(), in.readAllBytes());
                }
            }
        }
        return records;
    }
}
