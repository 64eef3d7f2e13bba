// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Input data that cannot be used: not the expected format, a variable that is absent, a unit or calendar that does not
 * fit.
 */
public final class DataException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public DataException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
