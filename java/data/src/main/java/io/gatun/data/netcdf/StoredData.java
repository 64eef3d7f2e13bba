// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The stored bytes of one variable, whatever the file format. */
interface StoredData {
    /** The largest number of bytes read at once, below the limit of a Java array. */
    long MAX_BYTES = Integer.MAX_VALUE - 64;

    /**
     * Reads steps along the first axis, row-major, in the byte order that the buffer says. A scalar has one step. The
     * caller has checked the range, and that it has at most {@link #MAX_BYTES}.
     */
    ByteBuffer read(long start, long count) throws IOException;
}
