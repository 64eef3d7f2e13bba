// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** Memory that a device could not give: how much was wanted, how much is held, and what to lower. */
public final class DeviceMemoryException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public DeviceMemoryException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public DeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
