// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** A failure inside the native library that none of the other types describes. */
public final class NativeException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public NativeException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public NativeException(String message, Throwable cause) {
        super(message, cause);
    }
}
