// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReadAheadTest {
    private final AtomicInteger made = new AtomicInteger();
    private volatile Thread reader;

    private Iterator<Integer> source(int count) {
        return IntStream.range(0, count).peek(_ -> {
            reader = Thread.currentThread();
            made.incrementAndGet();
        }).boxed().iterator();
    }

    @Test
    void itemsComeInOrderAndOneAhead() {
        List<Integer> seen = new ArrayList<>();
        ReadAhead.forEach(source(100), item -> {
            assertTrue(made.get() <= item + 2, made.get() + " made at item " + item);
            seen.add(item);
        });
        assertEquals(IntStream.range(0, 100).boxed().toList(), seen);
        assertNotEquals(Thread.currentThread(), reader);
        ReadAhead.forEach(List.of().iterator(), item -> seen.clear());
        assertEquals(100, seen.size());
    }

    @Test
    void whatMakingAnItemThrowsEndsTheWork() {
        DataException broken = new DataException("broken file");
        Iterator<Integer> failing = IntStream.range(0, 10).map(i -> {
            if (i == 3) {
                throw broken;
            }
            return i;
        }).iterator();
        List<Integer> seen = new ArrayList<>();
        assertSame(broken, assertThrows(DataException.class, () -> ReadAhead.forEach(failing, seen::add)));
        assertEquals(List.of(0, 1, 2), seen);
    }

    @Test
    void afterAFailureOfTheWorkNothingIsReadAnyMore() throws InterruptedException {
        assertThrows(IllegalStateException.class, () -> ReadAhead.forEach(source(100), item -> {
            throw new IllegalStateException("disk full");
        }));
        assertTrue(made.get() <= 2, made.get() + " made");
        int sofar = made.get();
        reader.join();
        assertEquals(sofar, made.get());
    }

    @Test
    void anInterruptEndsItAndStaysSet() {
        assertThrows(InterruptedRunException.class, () -> ReadAhead.forEach(source(100), item -> {
            if (item == 5) {
                Thread.currentThread().interrupt();
            }
        }));
        assertTrue(Thread.interrupted());
        assertTrue(made.get() <= 7, made.get() + " made");
    }
}
