// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** An output that cannot be written. Nothing is left under the target's name. */
public final class OutputException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public OutputException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public OutputException(String message, Throwable cause) {
        super(message, cause);
    }
}
