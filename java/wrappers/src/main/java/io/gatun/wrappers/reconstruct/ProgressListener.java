// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

/** Told how far a run has come. Called on the thread that runs it. */
@FunctionalInterface
public interface ProgressListener {
    /**
     * Some more is done.
     *
     * @param step what is being done, for people
     * @param done units of it that are done
     * @param total units in all
     */
    void progress(String step, long done, long total);

    /**
     * One that does not listen.
     *
     * @return a listener without effect
     */
    static ProgressListener none() {
        return (_, _, _) -> {};
    }
}
