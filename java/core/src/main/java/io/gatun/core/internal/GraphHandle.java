// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.ffi.GatunH;
import io.gatun.core.Scope;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A native {@code gatun_graph} with an event behind its last replay. It keeps the scope it was recorded on open. */
public final class GraphHandle extends Resource {
    private final MemorySegment event;
    private final Scope recorder;
    private Optional<ScopeHandle> last = Optional.empty();

    GraphHandle(DeviceHandle device, MemorySegment graph, MemorySegment event, Scope recorder) {
        super(device, null, graph);
        this.event = event;
        this.recorder = recorder;
    }

    @Override
    String kind() {
        return "A graph";
    }

    @Override
    int freeOn(MemorySegment stream, MemorySegment error) {
        int destroyed = GatunH.gatun_graph_destroy(address(), error);
        return destroyed != GatunH.GATUN_OK() ? destroyed : GatunH.gatun_event_destroy(event, error);
    }

    @Override
    void afterFree() {
        recorder.close();
    }

    /**
     * Queues work that uses the graph's own tensors on a scope that this thread has begun and that reads the graph,
     * behind the work of the call before.
     */
    public synchronized void queue(ScopeHandle scope, Runnable work) {
        if (last.isPresent() && last.get() != scope) {
            scope.queued(GatunH.gatun_event_wait(scope.stream(), event, scope.error()));
        }
        try {
            work.run();
        } finally {
            last = Optional.of(scope);
            scope.queued(GatunH.gatun_event_record(event, scope.stream(), scope.error()));
        }
    }

    /** Whether work on a scope would not wait for another scope's, as far as the host knows. */
    public synchronized boolean isFree(ScopeHandle scope) {
        return last.isEmpty() || last.get() == scope || last.get().isIdle();
    }
}
