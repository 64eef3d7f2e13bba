// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import io.jhdf.exceptions.UnsupportedHdfException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;

/**
 * Runs a step of reading and turns whatever goes wrong into one of our exceptions. A damaged file makes the HDF5
 * library fail in any way, stack overflow and oversized allocations included; all of them say the same to the caller.
 */
final class ReadGuard {
    private ReadGuard() {}

    /** A step of reading. */
    interface Action<T> {
        T run() throws IOException;
    }

    static <T> T run(Path path, String action, Action<T> work) {
        try {
            return work.run();
        } catch (DataException | InterruptedRunException e) {
            throw e;
        } catch (AccessDeniedException e) {
            throw new DataException(path + ": no permission to read the file. Change its permissions.", e);
        } catch (UnsupportedHdfException e) {
            throw new DataException(path + ": " + action + " needs what is not supported: " + reason(e)
                    + ". Expected deflate, shuffle or no compression; rewrite the file with \"nccopy -d 4\".", e);
        } catch (OutOfMemoryError e) {
            throw new DataException(path + ": " + action + " needs more memory than the heap of "
                    + Runtime.getRuntime().maxMemory() / (1 << 20) + " MiB has left. Read fewer steps at a time, "
                    + "or raise the heap with -Xmx; if the file should be small, it is damaged.", e);
        } catch (IOException | RuntimeException | StackOverflowError | InternalError e) {
            if (wasInterrupted(e)) {
                throw new InterruptedRunException(path + ": " + action + " was interrupted. Start the run again.", e);
            }
            throw new DataException(path + ": " + action + " failed: " + reason(e)
                    + ". Expected an intact NetCDF file; this one is damaged or cut short. Fetch it again.", e);
        }
    }

    /** The HDF5 library does not always keep the cause, but an interrupted thread's flag stays set. */
    private static boolean wasInterrupted(Throwable error) {
        if (Thread.currentThread().isInterrupted()) {
            return true;
        }
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedByInterruptException) {
                return true;
            }
        }
        return false;
    }

    private static String reason(Throwable error) {
        String text = error.getMessage() == null ? "" : error.getMessage().strip().replaceFirst("\\.$", "");
        return text.isEmpty() ? error.getClass().getSimpleName() : text;
    }
}
