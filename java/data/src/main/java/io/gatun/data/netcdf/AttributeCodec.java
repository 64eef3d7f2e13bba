// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Attribute values as bytes, in the byte order of the buffer. */
final class AttributeCodec {
    private AttributeCodec() {}

    static AttributeValue decode(NetcdfType type, ByteBuffer bytes) {
        if (type == NetcdfType.CHAR) {
            int length = bytes.limit();
            while (length > 0 && bytes.get(length - 1) == 0) {
                length--;
            }
            return new AttributeValue.Text(new String(bytes.array(), 0, length, StandardCharsets.UTF_8));
        }
        List<Number> values = new ArrayList<>();
        while (bytes.remaining() >= type.sizeBytes()) {
            values.add(switch (type) {
                case CHAR, UBYTE -> (long) Byte.toUnsignedInt(bytes.get());
                case BYTE -> (long) bytes.get();
                case SHORT -> (long) bytes.getShort();
                case USHORT -> (long) Short.toUnsignedInt(bytes.getShort());
                case INT -> (long) bytes.getInt();
                case UINT -> Integer.toUnsignedLong(bytes.getInt());
                case INT64 -> bytes.getLong();
                case UINT64 -> unsigned(bytes.getLong());
                case FLOAT -> bytes.getFloat();
                case DOUBLE -> bytes.getDouble();
            });
        }
        return new AttributeValue.Numbers(type, values);
    }

    /** The bytes of an attribute; integers must fit their type. */
    static byte[] encode(String name, AttributeValue value) {
        return switch (value) {
            case AttributeValue.Text(String text) -> text.getBytes(StandardCharsets.UTF_8);
            case AttributeValue.Numbers(NetcdfType type, List<Number> numbers) -> {
                ByteBuffer bytes = ByteBuffer.allocate(numbers.size() * type.sizeBytes());
                for (Number number : numbers) {
                    put(bytes, name, type, number);
                }
                yield bytes.array();
            }
        };
    }

    private static void put(ByteBuffer bytes, String name, NetcdfType type, Number number) {
        switch (type) {
            case BYTE -> bytes.put((byte) integer(name, type, number, Byte.MIN_VALUE, Byte.MAX_VALUE));
            case SHORT -> bytes.putShort((short) integer(name, type, number, Short.MIN_VALUE, Short.MAX_VALUE));
            case INT -> bytes.putInt((int) integer(name, type, number, Integer.MIN_VALUE, Integer.MAX_VALUE));
            case FLOAT -> bytes.putFloat(number.floatValue());
            case DOUBLE -> bytes.putDouble(number.doubleValue());
            case CHAR, UBYTE, USHORT, UINT, INT64, UINT64 -> throw new ArgumentException("attribute " + name
                    + " has the type " + type.cdlName() + "; the files written here hold text, byte, short, int, "
                    + "float and double. Choose one of these.");
        }
    }

    private static long integer(String name, NetcdfType type, Number number, long min, long max) {
        long value = number.longValue();
        if (value != number.doubleValue() || value < min || value > max) {
            throw new ArgumentException("attribute " + name + ": " + number + " is no " + type.cdlName()
                    + ", expected a whole number from " + min + " to " + max + ". Choose a wider type.");
        }
        return value;
    }

    private static Number unsigned(long value) {
        return value >= 0 ? (Number) value : new BigInteger(Long.toUnsignedString(value));
    }
}
