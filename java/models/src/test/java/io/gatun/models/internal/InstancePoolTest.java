// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DeviceException;
import io.gatun.core.InterruptedRunException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InstancePoolTest {
    private static final class Instance implements AutoCloseable {
        private final AtomicInteger users = new AtomicInteger();
        private volatile boolean ready = true;
        private volatile boolean closed;

        @Override
        public void close() {
            assertFalse(closed, "closed twice");
            assertEquals(0, users.get(), "closed in use");
            closed = true;
        }
    }

    private final List<Instance> made = new ArrayList<>();

    private synchronized Instance make() {
        made.add(new Instance());
        return made.getLast();
    }

    private synchronized int madeSoFar() {
        return made.size();
    }

    private Optional<Instance> take(InstancePool<String, Instance> pool, String key) {
        return pool.take(key, instance -> instance.ready, this::make);
    }

    /** A key that comes for the second time. */
    private Instance taken(InstancePool<String, Instance> pool, String key) {
        Optional<Instance> first = take(pool, key);
        return first.orElseGet(() -> take(pool, key).orElseThrow());
    }

    private static void awaitWaiting(Thread thread) throws InterruptedException {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
    }

    @Test
    void aKeyGetsAnInstanceAtItsSecondUse() {
        try (var pool = new InstancePool<String, Instance>(2, 4)) {
            assertEquals(Optional.empty(), take(pool, "a"));
            assertEquals(0, madeSoFar());
            Instance instance = take(pool, "a").orElseThrow();
            pool.give("a", instance);
            assertSame(instance, take(pool, "a").orElseThrow());
            assertEquals(1, madeSoFar());
            pool.give("a", instance);
        }
    }

    @Test
    void aPreparedKeyHasOneAtItsFirst() {
        try (var pool = new InstancePool<String, Instance>(2, 4)) {
            pool.prepare("a", this::make);
            pool.prepare("a", this::make);
            assertEquals(1, madeSoFar());
            assertSame(made.getFirst(), take(pool, "a").orElseThrow());
            pool.give("a", made.getFirst());
        }
        assertTrue(made.getFirst().closed);
    }

    @Test
    void instancesThatAreNotReadyAreTheLastResort() {
        try (var pool = new InstancePool<String, Instance>(2, 4)) {
            Instance busy = taken(pool, "a");
            busy.ready = false;
            pool.give("a", busy);
            Instance fresh = take(pool, "a").orElseThrow();
            assertNotSame(busy, fresh);
            fresh.ready = false;
            pool.give("a", fresh);
            // The bound is reached: the one that was given back first is likely to be done first.
            assertSame(busy, take(pool, "a").orElseThrow());
            fresh.ready = true;
            assertSame(fresh, take(pool, "a").orElseThrow());
            pool.give("a", busy);
            pool.give("a", fresh);
            assertEquals(2, madeSoFar());
        }
    }

    @Test
    void theKeyUsedLongestAgoMakesWay() {
        try (var pool = new InstancePool<String, Instance>(2, 2)) {
            Instance a = taken(pool, "a");
            pool.give("a", a);
            Instance b = taken(pool, "b");
            pool.give("b", b);
            pool.give("a", take(pool, "a").orElseThrow());
            Instance c = taken(pool, "c");
            assertTrue(b.closed);
            assertFalse(a.closed);
            // All are in use, and none is of this key: no instance, and no waiting.
            Instance again = take(pool, "a").orElseThrow();
            assertSame(a, again);
            assertEquals(Optional.empty(), take(pool, "b"));
            pool.give("a", again);
            pool.give("c", c);
        }
        assertTrue(made.stream().allMatch(instance -> instance.closed));
    }

    @Test
    void oneWaitsWhereAllOfAKeyAreInUse() throws Exception {
        try (var pool = new InstancePool<String, Instance>(1, 4);
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Instance only = taken(pool, "a");
            Thread[] waiter = new Thread[1];
            Future<Optional<Instance>> other = threads.submit(() -> {
                waiter[0] = Thread.currentThread();
                return take(pool, "a");
            });
            while (waiter[0] == null) {
                Thread.sleep(1);
            }
            awaitWaiting(waiter[0]);
            pool.give("a", only);
            assertSame(only, other.get().orElseThrow());
            Future<Optional<Instance>> interrupted = threads.submit(() -> take(pool, "a"));
            Thread.sleep(20);
            threads.shutdownNow();
            assertTrue(assertThrows(Exception.class, interrupted::get).getCause() instanceof InterruptedRunException);
            pool.give("a", only);
        }
    }

    @Test
    void eightThreadsNeverShareAnInstanceAndKeepTheBounds() throws Exception {
        try (var pool = new InstancePool<String, Instance>(2, 3);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Callable<Integer>> work = new ArrayList<>();
            for (int thread = 0; thread < 8; thread++) {
                int seed = thread;
                work.add(() -> {
                    int served = 0;
                    for (int i = 0; i < 2000; i++) {
                        String key = "k" + (i * 7 + seed) % 4;
                        Optional<Instance> instance = take(pool, key);
                        if (instance.isPresent()) {
                            assertEquals(1, instance.get().users.incrementAndGet());
                            assertFalse(instance.get().closed);
                            served++;
                            assertEquals(0, instance.get().users.decrementAndGet());
                            pool.give(key, instance.get());
                        }
                    }
                    return served;
                });
            }
            int served = 0;
            for (Future<Integer> done : threads.invokeAll(work)) {
                served += done.get();
            }
            assertTrue(served > 2000, "served " + served);
            assertTrue(made.stream().filter(instance -> !instance.closed).count() <= 3);
        }
        assertTrue(made.stream().allMatch(instance -> instance.closed));
    }

    @Test
    void afterAFailedRecordingTheKeyHasNoInstance() throws Exception {
        try (var pool = new InstancePool<String, Instance>(2, 4);
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            take(pool, "a");
            AtomicInteger attempts = new AtomicInteger();
            Callable<Optional<Instance>> failing = () -> pool.take("a", instance -> instance.ready, () -> {
                attempts.incrementAndGet();
                throw new DeviceException("cannot be captured");
            });
            assertThrows(DeviceException.class, failing::call);
            assertEquals(Optional.empty(), failing.call());
            assertEquals(Optional.empty(), threads.submit(failing).get());
            assertEquals(1, attempts.get());
            Instance other = taken(pool, "b");
            pool.give("b", other);
        }
    }

    @Test
    void aFailedRecordingLeavesThoseThatExistUnused() {
        try (var pool = new InstancePool<String, Instance>(2, 4)) {
            Instance first = taken(pool, "a");
            assertThrows(DeviceException.class, () -> pool.take("a", instance -> instance.ready, () -> {
                throw new DeviceException("out of something");
            }));
            pool.give("a", first);
            assertEquals(Optional.empty(), take(pool, "a"));
        }
        assertTrue(made.getFirst().closed);
    }

    @Test
    void clearingClosesWhatIsIdle() {
        try (var pool = new InstancePool<String, Instance>(2, 2)) {
            Instance used = taken(pool, "a");
            Instance idle = taken(pool, "b");
            pool.give("b", idle);
            assertEquals(1, pool.clear());
            assertTrue(idle.closed);
            assertFalse(used.closed);
            pool.give("a", used);
            assertNotSame(idle, take(pool, "b").map(instance -> {
                pool.give("b", instance);
                return instance;
            }).orElseThrow());
        }
    }

    @Test
    void whatIsTakenWhenThePoolClosesIsClosedWhenItComesBack() throws Exception {
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            var pool = new InstancePool<String, Instance>(1, 4);
            Instance taken = taken(pool, "a");
            Instance idle = taken(pool, "b");
            pool.give("b", idle);
            Future<Optional<Instance>> waiting = threads.submit(() -> take(pool, "a"));
            Thread.sleep(20);
            pool.close();
            pool.close();
            assertTrue(idle.closed);
            assertFalse(taken.closed);
            assertEquals(Optional.empty(), waiting.get());
            pool.give("a", taken);
            assertTrue(taken.closed);
            assertEquals(Optional.empty(), take(pool, "b"));
        }
    }
}
