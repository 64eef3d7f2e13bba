// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.nio.ByteBuffer;

/** Rows of one block: only these bytes where nothing is packed, else the block up to the last of them. */
record BlockReader(TiffSource source, TiffDirectory tags, TiffLayout layout) {
    private static final int PIECE_BYTES = 1 << 20;

    /** Takes some whole rows of the block, the first of which is row {@code first} of it. */
    interface Rows {
        void accept(ByteBuffer bytes, int first, int count);
    }

    /**
     * Reads rows of a block.
     *
     * @param stored rows the file has of this block
     * @return false where the file leaves the block out, as sparse files do
     */
    boolean read(long block, int stored, int from, int to, Rows target) {
        long at = tags.numberAt(layout.offsetsTag(), block);
        long bytes = tags.numberAt(layout.countsTag(), block);
        if (at == 0 && bytes == 0) {
            return false;
        }
        String what = "block " + block;
        source.require(at, bytes, what);
        if (layout.compression() == Compression.NONE) {
            readPlain(at, bytes, stored, from, to, target, what);
        } else {
            unpack(at, bytes, to, target, what);
        }
        return true;
    }

    private void readPlain(long at, long bytes, int stored, int from, int to, Rows target, String what) {
        int rowBytes = layout.rowBytes();
        requireBytes(bytes, (long) stored * rowBytes, what);
        int step = Math.max(1, PIECE_BYTES / rowBytes);
        for (int row = from; row < to; row += step) {
            int count = Math.min(step, to - row);
            target.accept(source.read(at + (long) row * rowBytes, count * rowBytes, what), row, count);
        }
    }

    private void unpack(long at, long bytes, int to, Rows target, String what) {
        int wanted = Math.toIntExact((long) to * layout.rowBytes());
        long whole = (long) layout.rowBytes() * layout.blockHeight();
        if (bytes > 2 * whole + PIECE_BYTES) {
            throw source.bad(what + " takes " + bytes + " bytes, unpacked only " + whole,
                    "It is damaged; fetch it again");
        }
        byte[] unpacked = new byte[wanted];
        requireBytes(layout.compression().unpack(source.read(at, (int) bytes, what).array(), unpacked), wanted, what);
        target.accept(layout.predictor().undo(
                unpacked, layout.rowBytes(), layout.samples(), layout.type(), source.order()), 0, to);
    }

    private void requireBytes(long found, long wanted, String what) {
        if (found < wanted) {
            throw source.bad(what + " has only " + found + " of its " + wanted + " bytes",
                    "It is damaged; fetch it again");
        }
    }
}
