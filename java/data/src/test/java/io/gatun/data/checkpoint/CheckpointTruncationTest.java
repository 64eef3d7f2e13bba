// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenFolder;
import io.gatun.data.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are cut short before, while and after they are read. */
class CheckpointTruncationTest {
    private static final int LARGE_FLOATS = 1 << 24;
    private static final int TRIES = 10;

    @TempDir
    private Path folder;

    private static Path golden(String name) {
        return GoldenFolder.resource("checkpoints").orElseThrow().resolve(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.pth", "legacy.pth", "views.safetensors"})
    void fileCutAtEveryByteIsRefused(String name) throws IOException {
        Path file = Files.copy(golden(name), folder.resolve(name));
        for (long length = Files.size(file) - 1; length >= 0; length--) {
            truncate(file, length);
            String message = assertThrows(CheckpointException.class, () -> Checkpoints.read(file),
                    "cut at byte " + length).getMessage();
            assertTrue(message.contains(file.toString()), message);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.pth", "legacy.pth", "views.safetensors"})
    void tensorsOutliveTheirFile(String name) throws IOException {
        Path file = Files.copy(golden(name), folder.resolve(name));
        Checkpoint checkpoint = Checkpoints.read(file);
        Map<String, String> before = digests(checkpoint);
        truncate(file, 100);
        assertEquals(before, digests(checkpoint));
        truncate(file, 0);
        Files.delete(file);
        assertEquals(before, digests(checkpoint));
        assertEquals(digests(Checkpoints.read(golden(name))), before);
    }

    @Test
    void safetensorsFileCutWhileItsTensorsAreReadIsRefused() {
        Path file = folder.resolve("large.safetensors");
        var tensor = new TensorData(DType.F32, Shape.of(LARGE_FLOATS), MemorySegment.ofArray(new float[LARGE_FLOATS]));
        cutWhileReading(file, "HashedFile.readInto", () -> SafetensorsFile.write(file, Map.of("t", tensor), Map.of()));
    }

    @Test
    void legacyFileCutWhileItsTensorsAreReadIsRefused() {
        cutWhileReading(folder.resolve("large.pth"), "HashedFile.readInto", () -> saveLegacy("t"));
    }

    @Test
    void legacyFileCutWhileItsOptimizerStateIsPassedOverIsRefused() {
        cutWhileReading(folder.resolve("large.pth"), "HashedFile.skip", () -> saveLegacy("optimizer"));
    }

    @Test
    void archiveCutWhileItsTensorsAreReadIsRefused() {
        cutWhileReading(folder.resolve("large.pth"), "TorchArchive.read", () -> saveArchive("t"));
    }

    @Test
    void archiveCutWhileItsDigestIsComputedIsRefused() {
        cutWhileReading(folder.resolve("large.pth"), "HashedFile.digest", () -> saveArchive("optimizer"));
    }

    private void saveLegacy(String name) {
        try {
            dictionary(name).saveLegacy(folder.resolve("large.pth"), Pickle.storage(new float[LARGE_FLOATS]), "0");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void saveArchive(String name) {
        try {
            dictionary(name).save(folder.resolve("large.pth"), LARGE_FLOATS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Pickle dictionary(String name) {
        return new Pickle().op("}").text(name)
                .tensor("0", LARGE_FLOATS, 0, new long[] {LARGE_FLOATS}, new long[] {1}).op("s");
    }

    /**
     * Cuts a large file once another thread is seen to read it in that method. The reader may win that race; it must
     * lose at least one of some.
     */
    private static void cutWhileReading(Path file, String method, Runnable save) {
        for (int tries = 0; tries < TRIES; tries++) {
            save.run();
            var outcome = new CompletableFuture<Checkpoint>();
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    outcome.complete(Checkpoints.read(file));
                } catch (RuntimeException | Error e) {
                    outcome.completeExceptionally(e);
                }
            });
            while (!outcome.isDone() && !isIn(method, reader)) {
                Thread.onSpinWait();
            }
            truncate(file, 1 << 16);
            try {
                outcome.join();
            } catch (CompletionException e) {
                String message = assertThrows(CheckpointException.class, () -> {
                    throw e.getCause();
                }).getMessage();
                assertTrue(message.contains(file.toString()), message);
                return;
            }
        }
        fail("the file was read before it could be cut, " + TRIES + " times");
    }

    private static boolean isIn(String method, Thread thread) {
        return Stream.of(thread.getStackTrace())
                .anyMatch(frame -> (frame.getClassName() + "." + frame.getMethodName()).endsWith("." + method));
    }

    private static void truncate(Path file, long size) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> digests(Checkpoint checkpoint) {
        Map<String, String> digests = new TreeMap<>();
        checkpoint.tensors().forEach((name, tensor) -> {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                digest.update(tensor.bytes().asByteBuffer());
                digests.put(name, HexFormat.of().formatHex(digest.digest()));
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e);
            }
        });
        return digests;
    }
}
