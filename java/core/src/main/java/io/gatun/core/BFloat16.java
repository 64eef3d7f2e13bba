// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

/**
 * bfloat16 on the host: the upper half of an IEEE 754 single, so 8 bits of exponent and 7 of mantissa.
 * (Half precision is {@link Float#float16ToFloat(short)}.)
 */
public final class BFloat16 {
    private static final int QUIET_BIT = 0x40;

    private BFloat16() {}

    /**
     * Exact.
     *
     * @param bits a bfloat16
     * @return the same value
     */
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /**
     * Rounds to nearest, ties to even; overflow gives infinity, a NaN stays a NaN.
     *
     * @param value any float
     * @return the nearest bfloat16
     */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | QUIET_BIT);
        }
        int toEven = 0x7fff + (bits >>> 16 & 1);
        return (short) (bits + toEven >>> 16);
    }
}
