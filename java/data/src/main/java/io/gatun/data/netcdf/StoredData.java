// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The stored bytes of one variable, whatever the file format. */
interface StoredData {
    /** The largest number of bytes read at once, below the limit of a Java array. */
    long MAX_BYTES = Integer.MAX_VALUE - 64;

    /**
     * Reads a box, row-major, in the byte order that the buffer says; what lies outside the box is not read, except the
     * rest of the chunks that it touches. The caller has checked that the box is inside and has at most
     * {@link #MAX_BYTES}.
     *
     * @param start first index on each axis; none for a scalar
     * @param count number of indices on each axis
     */
    ByteBuffer read(long[] start, long[] count) throws IOException;

    /** Size of a box whose size was checked. */
    static int bytes(long[] count, int elementBytes) {
        long bytes = elementBytes;
        for (long extent : count) {
            bytes *= extent;
        }
        return Math.toIntExact(bytes);
    }
}
