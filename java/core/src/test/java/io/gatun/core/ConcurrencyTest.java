// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ConcurrencyTest {
    private static final int THREADS = 8;
    private static final int WIDTH = 96;

    /** A little network with shared weights. */
    private record Network(Scope scope, Weights weights, Tensor bias, Tensor norm) implements AutoCloseable {
        static Network open(Device device) {
            Scope scope = Scope.open(device);
            TestData data = new TestData(7);
            Network network = new Network(scope,
                    Kernels.linearWeights(scope, scope.of(data.floats(WIDTH * WIDTH), WIDTH, WIDTH)),
                    scope.of(data.floats(WIDTH), WIDTH), scope.full(DType.F32, 1, WIDTH));
            scope.sync();
            return network;
        }

        float[] apply(Device device, float[] input) {
            try (Scope work = Scope.open(device)) {
                Tensor x = work.of(input, input.length / WIDTH, WIDTH);
                for (int layer = 0; layer < 4; layer++) {
                    x = Kernels.linear(work, x, weights, Optional.of(bias), Activation.GELU, Optional.of(x));
                    x = Kernels.layerNorm(work, x, norm, bias.slice(0, 0, WIDTH), 1e-5);
                }
                return x.toFloatArray();
            }
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    private static <T> List<Future<T>> onThreads(int threads, Callable<T> task) throws InterruptedException {
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Callable<T>> tasks = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                tasks.add(task);
            }
            return pool.invokeAll(tasks);
        }
    }

    @Test
    void threadsWithOwnScopesShareWeightsAndAgreeToTheBit() throws Exception {
        try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(3))) {
            float[] input = new TestData(1).floats(37 * WIDTH);
            try (Network network = Network.open(device)) {
                float[] alone = network.apply(device, input);
                for (Future<Integer> result : onThreads(THREADS, () -> {
                    for (int round = 0; round < 20; round++) {
                        assertArrayEquals(alone, network.apply(device, input));
                    }
                    return 20;
                })) {
                    assertEquals(20, result.get());
                }
            }
            assertEquals(0, device.memory().buffersLive());
        }
    }

    /** Closing weights under running calls: each call either finishes with the right result or says it is closed. */
    @Test
    void closingAModelUnderCallsFailsThemCleanly() throws Exception {
        try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(2))) {
            float[] input = new TestData(1).floats(37 * WIDTH);
            for (int round = 0; round < 10; round++) {
                Network network = Network.open(device);
                float[] expected = network.apply(device, input);
                CountDownLatch running = new CountDownLatch(4);
                Thread closer = Thread.startVirtualThread(() -> {
                    try {
                        running.await(10, TimeUnit.SECONDS);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                    network.close();
                });
                List<Future<Integer>> results = onThreads(4, () -> {
                    int calls = 0;
                    while (true) {
                        assertArrayEquals(expected, network.apply(device, input));
                        running.countDown();
                        calls++;
                    }
                });
                closer.join();
                for (Future<Integer> result : results) {
                    Throwable end = assertThrows(ExecutionException.class, result::get).getCause();
                    assertInstanceOf(IllegalStateException.class, end);
                }
                assertEquals(0, device.memory().buffersLive());
            }
        }
    }

    /** Closing the very scope and tensors that another thread computes with. */
    @Test
    void closingAScopeUnderItsOwnCallsIsSafe() throws Exception {
        try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(2))) {
            for (int round = 0; round < 50; round++) {
                Scope scope = Scope.open(device);
                Tensor x = scope.full(DType.F32, 1, 257, 33);
                CountDownLatch started = new CountDownLatch(1);
                Thread worker = new Thread(() -> {
                    try {
                        while (true) {
                            Kernels.add(scope, x, x).close();
                            started.countDown();
                        }
                    } catch (IllegalStateException _) {
                        started.countDown();
                    }
                });
                worker.start();
                started.await();
                if (round % 2 == 0) {
                    x.close();
                }
                scope.close();
                worker.join();
            }
            assertEquals(0, device.memory().buffersLive());
        }
    }

    @Test
    void aScopeInTheHandsOfAnotherThreadIsRefused() throws Exception {
        try (Scope scope = Scope.open(Device.cpu())) {
            CountDownLatch taken = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            Thread holder = new Thread(() -> {
                scope.begin();
                taken.countDown();
                try {
                    done.await();
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                } finally {
                    scope.end();
                }
            });
            holder.start();
            taken.await();
            String message = assertThrows(IllegalStateException.class, () -> scope.zeros(1)).getMessage();
            assertTrue(message.contains("in use by another thread"), message);
            done.countDown();
            holder.join();
            assertEquals(1, scope.zeros(1).toFloatArray().length, "a scope may move between threads");
        }
    }

    @Test
    void aRefusedCallLeavesNoLockBehind() throws InterruptedException {
        Scope scope = Scope.open(Device.cpu());
        scope.close();
        assertThrows(IllegalStateException.class, () -> scope.zeros(1));
        Thread other = Thread.startVirtualThread(scope::close);
        assertTrue(other.join(Duration.ofSeconds(20)), "close() on another thread must not wait for this one");
    }

    @Test
    void tensorsClosedByOtherThreadsGoBack() throws Exception {
        try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(2)); Scope scope = Scope.open(device)) {
            List<Tensor> tensors = new ArrayList<>();
            for (int i = 0; i < 800; i++) {
                tensors.add(scope.full(DType.F32, i, 100));
            }
            try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
                tensors.forEach(tensor -> pool.submit(tensor::close));
                while (!tensors.stream().allMatch(Tensor::isClosed)) {
                    scope.zeros(10).close();
                }
            }
            scope.sync();
            assertEquals(0, device.memory().buffersLive());
        }
    }

    @Test
    void devicesCloseWhileOthersRun() throws Exception {
        for (Future<Integer> result : onThreads(4, () -> {
            int live = 0;
            for (int i = 0; i < 25; i++) {
                try (Device device = Device.cpu(CpuOptions.DEFAULT.withThreads(1 + i % 3))) {
                    try (Network network = Network.open(device)) {
                        network.apply(device, new float[WIDTH]);
                    }
                    live += (int) device.memory().buffersLive();
                }
            }
            return live;
        })) {
            assertEquals(0, result.get());
        }
    }
}
