// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import io.gatun.bindings.ffi.GatunH;
import io.gatun.bindings.ffi.gatun_error;
import io.gatun.core.ArgumentException;
import io.gatun.core.DTypeException;
import io.gatun.core.DeviceException;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.GatunException;
import io.gatun.core.NativeException;
import io.gatun.core.ShapeException;
import java.lang.foreign.MemorySegment;

/** Turns a {@code gatun_status} into a typed exception. */
public final class Status {
    private Status() {}

    /**
     * Returns if the status says success.
     *
     * @throws GatunException of the status's type, with the text in the error struct, otherwise
     */
    public static void check(int status, MemorySegment error) {
        if (status != GatunH.GATUN_OK()) {
            throw exception(status, gatun_error.text(error).getString(0));
        }
    }

    static GatunException exception(int status, String text) {
        // The generated constants are methods, which a switch cannot name.
        if (status == GatunH.GATUN_INVALID_ARGUMENT()) {
            return new ArgumentException(text);
        } else if (status == GatunH.GATUN_SHAPE_MISMATCH()) {
            return new ShapeException(text);
        } else if (status == GatunH.GATUN_UNSUPPORTED_DTYPE()) {
            return new DTypeException(text);
        } else if (status == GatunH.GATUN_OUT_OF_MEMORY()) {
            return new DeviceMemoryException(text);
        } else if (status == GatunH.GATUN_DEVICE_UNAVAILABLE() || status == GatunH.GATUN_VERSION_MISMATCH()
                || status == GatunH.GATUN_LAUNCH_FAILED() || status == GatunH.GATUN_DEVICE_LOST()) {
            return new DeviceException(text);
        } else if (status == GatunH.GATUN_INTERNAL()) {
            return new NativeException(text);
        }
        return new NativeException("unknown status " + status + ": " + text);
    }
}
