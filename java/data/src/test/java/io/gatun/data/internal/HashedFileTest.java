// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.CheckpointException;
import io.gatun.core.InterruptedRunException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashedFileTest {
    @TempDir
    private Path folder;

    @Test
    void readsPiecesAndHashesTheWholeFileOnce() throws IOException, NoSuchAlgorithmException {
        byte[] content = new byte[3_000_001]; // more than two chunks
        new Random(1).nextBytes(content);
        Path path = Files.write(folder.resolve("file"), content);
        try (HashedFile file = HashedFile.open(path)) {
            assertArrayEquals(Arrays.copyOf(content, 512), file.head());
            assertArrayEquals(Arrays.copyOf(content, 5), file.read(5).toArray(ValueLayout.JAVA_BYTE));
            assertArrayEquals(Arrays.copyOfRange(content, 5, 1_300_000),
                    file.read(1_300_000 - 5).toArray(ValueLayout.JAVA_BYTE));
            file.skip(1_200_000);
            byte[] rest = new byte[7];
            file.readInto(MemorySegment.ofArray(rest));
            assertArrayEquals(Arrays.copyOfRange(content, 2_500_000, 2_500_007), rest);
            assertEquals(content.length - 2_500_007, file.left());
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
            assertEquals(HexFormat.of().formatHex(digest), file.digest());
        }
    }

    @Test
    void fileTruncatedWhileReadingIsRefused() throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[2_000_000]);
        try (HashedFile file = HashedFile.open(path)) {
            file.read(1_000_000);
            try (FileChannel writer = FileChannel.open(path, StandardOpenOption.WRITE)) {
                writer.truncate(1_500_000);
            }
            String message = assertThrows(CheckpointException.class, () -> file.read(1_000_000)).getMessage();
            assertTrue(message.contains("ended at byte 1500000 of 2000000"), message);
        }
    }

    @Test
    void interruptIsATypedError() throws IOException {
        Path path = Files.write(folder.resolve("file"), "content".getBytes(StandardCharsets.US_ASCII));
        try (HashedFile file = HashedFile.open(path)) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedRunException.class, () -> file.read(7));
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt stays visible to the caller");
        }
    }

    @Test
    void memoryThatIsNotThereIsATypedErrorThatNamesTheOption() {
        String message = assertThrows(
                CheckpointException.class, () -> HashedFile.allocate("m.pth", 1L << 50)).getMessage();
        assertTrue(message.contains("-XX:MaxDirectMemorySize"), message);
    }
}
