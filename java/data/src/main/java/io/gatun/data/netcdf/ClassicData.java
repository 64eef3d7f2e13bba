// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The data of a classic variable: steps of the first axis, each contiguous.
 *
 * @param begin byte of the first step
 * @param stepBytes length of a step
 * @param stride bytes from one step to the next; larger where records of several variables alternate
 */
record ClassicData(FileChannel channel, long begin, long stepBytes, long stride) implements StoredData {
    @Override
    public ByteBuffer read(long start, long count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(count * stepBytes));
        if (stride == stepBytes) {
            Bytes.readFully(channel, begin + start * stride, bytes);
        } else {
            for (long step = start; step < start + count; step++) {
                bytes.limit(bytes.position() + (int) stepBytes);
                Bytes.readFully(channel, begin + step * stride, bytes);
            }
        }
        return bytes.flip();
    }
}
