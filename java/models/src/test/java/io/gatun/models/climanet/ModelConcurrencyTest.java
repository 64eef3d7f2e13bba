// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.MemoryStats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ModelConcurrencyTest {
    private static final SpatioTemporalConfig CONFIG = ModelReferenceTest.small();
    private static final Checkpoint CHECKPOINT = RandomCheckpoint.of(CONFIG, 3, 1);

    @Test
    void eightThreadsShareAModelAndGetTheSameBits() throws Exception {
        List<Sample> samples = new ArrayList<>();
        List<float[]> expected = new ArrayList<>();
        try (SpatioTemporalModel model = SpatioTemporalModel.load(CHECKPOINT, Device.cpu());
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 4; i++) {
                samples.add(Sample.random(i, 1, 1, 1 + i, 4 + i, 8, 6 + 2 * i));
                expected.add(samples.get(i).run(model));
            }
            List<Callable<Void>> work = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int first = thread;
                work.add(() -> {
                    for (int i = first; i < first + 40; i++) {
                        assertArrayEquals(expected.get(i % 4), samples.get(i % 4).run(model), "sample " + i % 4);
                    }
                    return null;
                });
            }
            for (Future<Void> done : threads.invokeAll(work)) {
                done.get();
            }
        }
    }

    @Test
    void whatAForwardTakesIsMeasuredAndGivenBack() {
        try (Device device = Device.cpu(CpuOptions.DEFAULT);
                SpatioTemporalModel model = SpatioTemporalModel.load(CHECKPOINT, device)) {
            long before = device.memory().bytesInUse();
            long one = model.forwardBytes(ForwardShape.of(1, 2, 5, 8, 8).withLand());
            long three = model.forwardBytes(ForwardShape.of(3, 2, 5, 8, 8).withLand());
            long input = 2 * 5 * 8 * 8 * (Float.BYTES + 1) + 8 * 8;
            assertTrue(one > input, one + " bytes");
            assertTrue(three > one + 2 * input && three < 3 * one, one + " and " + three + " bytes");
            assertEquals(before, device.memory().bytesInUse());
            model.warmUp(List.of(ForwardShape.of(1, 2, 5, 8, 8)));
            assertEquals(before, device.memory().bytesInUse());
        }
    }

    @Test
    void fiveHundredForwardsLeaveNothingAllocated() {
        Sample sample = Sample.random(1, 1, 1, 2, 5, 8, 8);
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            try (SpatioTemporalModel model = SpatioTemporalModel.load(CHECKPOINT, device)) {
                sample.run(model);
                MemoryStats before = device.memory();
                for (int i = 0; i < 500; i++) {
                    sample.run(model);
                }
                MemoryStats after = device.memory();
                assertEquals(before.buffersLive(), after.buffersLive());
                assertEquals(before.bytesInUse(), after.bytesInUse());
                assertEquals(before.bytesPeak(), after.bytesPeak());
            }
            assertEquals(0, device.memory().buffersLive());
            assertEquals(0, device.memory().bytesInUse());
        }
    }

    @Test
    void closingAModelInUseWaitsOrFailsCleanly() throws Exception {
        Sample sample = Sample.random(1, 1, 1, 2, 5, 8, 8);
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            for (int round = 0; round < 150; round++) {
                SpatioTemporalModel model = SpatioTemporalModel.load(CHECKPOINT, device);
                float[] expected = sample.run(model);
                CountDownLatch running = new CountDownLatch(1);
                AtomicReference<Throwable> failure = new AtomicReference<>();
                AtomicReference<float[]> last = new AtomicReference<>(expected);
                Thread user = Thread.ofPlatform().start(() -> {
                    try {
                        while (true) {
                            running.countDown();
                            last.set(sample.run(model));
                        }
                    } catch (Throwable e) {
                        failure.set(e);
                    }
                });
                running.await();
                Thread.sleep(0, (round % 20) * 50_000);
                model.close();
                user.join();
                assertInstanceOf(IllegalStateException.class, failure.get());
                assertNull(failure.get().getCause());
                assertArrayEquals(expected, last.get());
            }
            assertEquals(0, device.memory().buffersLive());
        }
    }
}
