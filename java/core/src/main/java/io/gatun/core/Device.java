// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.core.internal.DeviceHandle;
import io.gatun.core.internal.Leaks;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where tensors live and kernels run: the CPU, or a CUDA GPU.
 *
 * <p>{@link #cpu()}, {@link #cuda(int)}, {@link #best()} and {@link #of(String)} give one device for the whole process,
 * and closing it does nothing; {@link #cpu(CpuOptions)} opens one of the caller's own, with its own workers and memory.
 * Tensors of two devices do not mix. Safe for use by many threads.
 */
public final class Device implements AutoCloseable {
    private static final Pattern CUDA_NAME = Pattern.compile("cuda(?::([0-9]{1,3}))?");
    private static final Map<String, Device> SHARED = new ConcurrentHashMap<>();

    private final DeviceHandle handle;
    private final Optional<Leaks.Watch> watch;

    private Device(DeviceHandle handle, boolean shared) {
        this.handle = handle;
        this.watch = shared ? Optional.empty()
                : Optional.of(Leaks.watch(this, "device " + handle.name(), handle::closeWhenIdle));
    }

    /**
     * The CPU device of the process, set up by {@code GATUN_NUM_THREADS} and {@code GATUN_CPU} where those are set.
     *
     * @return the shared device
     * @throws DeviceException if the native library cannot be loaded
     * @throws ArgumentException if one of the two variables is malformed
     */
    public static Device cpu() {
        return SHARED.computeIfAbsent("cpu", _ -> new Device(DeviceHandle.openCpu(CpuOptions.DEFAULT), true));
    }

    /**
     * A CPU device of one's own.
     *
     * @param options how it is set up
     * @return a device that the caller closes, after its scopes and kept tensors
     * @throws DeviceException if the native library cannot be loaded, or this processor lacks the instruction set
     */
    public static Device cpu(CpuOptions options) {
        return new Device(DeviceHandle.openCpu(options), false);
    }

    /**
     * A CUDA device of the process.
     *
     * @param index of the GPU, from 0
     * @return the shared device
     * @throws DeviceException if it cannot be used, with the exact reason
     */
    public static Device cuda(int index) {
        return SHARED.computeIfAbsent("cuda:" + index, _ -> new Device(DeviceHandle.openCuda(index), true));
    }

    /**
     * The device without data of the process, PyTorch's {@code meta}: every call is checked and gives tensors of the
     * right shape, nothing is computed, and no memory is taken. For the structure of models, see {@link Structure}.
     *
     * @return the device
     * @throws DeviceException if the native library cannot be loaded
     */
    public static Device meta() {
        return SHARED.computeIfAbsent("meta", _ -> new Device(DeviceHandle.openMeta(), true));
    }

    /**
     * Whether tensors of this device have shapes but no data, see {@link #meta()}.
     *
     * @return true for the meta device
     */
    public boolean isMeta() {
        return handle.name().equals("meta");
    }

    /**
     * The environment variable {@code GATUN_DEVICE} if set, else the first CUDA device if it can be used, else the CPU.
     *
     * @return the shared device
     * @throws ArgumentException if {@code GATUN_DEVICE} is malformed
     * @throws DeviceException if the device it names cannot be used
     */
    public static Device best() {
        String told = Optional.ofNullable(System.getenv("GATUN_DEVICE")).orElse("").strip();
        if (!told.isEmpty() && !told.equals("auto")) {
            return of(told);
        }
        try {
            return cuda(0);
        } catch (DeviceException _) {
            return cpu();
        }
    }

    /**
     * A device by name.
     *
     * @param name {@code cpu}, {@code cuda}, {@code cuda:N} or {@code auto} ({@link #best()})
     * @return the shared device
     * @throws ArgumentException if the name is none of these
     * @throws DeviceException if the device cannot be used
     */
    public static Device of(String name) {
        Matcher cuda = CUDA_NAME.matcher(name);
        if (cuda.matches()) {
            return cuda(cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
        }
        return switch (name) {
            case "cpu" -> cpu();
            case "auto" -> best();
            default -> throw new ArgumentException("unknown device \"" + name + "\"; expected cpu, cuda:N or auto");
        };
    }

    /**
     * Which devices this process can use, and why another cannot be used.
     *
     * @return one entry for the CPU and one for the first CUDA device
     */
    public static DeviceReport report() {
        List<DeviceReport.Entry> entries = new ArrayList<>();
        for (String name : List.of("cpu", "cuda:0")) {
            try {
                DeviceInfo info = of(name).info();
                entries.add(new DeviceReport.Entry(name, true, describe(info)));
            } catch (GatunException e) {
                entries.add(new DeviceReport.Entry(name, false, e.getMessage()));
            }
        }
        return new DeviceReport(entries);
    }

    private static String describe(DeviceInfo info) {
        String threads = info.threads() > 0 ? ", " + info.threads() + " threads" : "";
        return info.processor() + threads + ", " + (info.memoryBytes() >> 20) + " MiB; " + info.libraries();
    }

    /**
     * Name of the device.
     *
     * @return {@code cpu} or {@code cuda:N}
     */
    public String name() {
        return handle.name();
    }

    /**
     * Whether the device's memory is host memory.
     *
     * @return true for every CPU device
     */
    public boolean isCpu() {
        return handle.name().equals("cpu");
    }

    /**
     * Whether work can be recorded for replay, see {@link Graph}.
     *
     * @return true on CUDA
     */
    public boolean hasGraphs() {
        return handle.hasGraphs();
    }

    /**
     * What the device is.
     *
     * @return its description
     * @throws IllegalStateException if the device is closed
     */
    public DeviceInfo info() {
        return handle.info();
    }

    /**
     * What its allocator holds now.
     *
     * @return a snapshot
     * @throws IllegalStateException if the device is closed
     */
    public MemoryStats memory() {
        return handle.memory();
    }

    /**
     * Sets what the device may hold, cache included, and trims the cache to it.
     *
     * @param bytes the limit; 0: the memory of the machine
     * @throws ArgumentException if it is negative
     * @throws IllegalStateException if the device is closed
     */
    public void setMemoryLimit(long bytes) {
        handle.setMemoryLimit(bytes);
    }

    /**
     * Lets {@link MemoryStats#bytesPeak()} start again from what is in use.
     *
     * @throws IllegalStateException if the device is closed
     */
    public void resetPeakMemory() {
        handle.resetPeakMemory();
    }

    /**
     * Gives cached memory back to the system.
     *
     * @return bytes freed
     * @throws IllegalStateException if the device is closed
     */
    public long trim() {
        return handle.trim();
    }

    /**
     * Closes a device of one's own; does nothing on a shared one. Idempotent.
     *
     * @throws IllegalStateException if scopes, kept tensors or calls of it are open; nothing is closed then
     */
    @Override
    public void close() {
        try {
            watch.ifPresent(own -> {
                handle.close();
                own.closed();
            });
        } finally {
            // Else it may be collected while its handle closes, which is reported as a leak.
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public String toString() {
        return "Device[" + name() + (handle.isClosed() ? ", closed]" : "]");
    }

    DeviceHandle handle() {
        return handle;
    }
}
