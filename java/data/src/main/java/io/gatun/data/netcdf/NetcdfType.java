// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Element type of a NetCDF variable or attribute, as stored in the file. */
public enum NetcdfType {
    /** Signed 8-bit integer. */
    BYTE("byte", "int8", 1),
    /** One byte of text. */
    CHAR("char", "char", 1),
    /** Signed 16-bit integer. */
    SHORT("short", "int16", 2),
    /** Signed 32-bit integer. */
    INT("int", "int32", 4),
    /** IEEE 754 single precision. */
    FLOAT("float", "float32", 4),
    /** IEEE 754 double precision. */
    DOUBLE("double", "float64", 8),
    /** Unsigned 8-bit integer. */
    UBYTE("ubyte", "uint8", 1),
    /** Unsigned 16-bit integer. */
    USHORT("ushort", "uint16", 2),
    /** Unsigned 32-bit integer. */
    UINT("uint", "uint32", 4),
    /** Signed 64-bit integer. */
    INT64("int64", "int64", 8),
    /** Unsigned 64-bit integer. */
    UINT64("uint64", "uint64", 8);

    private final String cdlName;
    private final String dtypeName;
    private final int sizeBytes;

    NetcdfType(String cdlName, String dtypeName, int sizeBytes) {
        this.cdlName = cdlName;
        this.dtypeName = dtypeName;
        this.sizeBytes = sizeBytes;
    }

    /**
     * The name in CDL, the text form that {@code ncdump} prints.
     *
     * @return for example {@code short}
     */
    public String cdlName() {
        return cdlName;
    }

    /**
     * The name in NumPy and Python.
     *
     * @return for example {@code int16}
     */
    public String dtypeName() {
        return dtypeName;
    }

    /**
     * Size of one element.
     *
     * @return bytes, 1 to 8
     */
    public int sizeBytes() {
        return sizeBytes;
    }

    /**
     * Whether values are numbers.
     *
     * @return false for {@link #CHAR} only
     */
    public boolean isNumeric() {
        return this != CHAR;
    }

    /**
     * Whether values are floating-point numbers.
     *
     * @return true for {@link #FLOAT} and {@link #DOUBLE}
     */
    public boolean isFloatingPoint() {
        return this == FLOAT || this == DOUBLE;
    }

    /** The number of this type in a classic file. */
    int code() {
        return ordinal() + 1;
    }

    /** The type of a number in a classic file; 7 and above exist in CDF-5 only. */
    static NetcdfType ofCode(int code, int version) throws IOException {
        int last = version == 5 ? UINT64.code() : DOUBLE.code();
        if (code < 1 || code > last) {
            throw new IOException("element type number " + code + " in the header, expected 1 to " + last);
        }
        return values()[code - 1];
    }

    /** This type with the attribute {@code _Unsigned = "true"}, as classic files mark unsigned integers. */
    NetcdfType unsigned() {
        return switch (this) {
            case BYTE -> UBYTE;
            case SHORT -> USHORT;
            case INT -> UINT;
            case INT64 -> UINT64;
            case CHAR, FLOAT, DOUBLE, UBYTE, USHORT, UINT, UINT64 -> this;
        };
    }

    /** Whether values cannot be negative. */
    boolean isUnsigned() {
        return isNumeric() && !isFloatingPoint() && unsigned() == this;
    }

    /** The value that the NetCDF library leaves in cells never written; byte types have none that means missing. */
    Optional<Double> defaultFill() {
        return switch (this) {
            case BYTE, CHAR, UBYTE -> Optional.empty();
            case SHORT -> Optional.of(-32767.0);
            case INT -> Optional.of(-2147483647.0);
            case FLOAT, DOUBLE -> Optional.of((double) 0x1.ep122f);
            case USHORT -> Optional.of(65535.0);
            case UINT -> Optional.of(4294967295.0);
            case INT64 -> Optional.of(-9223372036854775806.0);
            case UINT64 -> Optional.of(18446744073709551614.0);
        };
    }

    /** Widens the first {@code count} elements from {@code source}, in its byte order, and moves its position on. */
    void widen(ByteBuffer source, double[] target, int count) {
        switch (this) {
            case BYTE -> fill(target, count, source::get);
            case CHAR, UBYTE -> fill(target, count, () -> Byte.toUnsignedInt(source.get()));
            case SHORT -> fill(target, count, source::getShort);
            case USHORT -> fill(target, count, () -> Short.toUnsignedInt(source.getShort()));
            case INT -> fill(target, count, source::getInt);
            case UINT -> fill(target, count, () -> Integer.toUnsignedLong(source.getInt()));
            case FLOAT -> fill(target, count, source::getFloat);
            case DOUBLE -> fill(target, count, source::getDouble);
            case INT64 -> fill(target, count, source::getLong);
            case UINT64 -> fill(target, count, () -> unsignedToDouble(source.getLong()));
        }
    }

    private interface Element {
        double next();
    }

    private static void fill(double[] target, int count, Element element) {
        for (int i = 0; i < count; i++) {
            target[i] = element.next();
        }
    }

    private static double unsignedToDouble(long value) {
        // Halving keeps the sign bit clear; the lowest bit is carried along so that rounding stays right.
        return value >= 0 ? value : 2.0 * (value >>> 1 | value & 1);
    }
}
