// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.ffi.GatunH;
import io.gatun.bindings.ffi.gatun_conv2d_options;
import io.gatun.bindings.ffi.gatun_patch_embed_options;
import io.gatun.core.ArgumentException;
import io.gatun.core.DeviceException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Conv2dGeometry;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.Scope;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** A stream with the resources it owns and those it borrows. One thread at a time, between {@link #begin} and end. */
public final class ScopeHandle {
    private static final long SETTLE_SECONDS = 30;

    private final DeviceHandle device;
    private final StreamHandle stream;
    private final Set<Resource> owned = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Resource> borrowed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Queue<Resource> returned = new ConcurrentLinkedQueue<>();
    private final MemorySegment options;
    private final MemorySegment convOptions;
    private volatile boolean closed;
    private volatile boolean busy; // work was queued since the last wait
    private volatile boolean working; // a thread is between begin and end
    private boolean recording; // a graph

    public ScopeHandle(DeviceHandle device) {
        this.device = device;
        device.retain();
        try {
            Arena arena = Arena.ofAuto();
            this.options = gatun_patch_embed_options.allocate(arena);
            this.convOptions = gatun_conv2d_options.allocate(arena);
            this.stream = new StreamHandle(device.address(), arena);
        } catch (RuntimeException | Error e) {
            device.release();
            throw e;
        }
    }

    public DeviceHandle device() {
        return device;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Whether nothing was queued since the last wait. */
    boolean isIdle() {
        return closed || !busy;
    }

    /** Takes the scope for this thread until {@link #end}; nests. */
    public void begin() {
        if (!stream.lock().tryLock()) {
            if (working) {
                throw new IllegalStateException("this scope is in use by another thread. A scope serves one thread at a"
                        + " time: open one for each.");
            }
            // Another thread only reads a result or closes a tensor: no misuse.
            stream.lock().lock();
        }
        requireOpen();
        working = true;
        freeReturned();
    }

    /** The lock is let go if the scope is closed. */
    private void requireOpen() {
        if (closed) {
            stream.lock().unlock();
            throw new IllegalStateException("this scope is closed");
        }
    }

    public void end() {
        if (stream.lock().getHoldCount() == 1) {
            working = false;
        }
        stream.lock().unlock();
    }

    public MemorySegment stream() {
        return stream.address();
    }

    public MemorySegment error() {
        return stream.error();
    }

    /** Where a call stores the pointer it creates. */
    public MemorySegment slot() {
        return stream.slot();
    }

    /** Checks the status of a call that queued work. */
    public void queued(int status) {
        busy = true;
        stream.check(status);
    }

    public Buffer allocate(long bytes) {
        Buffer buffer = new Buffer(device, this, stream.allocate(bytes), bytes);
        owned.add(buffer);
        return buffer;
    }

    /** Takes charge of the weights that the last call stored in {@link #slot()}. */
    public PackedWeights adoptWeights() {
        PackedWeights weights = new PackedWeights(device, this, stream.slotValue());
        owned.add(weights);
        return weights;
    }

    /** Makes sure that queued work may read a resource until {@link #sync}. */
    public void read(Resource resource, String role) {
        if (resource.device() != device) {
            throw new ArgumentException(role + " is on another device (" + resource.device().name()
                    + ") than the scope (" + device.name()
                    + "). Copy it through host memory: scope.of(tensor.toTensorData()).");
        }
        resource.requireOpen();
        ScopeHandle home = resource.owner();
        if (home == this) {
            return;
        }
        if (home != null) {
            home.settle();
        }
        if (!borrowed.contains(resource)) {
            resource.pin(this);
            borrowed.add(resource);
        }
    }

    /** Makes sure that queued work may write a resource. */
    public void write(Resource resource, String role) {
        resource.requireOpen();
        if (resource.owner() != this) {
            throw new ArgumentException(role + " does not belong to this scope: kept tensors and those of other"
                    + " scopes are read-only here. Write into a tensor of the scope.");
        }
        if (!resource.pins().isEmpty()) {
            throw new IllegalStateException(role + " is still read by another scope. Call sync() on that scope first.");
        }
    }

    /** The native form of the options, valid until the next call. */
    public MemorySegment patchEmbedOptions(PatchEmbedOptions chosen) {
        gatun_patch_embed_options.struct_size(options, gatun_patch_embed_options.sizeof());
        gatun_patch_embed_options.patch_t(options, chosen.patchT());
        gatun_patch_embed_options.patch_h(options, chosen.patchH());
        gatun_patch_embed_options.patch_w(options, chosen.patchW());
        gatun_patch_embed_options.validity(options, chosen.validity().ordinal());
        gatun_patch_embed_options.fill_value(options, chosen.fillValue());
        gatun_patch_embed_options.eps(options, chosen.eps());
        gatun_patch_embed_options.scale_factor(options, chosen.scaleFactor());
        gatun_patch_embed_options.add_offset(options, chosen.addOffset());
        return options;
    }

    /** As {@link #patchEmbedOptions}: the struct is read during the call. */
    public MemorySegment conv2dOptions(Conv2dGeometry chosen) {
        gatun_conv2d_options.struct_size(convOptions, gatun_conv2d_options.sizeof());
        gatun_conv2d_options.stride_h(convOptions, chosen.strideH());
        gatun_conv2d_options.stride_w(convOptions, chosen.strideW());
        gatun_conv2d_options.padding_h(convOptions, chosen.paddingH());
        gatun_conv2d_options.padding_w(convOptions, chosen.paddingW());
        gatun_conv2d_options.dilation_h(convOptions, chosen.dilationH());
        gatun_conv2d_options.dilation_w(convOptions, chosen.dilationW());
        return convOptions;
    }

    public void copyIn(MemorySegment source, Buffer buffer) {
        stream.copyIn(source, buffer.address(), 0);
    }

    /** Hands a resource out, finished; the result is the new generation of its holders. */
    public int keep(Resource resource) {
        sync();
        owned.remove(resource);
        return resource.detach();
    }

    /**
     * Records what work queues instead of running it. What it reads stays borrowed until this scope is closed, which
     * the graph does in its end.
     */
    public GraphHandle record(Scope self, Runnable work) {
        begin();
        try {
            sync();
            stream.check(GatunH.gatun_graph_begin(stream.address(), stream.error()));
            recording = true;
            boolean complete = false;
            int status;
            try {
                work.run();
                complete = true;
            } finally {
                recording = false;
                status = GatunH.gatun_graph_end(stream.address(), stream.slot(), stream.error());
                if (!complete && status == GatunH.GATUN_OK()) {
                    GatunH.gatun_graph_destroy(stream.slotValue(), stream.error());
                }
            }
            stream.check(status);
            busy = false;
            MemorySegment graph = stream.slotValue();
            try {
                return new GraphHandle(device, graph, stream.createEvent(device.address()), self);
            } catch (RuntimeException | Error e) {
                GatunH.gatun_graph_destroy(graph, stream.error());
                throw e;
            }
        } finally {
            end();
        }
    }

    private void requireNotRecording() {
        if (recording) {
            throw new IllegalStateException("a graph is being recorded on this scope: until that is done the scope"
                    + " cannot be waited for or closed, nor its tensors be read or kept.");
        }
    }

    /** Waits for the queued work; what was borrowed is then no longer needed. */
    public void sync() {
        requireNotRecording();
        try {
            stream.sync();
            busy = false;
        } finally {
            List<Resource> done = List.copyOf(borrowed);
            borrowed.clear();
            done.forEach(resource -> resource.unpin(this));
        }
    }

    /** Waits for the work of a scope that is in nobody's hands, so that its tensors may be read elsewhere. */
    private void settle() {
        if (!busy) {
            return;
        }
        try {
            if (!stream.lock().tryLock(SETTLE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a tensor belongs to a scope that another thread has been using for "
                        + SETTLE_SECONDS + " s. Call sync() on that scope, or keep() the tensor, first.");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("interrupted while waiting for the work of another scope", e);
        }
        try {
            if (!closed) {
                sync();
            }
        } finally {
            end();
        }
    }

    /** Waits for the queued work on behalf of another thread; a failure of that work is not its concern. */
    void finishForOthers() {
        stream.lock().lock();
        try {
            if (!closed) {
                sync();
            }
        } catch (DeviceException _) {
            // This scope's own thread meets it at its next wait.
        } finally {
            end();
        }
    }

    /** Runs a read after all that is queued; waits for the thread that uses the scope. */
    <T> T afterQueued(Function<StreamHandle, T> read) {
        stream.lock().lock();
        requireOpen();
        try {
            sync();
            return read.apply(stream);
        } finally {
            end();
        }
    }

    /** Frees an owned resource in stream order, now or when the scope is next used. From any thread. */
    void giveBack(Resource resource) {
        if (stream.lock().tryLock()) {
            try {
                if (!closed) {
                    owned.remove(resource);
                    resource.free(stream);
                    return;
                }
            } finally {
                end();
            }
            device.giveBack(resource);
            return;
        }
        returned.add(resource);
        if (closed) {
            // close() may have looked before the line above; each resource is polled once, by one of us.
            for (Resource late = returned.poll(); late != null; late = returned.poll()) {
                device.giveBack(late);
            }
        }
    }

    private void freeReturned() {
        for (Resource resource = returned.poll(); resource != null; resource = returned.poll()) {
            owned.remove(resource);
            resource.free(stream);
        }
    }

    /** Waits for the queued work and frees everything owned. Idempotent. */
    public void close() {
        stream.lock().lock();
        try {
            if (closed) {
                return;
            }
            requireNotRecording();
            RuntimeException failure = null;
            try {
                sync();
            } catch (RuntimeException e) {
                failure = e;
            }
            List.copyOf(owned).forEach(Resource::close);
            closed = true;
            try {
                freeReturned();
                stream.destroy();
            } finally {
                device.release();
            }
            if (failure != null) {
                throw failure;
            }
        } finally {
            end();
        }
    }
}
