// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** A tensor whose element type an operation does not take. */
public final class DTypeException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public DTypeException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public DTypeException(String message, Throwable cause) {
        super(message, cause);
    }
}
