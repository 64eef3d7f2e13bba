// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Turns Ctrl-C into an interrupt of the main thread, and holds the JVM until that has cleaned up after itself. */
final class StopSignal {
    private static final long PATIENCE_SECONDS = 20;

    private final CountDownLatch finished = new CountDownLatch(1);

    private StopSignal() {}

    /** To be called on the thread that does the work. */
    static StopSignal install() {
        StopSignal signal = new StopSignal();
        Thread worker = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> signal.stop(worker), "gatun-stop"));
        return signal;
    }

    /** The work is over: the JVM may end. */
    void finished() {
        finished.countDown();
    }

    private void stop(Thread worker) {
        if (finished.getCount() > 0) {
            worker.interrupt();
        }
        try {
            // A kernel that runs is not interrupted: its end is waited for, within reason.
            if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("gatun: the run did not stop in time; a file *.part may be left beside the output");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
