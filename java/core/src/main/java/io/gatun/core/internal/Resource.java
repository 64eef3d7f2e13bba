// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A native object, mostly memory, with counted holders (tensors) and pins (scopes with queued work that reads it).
 * Thread-safe.
 */
public abstract sealed class Resource permits Buffer, PackedWeights, GraphHandle {
    private final DeviceHandle device;
    private final MemorySegment address;
    private volatile ScopeHandle owner;
    private volatile boolean closed;
    private boolean freed;
    private long holders = 1; // views of shared weights may never be closed
    private int generation;
    private final List<ScopeHandle> pins = new ArrayList<>(0);

    /** Owner null: nobody's stream, freed through the device's service stream. */
    Resource(DeviceHandle device, ScopeHandle owner, MemorySegment address) {
        this.device = device;
        this.owner = owner;
        this.address = address;
        device.retain();
    }

    /** What this is, for messages. */
    abstract String kind();

    /** The native call that frees it; returns its status. */
    abstract int freeOn(MemorySegment stream, MemorySegment error);

    /** Runs once, after the last use and before the memory goes back, with no lock of the device held. */
    void beforeFree() {}

    /** Runs once, after the memory went back. */
    void afterFree() {}

    public final MemorySegment address() {
        return address;
    }

    public final DeviceHandle device() {
        return device;
    }

    /** The scope on whose stream it lives, or null where it outlives scopes. */
    public final ScopeHandle owner() {
        return owner;
    }

    public final boolean isClosed() {
        return closed;
    }

    public final void requireOpen() {
        if (closed) {
            throw new IllegalStateException(kind() + " was used after it, or the scope that owned it, was closed."
                    + " Use Scope.keep to let a result outlive its scope.");
        }
    }

    /** A further tensor shares the memory; the result goes to {@link #drop}. */
    public final synchronized int hold() {
        requireOpen();
        holders++;
        return generation;
    }

    /** A tensor is closed. The last one closes the resource; those from before a {@link #detach} do not count. */
    public final void drop(int heldGeneration) {
        synchronized (this) {
            if (closed || heldGeneration != generation || --holders > 0) {
                return;
            }
            closed = true;
        }
        disposeIfUnused();
    }

    /** Leaves its scope: from now on the holders are one tensor and those made from it. */
    final synchronized int detach() {
        requireOpen();
        owner = null;
        holders = 1;
        return ++generation;
    }

    final synchronized void pin(ScopeHandle reader) {
        requireOpen();
        pins.add(reader);
    }

    final void unpin(ScopeHandle reader) {
        synchronized (this) {
            pins.remove(reader);
        }
        disposeIfUnused();
    }

    final synchronized List<ScopeHandle> pins() {
        return List.copyOf(pins);
    }

    /** No new use from now on. */
    final void close() {
        synchronized (this) {
            closed = true;
        }
        disposeIfUnused();
    }

    private void disposeIfUnused() {
        synchronized (this) {
            if (!closed || freed || !pins.isEmpty()) {
                return;
            }
            freed = true;
        }
        beforeFree();
        ScopeHandle home = owner;
        if (home != null) {
            home.giveBack(this);
        } else {
            device.giveBack(this);
        }
    }

    /** Frees it on a stream whose lock the caller holds; called exactly once. */
    final void free(StreamHandle stream) {
        try {
            stream.check(freeOn(stream.address(), stream.error()));
        } finally {
            device.release();
        }
    }
}
