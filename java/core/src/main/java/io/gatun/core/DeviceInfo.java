// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * What a device is.
 *
 * @param name {@code cpu} or {@code cuda:N}
 * @param processor the processor's own name
 * @param threads CPU workers; 0 on other devices
 * @param cpuLevel instruction set in force; {@link CpuLevel#AUTO} on other devices
 * @param graphs whether it records work and replays it with one call
 * @param memoryBytes physical memory, or the cgroup's limit if that is lower
 * @param libraries which library serves which operation, and why another is absent
 */
public record DeviceInfo(
        String name, String processor, int threads, CpuLevel cpuLevel, boolean graphs, long memoryBytes,
        String libraries) {}
