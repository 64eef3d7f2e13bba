// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Objects;

/**
 * How a CPU device of one's own is set up.
 *
 * @param threads workers; 0: {@code GATUN_NUM_THREADS} if set, else all cores that affinity and cgroup quota allow
 * @param level instruction set of the kernels
 * @param memoryLimitBytes what the device may allocate, cache included; 0: the memory of the machine or its cgroup
 */
public record CpuOptions(int threads, CpuLevel level, long memoryLimitBytes) {
    /** Everything chosen by the machine. */
    public static final CpuOptions DEFAULT = new CpuOptions(0, CpuLevel.AUTO, 0);

    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if a number is negative or there are more than 4096 threads
     */
    public CpuOptions {
        Objects.requireNonNull(level, "level");
        if (threads < 0 || threads > 4096) {
            throw new ArgumentException("threads is " + threads + "; expected 0 (automatic) to 4096");
        }
        if (memoryLimitBytes < 0) {
            throw new ArgumentException("memoryLimitBytes is " + memoryLimitBytes
                    + "; expected at least 0 (automatic)");
        }
    }

    /**
     * The same with another number of workers.
     *
     * @param count workers, 0 = automatic
     * @return changed options
     */
    public CpuOptions withThreads(int count) {
        return new CpuOptions(count, level, memoryLimitBytes);
    }

    /**
     * The same with another instruction set.
     *
     * @param wanted instruction set
     * @return changed options
     */
    public CpuOptions withLevel(CpuLevel wanted) {
        return new CpuOptions(threads, wanted, memoryLimitBytes);
    }

    /**
     * The same with another memory limit.
     *
     * @param bytes limit, 0 = automatic
     * @return changed options
     */
    public CpuOptions withMemoryLimitBytes(long bytes) {
        return new CpuOptions(threads, level, bytes);
    }
}
