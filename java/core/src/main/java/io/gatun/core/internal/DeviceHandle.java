// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.gatun.bindings.NativeLibrary;
import io.gatun.bindings.NativeLibraryException;
import io.gatun.bindings.ffi.GatunH;
import io.gatun.bindings.ffi.gatun_device_info;
import io.gatun.bindings.ffi.gatun_device_options;
import io.gatun.bindings.ffi.gatun_error;
import io.gatun.bindings.ffi.gatun_memory_stats;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DeviceException;
import io.gatun.core.DeviceInfo;
import io.gatun.core.MemoryStats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A native device, counted by its scopes and resources, with a service stream that frees and reads what outlives its
 * scope. Nothing is queued on that stream when its lock is free.
 */
public final class DeviceHandle {
    private static final long CLOSED = -1;

    private final String name;
    private final MemorySegment address;
    private final StreamHandle service;
    private final StructSlab structs = new StructSlab();
    private final AtomicLong users = new AtomicLong();
    private final boolean graphs;
    private volatile boolean closeWhenIdle;

    private DeviceHandle(String name, MemorySegment address) {
        this.name = name;
        this.address = address;
        this.service = new StreamHandle(address, Arena.ofAuto());
        this.graphs = info().graphs();
    }

    public static DeviceHandle openCpu(CpuOptions options) {
        loadLibrary();
        return open("cpu", GatunH.GATUN_CPU(), 0, options);
    }

    public static DeviceHandle openCuda(int index) {
        loadLibrary();
        return open("cuda:" + index, GatunH.GATUN_CUDA(), index, CpuOptions.DEFAULT);
    }

    public static DeviceHandle openMeta() {
        loadLibrary();
        return open("meta", GatunH.GATUN_META(), 0, CpuOptions.DEFAULT);
    }

    /** Before the generated classes are touched: their initialiser needs native access too, and says so worse. */
    private static void loadLibrary() {
        try {
            NativeLibrary.load();
        } catch (NativeLibraryException e) {
            throw new DeviceException(e.getMessage(), e);
        }
    }

    private static DeviceHandle open(String name, int kind, int index, CpuOptions options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment struct = gatun_device_options.allocate(arena);
            gatun_device_options.struct_size(struct, gatun_device_options.sizeof());
            gatun_device_options.num_threads(struct, options.threads());
            gatun_device_options.memory_limit(struct, options.memoryLimitBytes());
            gatun_device_options.cpu_level(struct, options.level().ordinal());
            MemorySegment out = arena.allocate(ADDRESS);
            MemorySegment error = gatun_error.allocate(arena);
            Status.check(GatunH.gatun_device_open(kind, index, struct, out, error), error);
            return new DeviceHandle(name, out.get(ADDRESS, 0));
        }
    }

    public String name() {
        return name;
    }

    public boolean hasGraphs() {
        return graphs;
    }

    MemorySegment address() {
        return address;
    }

    /** Memory for one {@code gatun_tensor}. */
    public MemorySegment newTensorStruct() {
        return structs.next();
    }

    /** One more scope or resource needs this device. */
    void retain() {
        if (users.getAndUpdate(count -> count == CLOSED ? CLOSED : count + 1) == CLOSED) {
            throw new IllegalStateException("device " + name + " is closed");
        }
    }

    void release() {
        if (users.decrementAndGet() == 0 && closeWhenIdle) {
            destroyIfIdle();
        }
    }

    public boolean isClosed() {
        return users.get() == CLOSED;
    }

    /** Closes the device; does nothing if it is closed, and fails while something uses it. */
    public void close() {
        if (!destroyIfIdle() && !isClosed()) {
            throw new IllegalStateException("device " + name + " cannot be closed: " + users.get()
                    + " of its scopes, tensors, weights and calls are open. Close them first.");
        }
    }

    /** Closes the device as soon as nothing uses it. */
    public void closeWhenIdle() {
        closeWhenIdle = true;
        destroyIfIdle();
    }

    private boolean destroyIfIdle() {
        if (!users.compareAndSet(0, CLOSED)) {
            return false;
        }
        service.lock().lock();
        try {
            service.destroy();
            service.check(GatunH.gatun_device_close(address, service.error()));
        } finally {
            service.lock().unlock();
        }
        return true;
    }

    /** Runs a call with the device alive and the service stream to itself. */
    public <T> T onService(Function<StreamHandle, T> call) {
        retain();
        service.lock().lock();
        try {
            return call.apply(service);
        } finally {
            service.lock().unlock();
            release();
        }
    }

    /** Frees a resource that nothing queued uses. */
    void giveBack(Resource resource) {
        service.lock().lock();
        try {
            resource.free(service);
        } finally {
            service.lock().unlock();
            resource.afterFree();
        }
    }

    public DeviceInfo info() {
        return onService(stream -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment info = gatun_device_info.allocate(arena);
                gatun_device_info.struct_size(info, gatun_device_info.sizeof());
                stream.check(GatunH.gatun_device_info_get(address, info, stream.error()));
                return new DeviceInfo(name, gatun_device_info.name(info).getString(0),
                        Math.toIntExact(gatun_device_info.num_threads(info)),
                        CpuLevel.values()[gatun_device_info.cpu_level(info)], gatun_device_info.graphs(info) != 0,
                        gatun_device_info.memory_bytes(info), gatun_device_info.libraries(info).getString(0));
            }
        });
    }

    public MemoryStats memory() {
        return onService(stream -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment stats = gatun_memory_stats.allocate(arena);
                gatun_memory_stats.struct_size(stats, gatun_memory_stats.sizeof());
                stream.check(GatunH.gatun_memory_stats_get(address, stats, stream.error()));
                return new MemoryStats(gatun_memory_stats.bytes_in_use(stats), gatun_memory_stats.bytes_peak(stats),
                        gatun_memory_stats.bytes_cached(stats), gatun_memory_stats.bytes_limit(stats),
                        gatun_memory_stats.buffers_live(stats), gatun_memory_stats.buffers_total(stats));
            }
        });
    }

    public void setMemoryLimit(long bytes) {
        onService(stream -> {
            stream.check(GatunH.gatun_memory_limit_set(address, bytes, stream.error()));
            return null;
        });
    }

    public void resetPeakMemory() {
        onService(stream -> {
            stream.check(GatunH.gatun_memory_peak_reset(address, stream.error()));
            return null;
        });
    }

    public long trim() {
        return onService(stream -> {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment freed = arena.allocate(JAVA_LONG);
                stream.check(GatunH.gatun_memory_trim(address, freed, stream.error()));
                return freed.get(JAVA_LONG, 0);
            }
        });
    }
}
