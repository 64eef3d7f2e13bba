// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A small file that is there whole or not at all. */
public final class WholeFile {
    private WholeFile() {}

    /** What a file is to hold. */
    @FunctionalInterface
    public interface Content {
        /**
         * Makes it.
         *
         * @return the bytes
         * @throws IOException if it cannot be made
         */
        byte[] bytes() throws IOException;
    }

    /**
     * Writes beside the target, then moves into place.
     *
     * @param target replaced when the file is complete
     * @param what the file is, for messages, such as picture
     * @param content of the file
     * @throws OutputException if it cannot be written; nothing changes under the target's name then
     * @throws InterruptedRunException if the thread was interrupted; likewise
     */
    public static void write(Path target, String what, Content content) {
        Path temporary = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            try {
                Files.write(temporary, content.bytes(), StandardOpenOption.CREATE_NEW);
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (ClosedByInterruptException e) {
            throw new InterruptedRunException(target + ": writing was interrupted, the " + what + " was not written. "
                    + "Start the run again.", e);
        } catch (IOException e) {
            throw new OutputException(target + ": the " + what + " cannot be written (" + e
                    + "). Free space or choose another place.", e);
        }
    }
}
