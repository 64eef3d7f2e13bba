// SPDX-License-Identifier: Apache-2.0
package io.gatun.bindings;

/** Says why {@code libgatun.so} cannot be used in this JVM, and what to do about it. */
public final class NativeLibraryException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was found, what was expected, what to do
     */
    public NativeLibraryException(String message) {
        super(message);
    }

    /**
     * Makes the exception with its first cause.
     *
     * @param message what was found, what was expected, what to do
     * @param cause the failure underneath
     */
    public NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
