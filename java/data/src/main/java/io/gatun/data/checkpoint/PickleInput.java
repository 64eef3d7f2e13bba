// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import io.gatun.core.CheckpointException;
import io.gatun.data.internal.HashedFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The bytes of pickles, front to back: from memory, or in blocks from a file with other data behind its pickles. Then
 * {@link #readInto} and {@link #skip} go on where the last pickle ended, whatever had been read ahead.
 */
final class PickleInput {
    /** Pickles hold names and shapes; more of them than this is no checkpoint of tensors. */
    static final int MAX_BYTES = 1 << 26;
    private static final int BLOCK_BYTES = 1 << 16;

    private final String source;
    private final Optional<HashedFile> file;
    private ByteBuffer ahead;
    private long position;

    PickleInput(String source, byte[] pickle) {
        this.source = source;
        this.file = Optional.empty();
        this.ahead = ByteBuffer.wrap(pickle);
    }

    PickleInput(String source, HashedFile file) {
        this.source = source;
        this.file = Optional.of(file);
        this.ahead = ByteBuffer.allocate(0);
    }

    /** Number of bytes taken so far. */
    long position() {
        return position;
    }

    long remaining() {
        return ahead.remaining() + unread();
    }

    /** The next bytes of a pickle, at most {@link #remaining}. */
    ByteBuffer take(int count) {
        position += count;
        if (position > MAX_BYTES) {
            throw new CheckpointException("Weights file " + source + " was refused: its pickles have more than "
                    + MAX_BYTES + " bytes. Save tensors and plain data of modest size.");
        }
        if (count > ahead.remaining()) {
            fetch(count);
        }
        ByteBuffer bytes = ahead.slice(ahead.position(), count);
        ahead.position(ahead.position() + count);
        return bytes;
    }

    /** Fills memory with the bytes behind the pickles, at most {@link #remaining}. */
    void readInto(MemorySegment target) {
        int buffered = (int) Math.min(ahead.remaining(), target.byteSize());
        MemorySegment.copy(MemorySegment.ofBuffer(ahead), 0, target, 0, buffered);
        ahead.position(ahead.position() + buffered);
        file.ifPresent(rest -> rest.readInto(target.asSlice(buffered)));
    }

    /** Passes over bytes behind the pickles, at most {@link #remaining}. */
    void skip(long count) {
        int buffered = (int) Math.min(ahead.remaining(), count);
        ahead.position(ahead.position() + buffered);
        file.ifPresent(rest -> rest.skip(count - buffered));
    }

    private long unread() {
        return file.map(HashedFile::left).orElse(0L);
    }

    /** Makes at least {@code count} bytes ready. */
    private void fetch(int count) {
        long size = Math.min(remaining(), Math.max(count, BLOCK_BYTES));
        byte[] block = new byte[(int) size];
        ByteBuffer next = ByteBuffer.wrap(block).put(ahead);
        file.orElseThrow().readInto(MemorySegment.ofArray(block).asSlice(next.position()));
        ahead = next.rewind();
    }
}
