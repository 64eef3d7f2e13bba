// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.stream.Stream;

/** What a stored value is. */
public enum SampleType {
    /** Unsigned 8-bit integer. */
    U8(1, 8),
    /** Signed 8-bit integer. */
    I8(2, 8),
    /** Unsigned 16-bit integer. */
    U16(1, 16),
    /** Signed 16-bit integer. */
    I16(2, 16),
    /** Unsigned 32-bit integer. */
    U32(1, 32),
    /** Signed 32-bit integer. */
    I32(2, 32),
    /** IEEE 754 single. */
    F32(3, 32),
    /** IEEE 754 double. */
    F64(3, 64);

    private final int format;
    private final int bits;

    SampleType(int format, int bits) {
        this.format = format;
        this.bits = bits;
    }

    /** By TIFF's SampleFormat (4, untyped, counts as unsigned) and BitsPerSample. */
    static Optional<SampleType> of(long format, long bits) {
        return Stream.of(values()).filter(t -> t.bits == bits && t.format == (format == 4 ? 1 : format)).findFirst();
    }

    /**
     * Size of a value.
     *
     * @return bytes
     */
    public int sizeBytes() {
        return bits / 8;
    }

    boolean isFloatingPoint() {
        return format == 3;
    }

    double value(ByteBuffer bytes, int at) {
        return switch (this) {
            case U8 -> Byte.toUnsignedInt(bytes.get(at));
            case I8 -> bytes.get(at);
            case U16 -> Short.toUnsignedInt(bytes.getShort(at));
            case I16 -> bytes.getShort(at);
            case U32 -> Integer.toUnsignedLong(bytes.getInt(at));
            case I32 -> bytes.getInt(at);
            case F32 -> bytes.getFloat(at);
            case F64 -> bytes.getDouble(at);
        };
    }
}
