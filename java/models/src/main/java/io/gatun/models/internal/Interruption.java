// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import io.gatun.core.InterruptedRunException;

/** Ends long loops when their thread is interrupted, as Ctrl-C does. */
public final class Interruption {
    private Interruption() {}

    /**
     * To be called between steps that take long.
     *
     * @param work what would go on, for the message
     * @throws InterruptedRunException if the thread is interrupted
     */
    public static void check(String work) {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedRunException(work + " was interrupted; start it again");
        }
    }
}
