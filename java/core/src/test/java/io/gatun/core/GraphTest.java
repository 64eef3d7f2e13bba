// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class GraphTest {
    private static final int WIDTH = 12;
    private static final int ROWS = 5;
    private static final List<Graph.Input> INPUTS = List.of(new Graph.Input(DType.F32, Shape.of(ROWS, WIDTH)));

    private static float[] values(long seed) {
        return new TestData(seed).floats(ROWS * WIDTH);
    }

    @Test
    void theCpuHasNoGraphsAndSaysSo() {
        assertFalse(Device.cpu().hasGraphs());
        assertFalse(Device.cpu().info().graphs());
        String message = assertThrows(DeviceException.class,
                () -> Graph.record(Device.cpu(), INPUTS, (_, inputs) -> inputs.getFirst())).getMessage();
        assertTrue(message.contains("cpu") && message.contains("hasGraphs"), message);
    }

    @Nested
    @Tag("gpu")
    class OnCuda {
        private Device device;
        private Scope owner;
        private Weights weights;
        private long before;

        @BeforeEach
        void open() {
            DeviceReport.Entry cuda = Device.report().entries().getLast();
            assumeTrue(cuda.usable(), cuda.detail());
            device = Device.of(cuda.device());
            assumeTrue(device.hasGraphs(), device + " has no graphs");
            before = device.memory().buffersLive();
            owner = Scope.open(device);
            weights = Kernels.linearWeights(owner, owner.of(new TestData(3).floats(WIDTH * WIDTH), WIDTH, WIDTH));
            owner.sync();
        }

        @AfterEach
        void nothingIsLeft() {
            if (owner != null) {
                owner.close();
                assertEquals(before, device.memory().buffersLive());
            }
        }

        /** Constants, temporaries that are closed early, weights. */
        private Tensor work(Scope scope, Tensor x) {
            float[] row = new TestData(1).floats(WIDTH);
            try (Tensor shifted = Kernels.add(scope, x, scope.of(row, WIDTH))) {
                Tensor product = Kernels.linear(scope, shifted, weights, scope.zeros(WIDTH));
                return Kernels.add(scope, product, product).reshape(WIDTH, ROWS);
            }
        }

        private Graph recorded() {
            return Graph.record(device, INPUTS, (scope, inputs) -> work(scope, inputs.getFirst()));
        }

        private float[] direct(float[] x) {
            try (Scope scope = Scope.open(device)) {
                return work(scope, scope.of(x, ROWS, WIDTH)).toFloatArray();
            }
        }

        private float[] replayed(Graph graph, float[] x) {
            try (Scope scope = Scope.open(device)) {
                return graph.replay(scope, List.of(scope.of(x, ROWS, WIDTH))).toFloatArray();
            }
        }

        @Test
        void eachReplayIsTheWorkOnItsOwnInputs() {
            try (Graph graph = recorded()) {
                for (int seed = 0; seed < 3; seed++) {
                    assertArrayEquals(direct(values(seed)), replayed(graph, values(seed)));
                }
                try (Scope scope = Scope.open(device)) {
                    // Queued behind each other without a wait, on views: the copies keep them apart.
                    Tensor first = graph.replay(scope, List.of(scope.of(values(1), ROWS, WIDTH)));
                    Tensor strided = scope.of(values(2), WIDTH, ROWS).permute(1, 0);
                    Tensor second = graph.replay(scope, List.of(strided));
                    assertTrue(graph.isFree(scope));
                    assertEquals(Shape.of(WIDTH, ROWS), second.shape());
                    assertArrayEquals(direct(values(1)), first.toFloatArray());
                    assertArrayEquals(direct(Kernels.copy(scope, strided).toFloatArray()), second.toFloatArray());
                }
            }
        }

        @Test
        void threadsTakeTurns() throws Exception {
            try (Graph graph = recorded(); ExecutorService threads = Executors.newFixedThreadPool(4)) {
                List<Callable<Void>> work = new ArrayList<>();
                for (int i = 0; i < 16; i++) {
                    float[] x = values(i);
                    float[] expected = direct(x);
                    work.add(() -> {
                        assertArrayEquals(expected, replayed(graph, x));
                        return null;
                    });
                }
                for (Future<Void> done : threads.invokeAll(work)) {
                    done.get();
                }
            }
        }

        @Test
        void weightsLiveAsLongAsAGraphThatReadsThem() {
            float[] expected = direct(values(7));
            try (Graph graph = recorded()) {
                owner.close();
                assertArrayEquals(expected, replayed(graph, values(7)));
            }
        }

        @Test
        void aGraphIsClosedUnderQueuedReplaysAndTwice() {
            try (Scope scope = Scope.open(device)) {
                Graph graph = recorded();
                Tensor result = graph.replay(scope, List.of(scope.of(values(8), ROWS, WIDTH)));
                graph.close();
                graph.close();
                assertTrue(graph.toString().contains("closed"));
                assertThrows(IllegalStateException.class,
                        () -> graph.replay(scope, List.of(scope.of(values(8), ROWS, WIDTH))));
                assertArrayEquals(direct(values(8)), result.toFloatArray());
            }
        }

        @Test
        void inputsMustBeThoseOfTheRecording() {
            try (Graph graph = recorded(); Scope scope = Scope.open(device)) {
                assertThrows(ArgumentException.class, () -> graph.replay(scope, List.of()));
                assertThrows(ShapeException.class, () -> graph.replay(scope, List.of(scope.zeros(ROWS, 1))));
                assertThrows(DTypeException.class,
                        () -> graph.replay(scope, List.of(scope.full(DType.BOOL, 0, ROWS, WIDTH))));
                try (Scope elsewhere = Scope.open(Device.cpu())) {
                    assertThrows(ArgumentException.class,
                            () -> graph.replay(elsewhere, List.of(elsewhere.zeros(ROWS, WIDTH))));
                }
                assertArrayEquals(direct(values(9)), replayed(graph, values(9)));
            }
        }

        @Test
        void theBodyMayNotWaitAndItsFailureIsTheCallersOwn() {
            assertThrows(IllegalStateException.class, () -> Graph.record(device, INPUTS, (scope, inputs) -> {
                work(scope, inputs.getFirst()).toFloatArray();
                return inputs.getFirst();
            }));
            assertThrows(IllegalStateException.class, () -> Graph.record(device, INPUTS, (scope, inputs) ->
                    scope.keep(work(scope, inputs.getFirst()))));
            assertThrows(IllegalStateException.class, () -> Graph.record(device, INPUTS, (scope, _) -> {
                scope.close();
                return scope.zeros(1);
            }));
            assertThrows(ShapeException.class, () -> Graph.record(device, INPUTS, (scope, inputs) ->
                    Kernels.add(scope, inputs.getFirst(), scope.zeros(WIDTH + 1))));
            assertThrows(ArgumentException.class, () -> Graph.record(device, INPUTS, (_, _) -> owner.zeros(2)));
            // What was refused has left nothing behind that stands in the way of the next.
            try (Graph graph = recorded()) {
                assertArrayEquals(direct(values(1)), replayed(graph, values(1)));
            }
        }
    }
}
