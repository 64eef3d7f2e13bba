// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Reads the big-endian header of a classic file in order; never asks for more bytes than the file has. */
final class HeaderCursor {
    private static final int WINDOW = 8192;

    private final FileChannel channel;
    private final long size;
    private final ByteBuffer window = ByteBuffer.allocate(WINDOW).limit(0);
    private long windowEnd;

    HeaderCursor(FileChannel channel, long position) throws IOException {
        this.channel = channel;
        this.size = channel.size();
        this.windowEnd = position;
    }

    /** Bytes from here to the end of the file. */
    long remaining() {
        return size - windowEnd + window.remaining();
    }

    int int32() throws IOException {
        need(Integer.BYTES);
        return window.getInt();
    }

    long int64() throws IOException {
        need(Long.BYTES);
        return window.getLong();
    }

    /** Bytes followed by padding to a multiple of four. */
    byte[] paddedBytes(long length, String what) throws IOException {
        if (length < 0 || length > Math.min(remaining(), StoredData.MAX_BYTES)) {
            throw new IOException(what + " of " + length + " bytes in the header, " + remaining() + " bytes follow");
        }
        byte[] bytes = new byte[(int) length];
        int done = 0;
        while (done < bytes.length) {
            need(1);
            int part = Math.min(bytes.length - done, window.remaining());
            window.get(bytes, done, part);
            done += part;
        }
        for (long pad = length; pad % 4 != 0 && remaining() > 0; pad++) {
            need(1);
            window.get();
        }
        return bytes;
    }

    private void need(int bytes) throws IOException {
        if (window.remaining() >= bytes) {
            return;
        }
        if (remaining() < bytes) {
            throw new IOException("the header goes on past the end of the file at byte " + size);
        }
        window.compact();
        window.limit((int) Math.min(window.capacity(), window.position() + size - windowEnd));
        int before = window.position();
        Bytes.readFully(channel, windowEnd, window);
        windowEnd += window.position() - before;
        window.flip();
    }
}
