// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Positional reads of a channel. */
final class Bytes {
    /** The JDK copies through native memory as large as a read, so large reads are done in pieces. */
    private static final int PIECE = 1 << 20;

    private Bytes() {}

    /** Fills the rest of the buffer from a position of the file. */
    static void readFully(FileChannel channel, long position, ByteBuffer target) throws IOException {
        int end = target.limit();
        long at = position;
        while (target.position() < end) {
            target.limit(Math.min(end - target.position(), PIECE) + target.position());
            int count = channel.read(target, at);
            if (count < 0) {
                throw new EOFException("the file ends at byte " + channel.size() + ", " + (end - target.position())
                        + " bytes are wanted from byte " + at + " on");
            }
            at += count;
        }
    }

    /** Up to {@code length} bytes from a position, fewer at the end of the file. */
    static byte[] readUpTo(FileChannel channel, long position, int length) throws IOException {
        byte[] bytes = new byte[(int) Math.clamp(channel.size() - position, 0, (long) length)];
        readFully(channel, position, ByteBuffer.wrap(bytes));
        return bytes;
    }
}
