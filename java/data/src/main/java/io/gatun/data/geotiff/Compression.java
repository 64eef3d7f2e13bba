// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** How the bytes of a block are packed. */
enum Compression {
    NONE, LZW, DEFLATE;

    static Compression of(TiffSource source, long code) {
        return switch ((int) code) {
            case 1 -> NONE;
            case 5 -> LZW;
            case 8, 32946 -> DEFLATE;
            default -> throw source.bad("its compression is " + name((int) code)
                    + ", expected none, deflate or LZW", "Rewrite it with gdal_translate -co COMPRESS=DEFLATE");
        };
    }

    private static String name(int code) {
        return code + switch (code) {
            case 6, 7 -> " (JPEG)";
            case 32773 -> " (PackBits)";
            case 34887 -> " (LERC)";
            case 34925 -> " (LZMA)";
            case 50000 -> " (Zstandard)";
            case 50001 -> " (WebP)";
            default -> "";
        };
    }

    /** Fills the target, and says how many bytes there were for it; fewer where the data ended or made no sense. */
    int unpack(byte[] packed, byte[] target) {
        return switch (this) {
            case NONE -> throw new AssertionError("nothing to unpack");
            case LZW -> Lzw.unpack(packed, target);
            case DEFLATE -> inflate(packed, target);
        };
    }

    private static int inflate(byte[] packed, byte[] target) {
        try (Inflater inflater = new Inflater()) {
            inflater.setInput(packed);
            int count = 0;
            while (count < target.length) {
                int more = inflater.inflate(target, count, target.length - count);
                if (more == 0) {
                    break; // ended, needs a dictionary, or more input than there is
                }
                count += more;
            }
            return count;
        } catch (DataFormatException _) {
            return 0;
        }
    }
}
