// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.InterruptedRunException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Makes items on several threads, a bounded number ahead of their use. */
final class Prefetch {
    private Prefetch() {}

    /** Uses the items 0 to count - 1 in order, on this thread. After a failure nothing is made any more. */
    static <T> void forEach(int count, int workers, int ahead, IntFunction<T> make, Consumer<T> use) {
        ExecutorService pool = Executors.newFixedThreadPool(
                workers, Thread.ofPlatform().name("gatun-fetch-", 0).daemon().factory());
        try {
            Queue<Future<T>> made = new ArrayDeque<>();
            int next = 0;
            for (int i = 0; i < count; i++) {
                for (; next < count && next <= i + ahead; next++) {
                    int index = next;
                    made.add(pool.submit(() -> make.apply(index)));
                }
                use.accept(await(made.remove()));
            }
        } finally {
            pool.shutdownNow();
            pool.close();
        }
    }

    private static <T> T await(Future<T> made) {
        try {
            return made.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("the run was interrupted while its input was fetched", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                default -> throw new IllegalStateException(e.getCause()); // a function throws nothing else
            }
        }
    }
}
