// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import java.lang.ref.Cleaner;
import java.util.Optional;

/** Reports what was never closed, once the garbage collector finds it, and then frees it. */
public final class Leaks {
    private static final boolean DEBUG = Boolean.getBoolean("gatun.debug") || Leaks.class.desiredAssertionStatus();

    private Leaks() {}

    private static final class Holder {
        static final Cleaner CLEANER = Cleaner.create();
        static final System.Logger LOGGER = System.getLogger("io.gatun.core");
    }

    /** A closeable thing under watch. */
    public static final class Watch {
        private final Report report;
        private final Cleaner.Cleanable cleanable;

        private Watch(Report report, Cleaner.Cleanable cleanable) {
            this.report = report;
            this.cleanable = cleanable;
        }

        /** It was closed as it should be. */
        public void closed() {
            report.closed = true;
            cleanable.clean();
        }
    }

    private static final class Report implements Runnable {
        private final String what;
        private final Runnable free;
        private final Optional<Throwable> site;
        private volatile boolean closed;

        Report(String what, Runnable free) {
            this.what = what;
            this.free = free;
            this.site = DEBUG ? Optional.of(new Throwable("it was created here")) : Optional.empty();
        }

        @Override
        public void run() {
            if (closed) {
                return;
            }
            String text = "Leak: " + what + " was never closed and is freed now. Use try-with-resources."
                    + (site.isPresent() ? "" : " Start with -Dgatun.debug=true to see where it was created.");
            site.ifPresentOrElse(at -> Holder.LOGGER.log(System.Logger.Level.WARNING, text, at),
                    () -> Holder.LOGGER.log(System.Logger.Level.WARNING, text));
            try {
                free.run();
            } catch (RuntimeException e) {
                Holder.LOGGER.log(System.Logger.Level.WARNING, "Freeing a leaked " + what + " failed", e);
            }
        }
    }

    /** Watches an object; neither {@code what} nor {@code free} may refer to it. */
    public static Watch watch(Object object, String what, Runnable free) {
        Report report = new Report(what, free);
        return new Watch(report, Holder.CLEANER.register(object, report));
    }
}
