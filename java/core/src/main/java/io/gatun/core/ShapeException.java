// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * Tensor extents that do not fit an operation or a model; the message names the tensor, the axis, the value and the
 * nearest legal one.
 */
public final class ShapeException extends GatunException {
    private static final long serialVersionUID = 1L;

    private final boolean dependsOnSize;

    /**
     * An error with a message that says what was found, what was expected and what to do.
     *
     * @param message the message
     */
    public ShapeException(String message) {
        this(message, false);
    }

    private ShapeException(String message, boolean dependsOnSize) {
        super(message);
        this.dependsOnSize = dependsOnSize;
    }

    /**
     * An error of an image's size alone: one of another size may fit.
     *
     * @param message the message
     * @return the error
     */
    public static ShapeException ofSize(String message) {
        return new ShapeException(message, true);
    }

    /**
     * Whether the error is one of {@link #ofSize}.
     *
     * @return false where channels, the number of axes, or anything else but the size of an image does not fit
     */
    public boolean dependsOnSize() {
        return dependsOnSize;
    }

    /**
     * An error with its first cause.
     *
     * @param message the message
     * @param cause what was caught
     */
    public ShapeException(String message, Throwable cause) {
        super(message, cause);
        this.dependsOnSize = false;
    }
}
