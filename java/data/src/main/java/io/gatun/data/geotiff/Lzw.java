// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

/** TIFF's LZW (TIFF 6.0, section 13): codes of 9 to 12 bits, highest bit first, which widen one code early. */
final class Lzw {
    private static final int CLEAR = 256;
    private static final int END = 257;
    private static final int FIRST = 258;
    private static final int CODES = 4096;

    private final byte[] packed;
    private final int[] prefix = new int[CODES];
    private final byte[] last = new byte[CODES];
    private final int[] length = new int[CODES];
    private int bit;

    private Lzw(byte[] packed) {
        this.packed = packed;
        for (int code = 0; code < CLEAR; code++) {
            last[code] = (byte) code;
            length[code] = 1;
        }
    }

    /** Fills the target, and says how many bytes there were for it. */
    static int unpack(byte[] packed, byte[] target) {
        return new Lzw(packed).run(target);
    }

    private int run(byte[] target) {
        int count = 0;
        int next = FIRST;
        int width = 9;
        int previous = -1;
        while (count < target.length) {
            int code = code(width);
            if (code == CLEAR) {
                next = FIRST;
                width = 9;
                previous = -1;
                continue;
            }
            // The one code that may be used before it is complete stands for the previous text and its first byte.
            if (code < 0 || code == END || code > next || code == next && previous < 0 || previous < 0 && code > END) {
                break;
            }
            if (previous >= 0 && next < CODES) {
                prefix[next] = previous;
                length[next] = length[previous] + 1;
                last[next] = first(code == next ? previous : code);
                next++;
            }
            count = write(code, target, count);
            previous = code;
            width = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
        }
        return count;
    }

    private byte first(int code) {
        int at = code;
        while (at >= FIRST) {
            at = prefix[at];
        }
        return last[at];
    }

    private int write(int code, byte[] target, int from) {
        int end = from + length[code];
        int at = code;
        for (int i = end - 1; i >= from; i--) {
            if (i < target.length) {
                target[i] = last[at];
            }
            at = prefix[at];
        }
        return Math.min(end, target.length);
    }

    private int code(int width) {
        if (bit + width > packed.length * 8L) {
            return -1;
        }
        int at = bit >> 3;
        int word = 0;
        for (int i = 0; i < 3; i++) {
            word = word << 8 | (at + i < packed.length ? Byte.toUnsignedInt(packed[at + i]) : 0);
        }
        int code = word >> 24 - (bit & 7) - width & (1 << width) - 1;
        bit += width;
        return code;
    }
}
