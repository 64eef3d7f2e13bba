// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Collects what a file declares, lays its data out and encodes its header: CDF-2, or CDF-5, whose counts have 64 bits,
 * where a variable is too large for it.
 */
final class ClassicHeader {
    /** Above this a variable needs CDF-5: CDF-2 has sizes of 32 bits, rounded up to a multiple of four. */
    private static final long MAX_CDF2_BYTES = 0xFFFF_FFFCL;
    /** Keeps the offsets of many such variables within 64 bits. */
    private static final long MAX_VARIABLE_BYTES = 1L << 60;
    /** A letter, digit, underscore or non-ASCII character, then anything but control characters, '/' and DEL. */
    private static final Pattern NAME = Pattern.compile("[\\w\\x{80}-\\x{10FFFF}][^\\x00-\\x1f/\\x7f]{0,255}(?<! )");

    private final Map<String, Long> dimensions = new LinkedHashMap<>();
    private final Map<String, EncodedAttribute> attributes = new LinkedHashMap<>();
    private final Map<String, VariableEntry> variables = new LinkedHashMap<>();

    private record EncodedAttribute(NetcdfType type, byte[] values) {}

    /** A declared variable; {@code begin} is known once the header is laid out. */
    static final class VariableEntry {
        private final String name;
        private final NetcdfType type;
        private final int[] dimensions;
        private final Map<String, EncodedAttribute> attributes;
        private final long elements;
        private long begin;

        private VariableEntry(String name, NetcdfType type, int[] dimensions, Map<String, EncodedAttribute> attributes,
                long elements) {
            this.name = name;
            this.type = type;
            this.dimensions = dimensions;
            this.attributes = attributes;
            this.elements = elements;
        }

        String name() {
            return name;
        }

        NetcdfType type() {
            return type;
        }

        long elements() {
            return elements;
        }

        long begin() {
            return begin;
        }

        private long paddedBytes() {
            return (elements * type.sizeBytes() + 3) / 4 * 4;
        }
    }

    void addDimension(String name, long length) {
        requireNew("dimension", name, dimensions);
        if (length < 1 || length > Integer.MAX_VALUE) {
            throw new ArgumentException("dimension " + name + " has the length " + length + ", expected 1 to "
                    + Integer.MAX_VALUE + ".");
        }
        dimensions.put(name, length);
    }

    void addAttribute(String name, AttributeValue value) {
        requireNew("attribute", name, attributes);
        attributes.put(name, encodeAttribute(name, value));
    }

    VariableEntry addVariable(
            String name, NetcdfType type, List<String> dimensionNames, Map<String, AttributeValue> values) {
        requireNew("variable", name, variables);
        if (type.code() > NetcdfType.DOUBLE.code()) {
            throw new ArgumentException("variable " + name + " has the type " + type.cdlName()
                    + "; the files written here hold byte, char, short, int, float and double. Choose one of these.");
        }
        List<String> known = new ArrayList<>(dimensions.keySet());
        int[] ids = new int[dimensionNames.size()];
        long elements = 1;
        for (int axis = 0; axis < ids.length; axis++) {
            ids[axis] = known.indexOf(dimensionNames.get(axis));
            if (ids[axis] < 0) {
                throw new ArgumentException("variable " + name + ": dimension " + dimensionNames.get(axis)
                        + " is not declared; declared: " + known + ". Declare it first.");
            }
            long length = dimensions.get(dimensionNames.get(axis));
            if (elements > MAX_VARIABLE_BYTES / type.sizeBytes() / length) {
                throw new ArgumentException("variable " + name + " has more than " + MAX_VARIABLE_BYTES
                        + " bytes, the most that is written. Split it, for example by year.");
            }
            elements *= length;
        }
        Map<String, EncodedAttribute> encoded = new LinkedHashMap<>();
        values.forEach((key, value) -> {
            requireNew("attribute", key, encoded);
            encoded.put(key, encodeAttribute(key, value));
        });
        VariableEntry entry = new VariableEntry(name, type, ids, encoded, elements);
        variables.put(name, entry);
        return entry;
    }

    /** Byte after the last variable; known after {@link #encode()}. */
    long end() {
        return variables.values().stream().mapToLong(v -> v.begin() + v.paddedBytes()).max().orElse(encode().limit());
    }

    /** Lays the data out one variable after the other and returns the header. */
    ByteBuffer encode() {
        // The header's length does not depend on the offsets it holds, so the first pass measures it.
        long begin = encodeOnce().length;
        for (VariableEntry variable : variables.values()) {
            variable.begin = begin;
            begin += variable.paddedBytes();
        }
        return ByteBuffer.wrap(encodeOnce());
    }

    private byte[] encodeOnce() {
        boolean wide = variables.values().stream().anyMatch(variable -> variable.paddedBytes() > MAX_CDF2_BYTES);
        Output out = new Output(wide);
        out.bytes.writeBytes(new byte[] {'C', 'D', 'F', (byte) (wide ? 5 : 2)});
        out.count(0);
        out.list(10, dimensions.size());
        dimensions.forEach((name, length) -> {
            out.name(name);
            out.count(length);
        });
        out.attributes(attributes);
        out.list(11, variables.size());
        for (VariableEntry variable : variables.values()) {
            out.name(variable.name);
            out.count(variable.dimensions.length);
            for (int id : variable.dimensions) {
                out.count(id);
            }
            out.attributes(variable.attributes);
            out.int32(variable.type.code());
            out.count(variable.paddedBytes());
            out.int64(variable.begin);
        }
        return out.bytes.toByteArray();
    }

    private static EncodedAttribute encodeAttribute(String name, AttributeValue value) {
        NetcdfType type = value instanceof AttributeValue.Numbers numbers ? numbers.type() : NetcdfType.CHAR;
        return new EncodedAttribute(type, AttributeCodec.encode(name, value));
    }

    private static void requireNew(String kind, String name, Map<String, ?> taken) {
        if (!NAME.matcher(name).matches() || !Normalizer.isNormalized(name, Normalizer.Form.NFC)) {
            throw new ArgumentException(kind + " name \"" + name + "\" is no NetCDF name; expected a letter, digit or "
                    + "underscore first, no \"/\" or control characters, no space at the end. Rename it.");
        }
        if (taken.containsKey(name)) {
            throw new ArgumentException(kind + " " + name + " is declared twice; present: " + taken.keySet()
                    + ". Choose another name.");
        }
    }

    private static final class Output {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final boolean wide;

        Output(boolean wide) {
            this.wide = wide;
        }

        void int32(int value) {
            bytes.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        }

        void int64(long value) {
            bytes.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        }

        void count(long value) {
            if (wide) {
                int64(value);
            } else {
                int32((int) value);
            }
        }

        void list(int tag, int length) {
            int32(length == 0 ? 0 : tag);
            count(length);
        }

        void name(String name) {
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            count(text.length);
            padded(text);
        }

        void padded(byte[] values) {
            bytes.writeBytes(values);
            bytes.writeBytes(new byte[-values.length & 3]);
        }

        void attributes(Map<String, EncodedAttribute> encoded) {
            list(12, encoded.size());
            encoded.forEach((name, attribute) -> {
                name(name);
                int32(attribute.type().code());
                count(attribute.values().length / attribute.type().sizeBytes());
                padded(attribute.values());
            });
        }
    }
}
