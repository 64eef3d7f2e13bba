// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.ffi.GatunH;
import java.lang.foreign.MemorySegment;

/** A native {@code gatun_weights}. */
public final class PackedWeights extends Resource {
    PackedWeights(DeviceHandle device, ScopeHandle owner, MemorySegment address) {
        super(device, owner, address);
    }

    @Override
    String kind() {
        return "Weights";
    }

    @Override
    int freeOn(MemorySegment stream, MemorySegment error) {
        return GatunH.gatun_weights_free(address(), stream, error);
    }
}
