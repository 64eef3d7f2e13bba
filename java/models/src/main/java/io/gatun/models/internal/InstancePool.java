// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import io.gatun.core.InterruptedRunException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Instances by key, such as recorded graphs by shape: each is in the hands of one call at a time. There are at most so
 * many for a key and in all; idle ones of the key that was used longest ago make way for others. Thread-safe.
 *
 * @param <K> what an instance serves
 * @param <V> an instance, closed when it is given up
 */
public final class InstancePool<K, V extends AutoCloseable> implements AutoCloseable {
    /** Keys remembered for each instance there may be. */
    private static final int KEYS = 8;

    private final int mostOfKey;
    private final int most;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<K, Entry<V>> entries = new LinkedHashMap<>(16, 0.75f, true);
    private int count;
    private boolean closed;

    private static final class Entry<V> {
        private final Deque<V> idle = new ArrayDeque<>();
        private int count; // idle, taken and being made
        private boolean refused;
    }

    /**
     * An empty pool.
     *
     * @param mostOfKey instances of one key, at least 1
     * @param most instances in all, at least 1
     */
    public InstancePool(int mostOfKey, int most) {
        this.mostOfKey = mostOfKey;
        this.most = most;
    }

    /**
     * Takes an instance for one call: an idle one that is ready, else a new one where the bounds allow, else any, which
     * may mean to wait for one.
     *
     * @param key what it serves
     * @param ready whether an idle instance serves the caller at once
     * @param maker makes an instance; what it throws is passed on, and the key gets none from then on
     * @return to be given back; empty if the pool is closed, a maker failed on the key, this is the first call with the
     *     key (one that does not come again is not worth an instance), or all instances are those of other keys, in use
     */
    public Optional<V> take(K key, Predicate<V> ready, Supplier<V> maker) {
        return take(key, ready, maker, false);
    }

    /**
     * Makes the first instance of a key, if it has none.
     *
     * @param key what it serves
     * @param maker makes an instance; what it throws is passed on
     */
    public void prepare(K key, Supplier<V> maker) {
        take(key, _ -> true, maker, true).ifPresent(made -> give(key, made));
    }

    private Optional<V> take(K key, Predicate<V> ready, Supplier<V> maker, boolean first) {
        List<V> surplus = new ArrayList<>();
        lock.lock();
        try {
            boolean known = entries.containsKey(key);
            while (!closed) {
                Entry<V> entry = entry(key);
                if (entry.refused || !known && !first) {
                    return Optional.empty();
                }
                Optional<V> idle = entry.idle.stream().filter(ready).findFirst();
                if (idle.isPresent()) {
                    entry.idle.remove(idle.get());
                    return idle;
                }
                if (entry.count < mostOfKey && makeRoom(key, surplus)) {
                    entry.count++;
                    count++;
                    break;
                }
                if (!entry.idle.isEmpty()) {
                    return Optional.of(entry.idle.removeLast());
                }
                if (entry.count == 0) {
                    return Optional.empty();
                }
                await();
            }
            if (closed) {
                return Optional.empty();
            }
        } finally {
            lock.unlock();
            surplus.forEach(InstancePool::close);
        }
        return Optional.of(make(key, maker));
    }

    private Entry<V> entry(K key) {
        Entry<V> entry = entries.computeIfAbsent(key, _ -> new Entry<>());
        if (entries.size() > KEYS * most) {
            Iterator<Entry<V>> oldest = entries.values().iterator();
            Entry<V> candidate = oldest.next();
            while (candidate.count > 0 && oldest.hasNext()) {
                candidate = oldest.next();
            }
            oldest.remove();
        }
        return entry;
    }

    /** Whether there may be one more; moves the idle instance that makes way to those to be closed. */
    private boolean makeRoom(K key, List<V> surplus) {
        if (count < most) {
            return true;
        }
        for (Map.Entry<K, Entry<V>> other : entries.entrySet()) {
            if (!other.getKey().equals(key) && !other.getValue().idle.isEmpty()) {
                surplus.add(other.getValue().idle.removeLast());
                other.getValue().count--;
                count--;
                return true;
            }
        }
        return false;
    }

    private void await() {
        try {
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("interrupted while waiting for an instance of a model's graph", e);
        }
    }

    private V make(K key, Supplier<V> maker) {
        boolean done = false;
        try {
            V made = maker.get();
            done = true;
            return made;
        } finally {
            if (!done) {
                lock.lock();
                try {
                    Entry<V> entry = entry(key);
                    entry.count--;
                    entry.refused = true;
                    count--;
                    changed.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    /**
     * Gives an instance back.
     *
     * @param key what it was taken for
     * @param instance of {@link #take}
     */
    public void give(K key, V instance) {
        lock.lock();
        try {
            if (!closed) {
                // The one used last comes first: it is the most likely to be ready for its user.
                entry(key).idle.addFirst(instance);
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        close(instance);
    }

    /**
     * Closes what is idle, to get its memory.
     *
     * @return how many there were
     */
    public int clear() {
        List<V> surplus = new ArrayList<>();
        lock.lock();
        try {
            for (Entry<V> entry : entries.values()) {
                surplus.addAll(entry.idle);
                entry.count -= entry.idle.size();
                count -= entry.idle.size();
                entry.idle.clear();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        surplus.forEach(InstancePool::close);
        return surplus.size();
    }

    /** Closes all instances, those in use when they are given back, and hands out no more. Idempotent. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        clear();
    }

    private static void close(AutoCloseable instance) {
        try {
            instance.close();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("an instance could not be closed", e);
        }
    }
}
