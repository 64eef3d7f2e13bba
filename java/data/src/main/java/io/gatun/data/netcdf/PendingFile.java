// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** A file that is written under a temporary name beside its target and moved into place when it is complete. */
final class PendingFile implements AutoCloseable {
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean open = true;
    private long length;

    private PendingFile(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /** Creates and opens a new file. */
    interface Opener {
        FileChannel open(Path path) throws IOException;
    }

    static PendingFile create(Path target) {
        return create(target, path -> FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    static PendingFile create(Path target, Opener opener) {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(target)) {
            throw new OutputException(target + ": is a directory, expected the name of a file to write. "
                    + "Add a file name.");
        }
        if (!Files.isDirectory(folder)) {
            throw new OutputException(target + ": the folder " + folder + " does not exist. Create it first.");
        }
        Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            return new PendingFile(target, temporary, opener.open(temporary));
        } catch (IOException e) {
            throw new OutputException(target + ": cannot write into the folder " + folder + " (" + e
                    + "). Choose another folder or change its permissions.", e);
        }
    }

    Path target() {
        return target;
    }

    /** Says how long the file will be, for the message where that does not fit. */
    void expect(long bytes) {
        length = bytes;
    }

    /** Writes the rest of the buffer at a position. */
    void write(ByteBuffer bytes, long position) {
        attempt(() -> writeFully(bytes, position));
    }

    /** Pads the file with zeros to its length, makes it durable and moves it into place. */
    void commit(long length) {
        attempt(() -> {
            if (Thread.currentThread().isInterrupted()) {
                throw new ClosedByInterruptException();
            }
            writeFully(ByteBuffer.allocate(Math.toIntExact(length - channel.size())), channel.size());
            channel.force(true);
            channel.close();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            open = false;
        });
    }

    /** Removes what was written, unless it was committed. */
    @Override
    public void close() {
        if (open) {
            open = false;
            try (channel) {
                Files.deleteIfExists(temporary);
            } catch (IOException e) {
                throw new OutputException(temporary + ": the unfinished file cannot be removed (" + e
                        + "). Remove it by hand.", e);
            }
        }
    }

    void requireOpen() {
        if (!open) {
            throw new IllegalStateException(target + ": the writer is closed");
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private void attempt(Step step) {
        requireOpen();
        try {
            step.run();
        } catch (ClosedByInterruptException e) {
            close();
            throw new InterruptedRunException(target + ": writing was interrupted, the file was not written. "
                    + "Start the run again.", e);
        } catch (IOException e) {
            close();
            throw new OutputException(target + ": cannot be written (" + e + "). It needs " + length
                    + " bytes: free space or choose another place; nothing was left behind.", e);
        }
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }
}
