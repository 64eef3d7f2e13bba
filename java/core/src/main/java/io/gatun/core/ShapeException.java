// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Tensor extents that do not fit an operation or a model; the message names the tensor, the axis, the value and the
 * nearest legal one.
 */
public final class ShapeException extends GatunException {
    private static final long serialVersionUID = 1L;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public ShapeException(String message) {
        super(message);
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public ShapeException(String message, Throwable cause) {
        super(message, cause);
    }
}
