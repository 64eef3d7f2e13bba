// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;


/** Positional reads of a channel. */
final class Bytes {
    private Bytes() {}

    /** Fills the rest of the buffer from a position of the file. */
    static void readFully(FileChannel channel, long position, ByteBuffer target) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw new EOFException("the file ends at byte " + channel.size() + ", " + target.remaining()
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
