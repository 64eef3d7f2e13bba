// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** A checkpoint that is malformed, unsafe to read, or made for another model. */
public final class CheckpointException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public CheckpointException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public CheckpointException(String message, Throwable cause) {
        super(message, cause);
    }
}
