// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Root of every error that Gatun raises for bad input or a failed resource. The family is sealed, so that a caller can
 * switch over it. Use of a closed object is not part of it: that is an {@link IllegalStateException}.
 */
public abstract sealed class GatunException extends RuntimeException
        permits ShapeException, DTypeException, ArgumentException, DeviceException, DeviceMemoryException,
                CheckpointException, DataException, OutputException, InterruptedRunException, NativeException {
    private static final long serialVersionUID = 1L;

    GatunException(String message) {
        super(message);
    }

    GatunException(String message, Throwable cause) {
        super(message, cause);
    }
}
