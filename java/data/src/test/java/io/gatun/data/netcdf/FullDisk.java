// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A file on a disk with room for some bytes: the write that needs more writes what fits, as the system does, and the
 * next one fails. Without room for the file's blocks, force fails.
 */
final class FullDisk extends FileChannel {
    static final String REASON = "No space left on device";

    private final FileChannel file;
    private final boolean failsOnForce;
    private long room;

    FullDisk(FileChannel file, long room, boolean failsOnForce) {
        this.file = file;
        this.room = room;
        this.failsOnForce = failsOnForce;
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
        if (source.hasRemaining() && room == 0) {
            throw new IOException(REASON);
        }
        int fits = (int) Math.min(room, source.remaining());
        int written = file.write(source.slice(source.position(), fits), position);
        source.position(source.position() + written);
        room -= written;
        return written;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        if (failsOnForce) {
            throw new IOException(REASON);
        }
        file.force(metaData);
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    protected void implCloseChannel() throws IOException {
        file.close();
    }

    // The writer needs nothing else.

    @Override
    public int read(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int read(ByteBuffer target, long position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel position(long newPosition) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
