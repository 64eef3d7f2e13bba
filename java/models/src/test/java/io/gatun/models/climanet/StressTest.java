// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.Kernels;
import io.gatun.core.MemoryStats;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.core.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Threads compute while others close what they compute with: devices, models, weights, scopes, tensors (also kept
 * ones), and the caller's arenas.
 * Each call gives its right result or is refused; the process lives, and nothing is left behind.
 */
@Timeout(900)
class StressTest {
    private static final int SECONDS = Integer.getInteger("gatun.stress.seconds", 30);
    private static final long SEED = Long.getLong("gatun.stress.seed", 1);
    private static final int USERS = 6;
    private static final int COUNT = 5000;
    private static final int WIDTH = 20;
    private static final List<String> ACTIONS = List.of("model", "weights", "kept tensor", "shared scope",
            "wrapped arena", "arena copied in", "view as segment", "own device");
    private static final Checkpoint CHECKPOINT = RandomCheckpoint.of(ModelReferenceTest.small(), 3, 1);
    private static final Sample SAMPLE = Sample.random(1, 1, 1, 2, 5, 8, 8);

    /** What all users share until it is taken away from them. */
    private record World(Device device, SpatioTemporalModel model, Scope scope, Weights doubling, Tensor ones,
            Tensor kept, Arena arena, MemorySegment threes, Tensor wrapped) {
        static World create(int threads) {
            Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(threads));
            Scope scope = Scope.open(device);
            Arena arena = Arena.ofShared();
            Arena handedOver = Arena.ofShared();
            return new World(device, SpatioTemporalModel.load(CHECKPOINT, device), scope, doubling(scope),
                    scope.full(DType.F32, 1, COUNT), kept(device), arena, filled(arena, 3),
                    Tensor.wrap(device, filled(handedOver, 3), handedOver, DType.F32, COUNT));
        }

        private static Weights doubling(Scope scope) {
            float[] diagonal = new float[WIDTH * WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                diagonal[i * (WIDTH + 1)] = 2;
            }
            return Kernels.linearWeights(scope, scope.of(diagonal, WIDTH, WIDTH));
        }

        private static Tensor kept(Device device) {
            try (Scope maker = Scope.open(device)) {
                return maker.keep(maker.full(DType.F32, 5, COUNT));
            }
        }

        private static MemorySegment filled(Arena arena, float value) {
            MemorySegment segment = arena.allocate(JAVA_FLOAT, COUNT);
            for (int i = 0; i < COUNT; i++) {
                segment.setAtIndex(JAVA_FLOAT, i, value);
            }
            return segment;
        }

        /** In any order, under running calls. The device refuses to close while anything of it is alive. */
        void destroy(Random random) throws InterruptedException {
            List<Runnable> closers = new ArrayList<>(List.of(model::close, doubling::close, scope::close, ones::close,
                    kept::close, arena::close, wrapped::close));
            Collections.shuffle(closers, random);
            for (Runnable closer : closers) {
                untilDone(closer);
            }
            untilDone(() -> {
                MemoryStats left = device.memory();
                if (left.buffersLive() != 0 || left.bytesInUse() != 0) {
                    throw new IllegalStateException(left + " is left");
                }
            });
            untilDone(device::close);
        }

        private static void untilDone(Runnable closer) throws InterruptedException {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (true) {
                try {
                    closer.run();
                    return;
                } catch (IllegalStateException e) {
                    // In use: a call holds it.
                    if (System.nanoTime() > end) {
                        throw new AssertionError("it never became idle", e);
                    }
                    Thread.sleep(1);
                }
            }
        }
    }

    private final AtomicReference<World> world = new AtomicReference<>();
    private final AtomicLongArray done = new AtomicLongArray(ACTIONS.size());
    private final AtomicLongArray refused = new AtomicLongArray(ACTIONS.size());
    private float[] expected;

    private void act(int action) {
        World now = world.get();
        switch (ACTIONS.get(action)) {
            case "model" -> assertArrayEquals(expected, SAMPLE.run(now.model()));
            case "weights" -> {
                try (Scope own = Scope.open(now.device())) {
                    Tensor x = own.full(DType.F32, 1, COUNT / WIDTH, WIDTH);
                    assertFilled(2, Kernels.linear(own, x, now.doubling(), own.zeros(WIDTH)).toFloatArray());
                }
            }
            case "kept tensor" -> {
                try (Scope own = Scope.open(now.device())) {
                    float[] array = new float[COUNT];
                    Arrays.fill(array, 1);
                    Tensor copy = own.of(array, COUNT);
                    Arrays.fill(array, Float.NaN); // the caller's again, though work on the copy may be queued
                    assertFilled(6, Kernels.add(own, now.kept(), copy).toFloatArray());
                }
            }
            case "shared scope" -> assertFilled(2, Kernels.add(now.scope(), now.ones(), now.ones()).toFloatArray());
            case "wrapped arena" -> {
                try (Scope own = Scope.open(now.device())) {
                    assertFilled(4, Kernels.add(own, now.wrapped(), own.scalar(1)).toFloatArray());
                }
            }
            case "arena copied in" -> {
                try (Scope own = Scope.open(now.device())) {
                    assertFilled(3, own.of(new TensorData(DType.F32, Shape.of(COUNT), now.threes())).toFloatArray());
                }
            }
            case "view as segment" -> {
                MemorySegment view = now.ones().asSegment();
                for (int i = 0; i < COUNT; i++) {
                    assertEquals(1, view.getAtIndex(JAVA_FLOAT, i));
                }
            }
            default -> {
                try (Device own = Device.cpu(CpuOptions.DEFAULT.withThreads(2)); Scope scope = Scope.open(own)) {
                    Tensor ones = scope.full(DType.F32, 1, COUNT);
                    assertFilled(2, Kernels.add(scope, ones, scope.scalar(1)).toFloatArray());
                }
            }
        }
    }

    private static void assertFilled(float value, float[] got) {
        assertEquals(COUNT, got.length);
        for (float each : got) {
            assertEquals(value, each);
        }
    }

    private Void use(long seed, long end) {
        Random random = new Random(seed);
        while (System.nanoTime() < end) {
            int action = random.nextInt(ACTIONS.size());
            try {
                act(action);
                done.incrementAndGet(action);
            } catch (IllegalStateException | GatunException _) {
                refused.incrementAndGet(action);
            }
        }
        return null;
    }

    @Test
    void everyCallIsRightOrRefusedWhateverIsClosedUnderIt() throws Exception {
        Random random = new Random(SEED);
        world.set(World.create(2));
        expected = SAMPLE.run(world.get().model());
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        int worlds = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(USERS)) {
            List<Future<Void>> users = new ArrayList<>();
            for (int i = 0; i < USERS; i++) {
                long seed = SEED * 100 + i;
                users.add(threads.submit(() -> use(seed, end)));
            }
            while (System.nanoTime() < end) {
                Thread.sleep(random.nextInt(20));
                world.getAndSet(World.create(1 + random.nextInt(3))).destroy(random);
                worlds++;
            }
            for (Future<Void> user : users) {
                user.get();
            }
        }
        world.get().destroy(random);
        System.out.printf("stress: %d s, %d worlds closed; right and refused: ", SECONDS, worlds);
        for (int action = 0; action < ACTIONS.size(); action++) {
            System.out.printf("%s %d/%d%s", ACTIONS.get(action), done.get(action), refused.get(action),
                    action + 1 < ACTIONS.size() ? ", " : "\n");
            assertTrue(done.get(action) > 0, ACTIONS.get(action) + " never succeeded");
        }
        assertTrue(worlds > SECONDS, worlds + " worlds closed");
    }
}
