// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import io.gatun.core.DeviceMemoryException;
import io.gatun.core.GatunException;
import io.gatun.core.Graph;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Work of a model as recorded graphs, by what a recording depends on. What cannot be recorded is to be run directly.
 *
 * @param <K> what a recording depends on
 */
public final class GraphPool<K> implements AutoCloseable {
    private final InstancePool<K, Graph> pool;
    private final Function<K, Graph> recorder;
    private final Function<K, String> work;
    private final Consumer<String> log;
    private final AtomicBoolean failureTold = new AtomicBoolean();

    /**
     * An empty pool.
     *
     * @param mostOfKey graphs of one key, that is calls that can overlap
     * @param most graphs in all; each holds all temporaries of its work
     * @param recorder records the work
     * @param work what could not be recorded, for the log
     * @param log gets at most one line: why the first recording that failed did
     */
    public GraphPool(
            int mostOfKey, int most, Function<K, Graph> recorder, Function<K, String> work, Consumer<String> log) {
        this.pool = new InstancePool<>(mostOfKey, most);
        this.recorder = recorder;
        this.work = work;
        this.log = log;
    }

    /**
     * Replays the work.
     *
     * @param scope owns the result
     * @param key what a recording depends on
     * @param inputs as they were recorded
     * @return the result, or empty where the work is to be run directly
     */
    public Optional<Tensor> replay(Scope scope, K key, List<Tensor> inputs) {
        Optional<Graph> taken;
        try {
            taken = pool.take(key, graph -> graph.isFree(scope), () -> recorder.apply(key));
        } catch (GatunException e) {
            failed(key, e);
            return Optional.empty();
        }
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(taken.get().replay(scope, inputs));
        } finally {
            pool.give(key, taken.get());
        }
    }

    /**
     * Records work that has run before: a device may have to load its kernels first.
     *
     * @param key what the recording depends on
     */
    public void prepare(K key) {
        try {
            pool.prepare(key, () -> recorder.apply(key));
        } catch (GatunException e) {
            failed(key, e);
        }
    }

    /**
     * Gives the memory of graphs that are not in use back.
     *
     * @return whether there were any
     */
    public boolean clear() {
        return pool.clear() > 0;
    }

    private void failed(K key, GatunException e) {
        if (e instanceof InterruptedRunException) {
            throw e;
        }
        if (e instanceof DeviceMemoryException) {
            pool.clear();
        }
        if (!failureTold.getAndSet(true)) {
            log.accept(work.apply(key) + " could not be recorded as a graph and is launched kernel by kernel: "
                    + e.getMessage());
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
