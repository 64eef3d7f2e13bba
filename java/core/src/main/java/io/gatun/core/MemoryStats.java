// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * What a device's allocator holds at one moment.
 *
 * @param bytesInUse in live tensors and weights
 * @param bytesPeak largest {@code bytesInUse} so far, or since {@link Device#resetPeakMemory()}
 * @param bytesCached held for reuse; {@link Device#trim()} gives it back to the system
 * @param bytesLimit in use and cached together never exceed it
 * @param buffersLive buffers and weights not freed
 * @param buffersTotal buffers and weights ever allocated
 */
public record MemoryStats(
        long bytesInUse, long bytesPeak, long bytesCached, long bytesLimit, long buffersLive, long buffersTotal) {}
