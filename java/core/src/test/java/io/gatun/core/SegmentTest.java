// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Memory seen without copies, in both directions, and what happens when either side ends it. */
@Timeout(120)
class SegmentTest {
    @Test
    void aSegmentShowsTheTensorAndEndsWithIt() {
        MemorySegment segment;
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor x = Kernels.add(scope, scope.of(new float[] {1, 2, 3, 4}, 2, 2), scope.scalar(1));
            segment = x.slice(0, 1, 2).asSegment();
            assertEquals(8, segment.byteSize());
            assertEquals(5, segment.getAtIndex(JAVA_FLOAT, 1));
            segment.setAtIndex(JAVA_FLOAT, 1, 50);
            assertArrayEquals(new float[] {2, 3, 4, 50}, x.toFloatArray());
            assertThrows(ShapeException.class, () -> x.permute(1, 0).asSegment());
        }
        assertFalse(segment.scope().isAlive());
        assertThrows(IllegalStateException.class, () -> segment.getAtIndex(JAVA_FLOAT, 0));
    }

    @Test
    void memoryIsNotReusedWhileItsSegmentIsBeingWritten(@TempDir Path folder) throws IOException, InterruptedException {
        float[] ones = new float[1 << 20];
        Arrays.fill(ones, 1);
        for (int round = 0; round < 10; round++) {
            Path file = folder.resolve("memory" + round);
            try (Scope scope = Scope.open(Device.cpu());
                    FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                Tensor x = scope.of(ones, ones.length);
                MemorySegment segment = x.asSegment();
                CountDownLatch written = new CountDownLatch(1);
                Thread writer = new Thread(() -> {
                    try {
                        for (int i = 0; i < 3; i++) {
                            channel.write(segment.asByteBuffer(), 0);
                            written.countDown();
                        }
                    } catch (IOException | IllegalStateException _) {
                        // The tensor was closed, most likely while the file was being written: that write completed.
                    }
                });
                writer.start();
                written.await();
                x.close();
                scope.full(DType.F32, 2, ones.length).toFloatArray();
                writer.join();
            }
            try (FileChannel channel = FileChannel.open(file); Arena arena = Arena.ofConfined()) {
                MemorySegment content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
                assertEquals(4L * ones.length, content.byteSize());
                for (long i = 0; i < content.byteSize() / 4; i++) {
                    assertEquals(1, content.getAtIndex(JAVA_FLOAT, i));
                }
            }
        }
    }

    private static MemorySegment floats(Arena arena, int count, float value) {
        MemorySegment segment = arena.allocate(JAVA_FLOAT, count);
        for (int i = 0; i < count; i++) {
            segment.setAtIndex(JAVA_FLOAT, i, value);
        }
        return segment;
    }

    @Test
    void aWrappedSegmentIsReadInPlaceAndItsArenaClosedWithTheTensor() {
        Arena arena = Arena.ofShared();
        MemorySegment memory = floats(arena, 6, 3);
        try (Device device = Device.cpu(CpuOptions.DEFAULT); Scope scope = Scope.open(device)) {
            Tensor wrapped = Tensor.wrap(device, memory, arena, DType.F32, 2, 3);
            Tensor sum = Kernels.add(scope, wrapped, scope.scalar(1));
            wrapped.close();
            assertTrue(arena.scope().isAlive(), "queued work may still read it");
            assertThrows(IllegalStateException.class, wrapped::toFloatArray);
            assertEquals(4, sum.toFloatArray()[5]);
            assertFalse(arena.scope().isAlive());
        }
    }

    @Test
    void closingTheArenaOfAWrappedTensorWaitsForItsReaders() {
        for (int round = 0; round < 3; round++) {
            Arena arena = Arena.ofShared();
            int count = 1 << 22;
            MemorySegment memory = floats(arena, count, 3);
            try (Device device = Device.cpu(CpuOptions.DEFAULT); Scope scope = Scope.open(device)) {
                Tensor wrapped = Tensor.wrap(device, memory, arena, DType.F32, count);
                Tensor sum = wrapped;
                for (int i = 0; i < 9; i++) {
                    sum = Kernels.add(scope, sum, wrapped);
                }
                arena.close();
                assertThrows(IllegalStateException.class, wrapped::toFloatArray);
                assertThrows(IllegalStateException.class, () -> Kernels.copy(scope, wrapped));
                assertEquals(30, sum.toFloatArray()[count - 1]);
                wrapped.close();
            }
        }
    }

    @Test
    void closingTheArenaWhileOthersReadIsSafe() throws InterruptedException {
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            for (int round = 0; round < 30; round++) {
                Arena arena = Arena.ofShared();
                Tensor wrapped = Tensor.wrap(device, floats(arena, 1 << 16, 3), arena, DType.F32, 1 << 16);
                CountDownLatch started = new CountDownLatch(2);
                Thread reader = new Thread(() -> readUntilClosed(wrapped, started));
                Thread computer = new Thread(() -> computeUntilClosed(device, wrapped, started));
                reader.start();
                computer.start();
                started.await();
                arena.close();
                reader.join();
                computer.join();
                wrapped.close();
            }
            assertEquals(0, device.memory().buffersLive());
        }
    }

    @Test
    void memoryOfAnAutomaticArenaLivesAsLongAsItsTensor() throws InterruptedException {
        try (Scope scope = Scope.open(Device.cpu())) {
            Arena arena = Arena.ofAuto();
            Tensor wrapped = Tensor.wrap(Device.cpu(), floats(arena, 1 << 20, 3), arena, DType.F32, 1 << 20);
            arena = Arena.ofAuto();
            for (int i = 0; i < 5; i++) {
                System.gc();
                Thread.sleep(10);
                arena.allocate(4 << 20).fill((byte) 1);
            }
            assertEquals(6, Kernels.add(scope, wrapped, wrapped).toFloatArray()[(1 << 20) - 1]);
            wrapped.close();
        }
    }

    private static void readUntilClosed(Tensor tensor, CountDownLatch started) {
        try {
            while (true) {
                assertEquals(3, tensor.toFloatArray()[100]);
                started.countDown();
            }
        } catch (IllegalStateException _) {
            started.countDown();
        }
    }

    private static void computeUntilClosed(Device device, Tensor tensor, CountDownLatch started) {
        try (Scope scope = Scope.open(device)) {
            while (true) {
                Kernels.add(scope, tensor, tensor).close();
                started.countDown();
            }
        } catch (IllegalStateException _) {
            started.countDown();
        }
    }

    @Test
    void onlySuitableMemoryIsWrapped() {
        Device device = Device.cpu();
        try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            MemorySegment memory = shared.allocate(64, 64);
            assertThrows(ArgumentException.class,
                    () -> Tensor.wrap(device, MemorySegment.ofArray(new float[4]), shared, DType.F32, 4));
            assertThrows(ArgumentException.class,
                    () -> Tensor.wrap(device, memory.asSlice(2, 16), shared, DType.F32, 4), "not aligned");
            assertThrows(ArgumentException.class,
                    () -> Tensor.wrap(device, memory, Arena.ofAuto(), DType.F32, 16), "another arena");
            assertThrows(ArgumentException.class,
                    () -> Tensor.wrap(device, confined.allocate(16, 4), confined, DType.F32, 4), "confined");
            assertThrows(ArgumentException.class, () -> Tensor.wrap(device, memory, DType.F32, 16), "not global");
            assertThrows(ShapeException.class, () -> Tensor.wrap(device, memory, shared, DType.F32, 3));
        }
        Tensor forever = Tensor.wrap(device, floats(Arena.global(), 4, 2), DType.F32, 4);
        assertArrayEquals(new float[] {2, 2, 2, 2}, forever.toFloatArray());
        forever.close();
    }
}
