// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.internal;

import io.gatun.core.CheckpointException;
import io.gatun.core.GatunException;
import io.gatun.core.InterruptedRunException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A weights file that is read front to back, once, into memory we own, while its SHA-256 is computed.
 *
 * <p>Positional reads, never a mapped file: a mapped file that somebody truncates kills the JVM. Not safe for use by
 * several threads. Close it; the memory it handed out stays valid.
 */
public final class HashedFile implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;
    private static final int HEAD_BYTES = 512;
    private static final int ALIGNMENT = 64;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private final MessageDigest sha256;
    private long position;

    private HashedFile(Path path, FileChannel channel, long size, MessageDigest sha256) {
        this.path = path;
        this.channel = channel;
        this.size = size;
        this.sha256 = sha256;
    }

    /**
     * Opens a regular file.
     *
     * @param path the file
     * @return the open file, at its first byte
     * @throws CheckpointException if it is missing, a folder, not a regular file, or not readable
     */
    public static HashedFile open(Path path) {
        if (Files.isDirectory(path)) {
            throw new CheckpointException("Weights file " + path
                    + " is a folder. Give the path of a .safetensors, .pth, .pt or .ckpt file in it.");
        }
        // Opening a pipe would wait for its writer for ever.
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new CheckpointException("Weights file " + path + " is no regular file. Copy it to a disk first.");
        }
        try {
            FileChannel channel = FileChannel.open(path);
            return new HashedFile(path, channel, channel.size(), MessageDigest.getInstance("SHA-256"));
        } catch (IOException e) {
            throw failure(path, e);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /**
     * Size of the file when it was opened.
     *
     * @return bytes
     */
    public long size() {
        return size;
    }

    /**
     * What has not been read yet.
     *
     * @return bytes
     */
    public long left() {
        return size - position;
    }

    /**
     * The first bytes, for telling formats apart; the position does not move.
     *
     * @return at most 512 bytes
     */
    public byte[] head() {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(HEAD_BYTES, size));
        fill(buffer, 0);
        return buffer.array();
    }

    /**
     * Reads the next bytes.
     *
     * @param count how many, at most {@link #left()}
     * @return memory that the garbage collector frees, aligned to 64 bytes
     * @throws CheckpointException if the file has become shorter, or memory is short
     */
    public MemorySegment read(long count) {
        MemorySegment target = allocate(path.toString(), count);
        readInto(target);
        return target;
    }

    /**
     * Reads the next bytes into memory of the caller.
     *
     * @param target is filled; at most {@link #left()} bytes
     * @throws CheckpointException if the file has become shorter
     */
    public void readInto(MemorySegment target) {
        for (long done = 0; done < target.byteSize(); done += CHUNK_BYTES) {
            ByteBuffer chunk = target.asSlice(done, Math.min(CHUNK_BYTES, target.byteSize() - done)).asByteBuffer();
            readChunk(chunk);
        }
    }

    /**
     * Reads the next bytes for the digest alone.
     *
     * @param count how many, at most {@link #left()}
     * @throws CheckpointException if the file has become shorter
     */
    public void skip(long count) {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, count));
        for (long done = 0; done < count; done += CHUNK_BYTES) {
            readChunk(buffer.clear().limit((int) Math.min(CHUNK_BYTES, count - done)));
        }
    }

    /**
     * SHA-256 of the whole file; reads what has not been read yet. Call it once, last.
     *
     * @return 64 lower-case hexadecimal digits
     */
    public String digest() {
        skip(left());
        return HexFormat.of().formatHex(sha256.digest());
    }

    /**
     * Memory for tensor bytes.
     *
     * @param source what asks, for the message
     * @param bytes how many
     * @return zeroed memory outside the heap, freed by the garbage collector
     * @throws CheckpointException if there is not enough of it
     */
    public static MemorySegment allocate(String source, long bytes) {
        try {
            return Arena.ofAuto().allocate(bytes, ALIGNMENT);
        } catch (OutOfMemoryError e) {
            throw new CheckpointException("Weights file " + source + ": no memory for " + bytes
                    + " bytes of tensors outside the Java heap. Start Java with a larger -XX:MaxDirectMemorySize"
                    + " (its default is the heap limit, now " + Runtime.getRuntime().maxMemory() + " bytes).", e);
        }
    }

    /**
     * The typed error for a failed read.
     *
     * @param path the file
     * @param cause what went wrong
     * @return the exception to throw
     */
    public static GatunException failure(Path path, IOException cause) {
        return switch (cause) {
            case NoSuchFileException e -> new CheckpointException(
                    "Weights file " + path + " does not exist. Check the path.", e);
            case AccessDeniedException e -> new CheckpointException(
                    "Weights file " + path + " may not be read by this user. Check its permissions.", e);
            case ClosedByInterruptException e -> new InterruptedRunException(
                    "Reading weights file " + path + " was interrupted.", e);
            default -> new CheckpointException("Weights file " + path + " cannot be read: " + cause.getMessage()
                    + ". Check that the file is complete and the disk healthy.", cause);
        };
    }

    private void readChunk(ByteBuffer chunk) {
        fill(chunk, position);
        sha256.update(chunk.flip());
        position += chunk.limit();
    }

    private void fill(ByteBuffer buffer, long from) {
        try {
            while (buffer.hasRemaining()) {
                int count = channel.read(buffer, from + buffer.position());
                if (count < 0) {
                    throw new CheckpointException("Weights file " + path + " ended at byte "
                            + (from + buffer.position()) + " of " + size
                            + ": it was truncated while being read. Read it again when its writer is done.");
                }
            }
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure(path, e);
        }
    }
}
