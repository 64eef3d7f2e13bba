// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who frees what and when, on one thread. Each test leaves its device without a live buffer, or it cannot close. */
class LifecycleTest {
    private Device device;

    @BeforeEach
    void open() {
        device = Device.cpu(CpuOptions.DEFAULT.withThreads(2));
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, device.memory().buffersLive());
        device.close();
    }

    @Test
    void everythingClosesTwice() {
        Scope scope = Scope.open(device);
        Tensor tensor = scope.zeros(3);
        Tensor kept = scope.keep(scope.zeros(3));
        Weights weights = Kernels.linearWeights(scope, scope.zeros(2, 2));
        for (int round = 0; round < 2; round++) {
            tensor.close();
            weights.close();
            kept.close();
            scope.close();
        }
        assertTrue(scope.isClosed() && tensor.isClosed() && kept.isClosed());
        Device twice = Device.cpu(CpuOptions.DEFAULT.withThreads(1));
        twice.close();
        twice.close();
    }

    @Test
    void useAfterCloseIsAnIllegalState() {
        Scope scope = Scope.open(device);
        Tensor closed = scope.zeros(3);
        Tensor view = closed.reshape(1, 3);
        Tensor open = scope.zeros(2, 2);
        Weights weights = Kernels.linearWeights(scope, open);
        closed.close();
        assertEquals(0, view.toFloatArray()[0], "a view holds the memory");
        view.close();
        for (Tensor gone : new Tensor[] {closed, view}) {
            assertThrows(IllegalStateException.class, gone::toFloatArray);
            assertThrows(IllegalStateException.class, gone::asSegment);
            assertThrows(IllegalStateException.class, () -> gone.reshape(3));
            assertThrows(IllegalStateException.class, () -> Kernels.copy(scope, gone));
            assertThrows(IllegalStateException.class, () -> Kernels.fill(scope, gone, 1));
            assertThrows(IllegalStateException.class, () -> scope.keep(gone));
        }
        weights.close();
        assertThrows(IllegalStateException.class, () -> Kernels.linear(scope, open, weights, scope.zeros(2)));
        scope.close();
        assertThrows(IllegalStateException.class, () -> scope.zeros(1));
        assertThrows(IllegalStateException.class, scope::sync);
        assertThrows(IllegalStateException.class, open::toFloatArray);
        assertThrows(IllegalStateException.class, () -> Kernels.copy(scope, open));
        try (Scope other = Scope.open(device)) {
            assertThrows(IllegalStateException.class, () -> Kernels.copy(other, open));
        }
    }

    @Test
    void keptTensorsOutliveTheirScope() {
        Tensor kept;
        Tensor view;
        try (Scope scope = Scope.open(device)) {
            Tensor sum = Kernels.add(scope, scope.of(new float[] {1, 2}, 2), scope.of(new float[] {10, 20}, 2));
            view = sum.slice(0, 1, 2);
            kept = scope.keep(sum);
            assertSame(sum, kept);
            assertThrows(ArgumentException.class, () -> scope.keep(view), "only one view can be kept");
        }
        assertEquals(1, device.memory().buffersLive());
        assertArrayEquals(new float[] {11, 22}, kept.toFloatArray());
        assertArrayEquals(new float[] {22}, view.toFloatArray());
        view.close();
        assertFalse(kept.isClosed(), "a view from before does not hold the memory");
        try (Scope scope = Scope.open(device)) {
            assertArrayEquals(new float[] {12, 23}, Kernels.add(scope, kept, scope.scalar(1)).toFloatArray());
            assertThrows(ArgumentException.class, () -> scope.keep(kept));
        }
        Tensor later = kept.reshape(2, 1);
        kept.close();
        assertArrayEquals(new float[] {11, 22}, later.toFloatArray(), "a view from after does");
        later.close();
        assertEquals(0, device.memory().buffersLive());
    }

    @Test
    void closingEarlyGivesMemoryBackToTheScope() {
        try (Scope scope = Scope.open(device)) {
            for (int i = 0; i < 1000; i++) {
                try (Tensor temporary = scope.full(DType.F32, i, 1 << 16)) {
                    Kernels.copy(scope, temporary).close();
                }
            }
            assertEquals(0, device.memory().buffersLive());
            assertTrue(device.memory().bytesPeak() < 1 << 20, () -> device.memory().toString());
        }
    }

    @Test
    void borrowedWeightsOutliveTheirOwnerUntilTheWorkIsDone() {
        Scope owner = Scope.open(device);
        float[] identity = new float[64 * 64];
        for (int i = 0; i < 64; i++) {
            identity[i * 65] = 1;
        }
        Weights weights = Kernels.linearWeights(owner, owner.of(identity, 64, 64));
        Tensor bias = owner.full(DType.F32, 5, 64);
        try (Scope scope = Scope.open(device)) {
            Tensor x = scope.full(DType.F32, 1, 4096, 64);
            Tensor y = x;
            for (int i = 0; i < 20; i++) {
                y = Kernels.linear(scope, y, weights, bias);
            }
            weights.close();
            owner.close();
            assertThrows(IllegalStateException.class,
                    () -> Kernels.linear(scope, x, weights, Optional.empty(), Activation.NONE, Optional.empty()));
            // What the owner had is still being read: what another scope allocates must not land on it.
            try (Scope other = Scope.open(device)) {
                for (int i = 0; i < 20; i++) {
                    other.full(DType.F32, -1, 64, 64);
                    other.full(DType.F32, -1, 64);
                }
                other.sync();
            }
            for (float value : y.toFloatArray()) {
                assertEquals(101, value);
            }
        }
    }

    @Test
    void workOfAnotherScopeIsWaitedForBeforeItIsRead() {
        try (Scope first = Scope.open(device); Scope second = Scope.open(device)) {
            for (int round = 0; round < 50; round++) {
                Tensor slow = first.full(DType.F32, 1, 1 << 18);
                for (int i = 0; i < 5; i++) {
                    Kernels.add(first, slow, slow, slow);
                }
                float[] values = Kernels.copy(second, slow).toFloatArray();
                assertEquals(32, values[values.length - 1]);
                slow.close();
                second.sync();
            }
        }
    }

    @Test
    void tenThousandScopesLeaveNothingBehind() {
        for (int i = 0; i < 10_000; i++) {
            try (Scope scope = Scope.open(device)) {
                Kernels.add(scope, scope.zeros(16), scope.zeros(16));
                scope.keep(scope.zeros(4)).close();
            }
        }
        MemoryStats stats = device.memory();
        assertEquals(0, stats.buffersLive());
        assertEquals(0, stats.bytesInUse());
        assertTrue(stats.buffersTotal() >= 40_000 && stats.bytesCached() < 1 << 20, stats.toString());
    }

    @Test
    void aDeviceInUseDoesNotClose() {
        Scope scope = Scope.open(device);
        String message = assertThrows(IllegalStateException.class, device::close).getMessage();
        assertTrue(message.contains("1 of its scopes"), message);
        Tensor kept = scope.keep(scope.zeros(1));
        scope.close();
        assertThrows(IllegalStateException.class, device::close);
        assertEquals(1, kept.toFloatArray().length);
        kept.close();
    }

    @Test
    void aClosedDeviceRefusesEveryCall() {
        Device closed = Device.cpu(CpuOptions.DEFAULT.withThreads(1));
        closed.close();
        assertThrows(IllegalStateException.class, closed::memory);
        assertThrows(IllegalStateException.class, closed::info);
        assertThrows(IllegalStateException.class, closed::trim);
        assertThrows(IllegalStateException.class, () -> Scope.open(closed));
    }

    @Test
    void outOfMemoryIsTypedAndTheProcessGoesOn() {
        device.setMemoryLimit(1 << 20);
        try (Scope scope = Scope.open(device)) {
            Tensor half = scope.zeros(1 << 17);
            String message = assertThrows(DeviceMemoryException.class, () -> scope.zeros(1 << 18)).getMessage();
            assertTrue(message.contains("1048576"), message);
            assertThrows(DeviceMemoryException.class, () -> scope.empty(DType.U8, Long.MAX_VALUE));
            half.close();
            assertEquals(0, scope.zeros(1 << 17).toFloatArray()[7]);
        }
        assertThrows(ArgumentException.class, () -> device.setMemoryLimit(-1));
        device.setMemoryLimit(0);
        assertTrue(device.trim() > 0);
        assertEquals(0, device.memory().bytesCached());
    }
}
