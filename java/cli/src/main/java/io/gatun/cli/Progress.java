// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.wrappers.reconstruct.ProgressListener;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells a user how far a run has come: a bar on a terminal, a line a step elsewhere, or nothing. */
sealed interface Progress extends ProgressListener, AutoCloseable {
    /** A step that is not counted. */
    void step(String text);

    @Override
    void close();

    /** What fits standard error. */
    static Progress onStandardError(PrintWriter err, boolean quiet) {
        return quiet ? new None() : isTerminal() ? new Bar() : new Lines(err);
    }

    private static boolean isTerminal() {
        try {
            // Java tells only whether standard input and output both are.
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Says nothing. */
    record None() implements Progress {
        @Override
        public void step(String text) {}

        @Override
        public void progress(String step, long done, long total) {}

        @Override
        public void close() {}
    }

    /** A line for each step, however often it is counted on. */
    final class Lines implements Progress {
        private final PrintWriter out;
        private String last = "";

        Lines(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void step(String text) {
            out.println(text);
        }

        @Override
        public void progress(String step, long done, long total) {
            if (!step.equals(last)) {
                out.println(step);
                last = step;
            }
        }

        @Override
        public void close() {}
    }

    /** A bar on standard error, from the first counted step on. */
    final class Bar implements Progress {
        private Optional<ProgressBar> bar = Optional.empty();

        @Override
        public void step(String text) {
            bar.ifPresent(shown -> shown.setExtraMessage(text).refresh());
        }

        @Override
        public void progress(String step, long done, long total) {
            ProgressBar shown = bar.orElseGet(() -> start(total));
            shown.maxHint(total).stepTo(done).setExtraMessage(step);
        }

        private ProgressBar start(long total) {
            ProgressBar started = new ProgressBarBuilder()
                    .setTaskName("gatun")
                    .setInitialMax(total)
                    .setStyle(StandardCharsets.UTF_8.equals(System.err.charset())
                            ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis(100)
                    .setConsumer(new ConsoleProgressBarConsumer(System.err))
                    .build();
            bar = Optional.of(started);
            return started;
        }

        @Override
        public void close() {
            bar.ifPresent(ProgressBar::close);
            bar = Optional.empty();
        }
    }
}
