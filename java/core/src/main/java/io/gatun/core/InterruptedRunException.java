// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/** A run that was interrupted before its output was complete. Nothing is left under the target's name. */
public final class InterruptedRunException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public InterruptedRunException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public InterruptedRunException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * To be called between the steps of long work, so that it ends where its thread is interrupted, as Ctrl-C does.
     *
     * @param message of the error
     * @throws InterruptedRunException if the thread is interrupted; its flag stays set
     */
    public static void throwIfInterrupted(String message) {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedRunException(message);
        }
    }
}
