// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** A device that is absent, unusable or lost, with the exact reason. */
public final class DeviceException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public DeviceException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
