// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** An argument outside its domain: an unknown name, a value out of range, options that contradict each other. */
public final class ArgumentException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public ArgumentException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public ArgumentException(String message, Throwable cause) {
        super(message, cause);
    }
}
