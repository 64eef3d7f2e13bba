// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Data that lie in the file as they are: those of a classic variable, or of an HDF5 data set without chunks. */
record ClassicData(FileChannel channel, ByteLayout layout) implements StoredData {
    @Override
    public ByteBuffer read(long[] start, long[] count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(StoredData.bytes(count, layout.elementBytes()));
        layout.forEachRun(start, count, (offset, length) -> {
            bytes.limit(bytes.position() + length);
            Bytes.readFully(channel, offset, bytes);
        });
        return bytes.flip();
    }
}
