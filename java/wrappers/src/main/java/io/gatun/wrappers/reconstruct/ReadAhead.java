// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.InterruptedRunException;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Makes the next item on another thread while this one works on an item. */
final class ReadAhead {
    private ReadAhead() {}

    /** Works on all items in order; nobody uses the source any more when this returns or throws. */
    static <T> void forEach(Iterator<T> source, Consumer<T> work) {
        try (ExecutorService reader = Executors.newSingleThreadExecutor(Thread.ofPlatform().name("gatun-reader")
                .daemon().factory())) {
            Future<Optional<T>> next = reader.submit(() -> next(source));
            for (Optional<T> item = await(next); item.isPresent(); item = await(next)) {
                next = reader.submit(() -> next(source));
                work.accept(item.get());
            }
        }
    }

    private static <T> Optional<T> next(Iterator<T> source) {
        return source.hasNext() ? Optional.of(source.next()) : Optional.empty();
    }

    private static <T> T await(Future<T> made) {
        if (Thread.currentThread().isInterrupted()) { // an item that is there already would hide it
            throw new InterruptedRunException("the run was interrupted while its input was read");
        }
        try {
            return made.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedRunException("the run was interrupted while its input was read", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                default -> throw new IllegalStateException(e.getCause()); // a supplier throws nothing else
            }
        }
    }
}
