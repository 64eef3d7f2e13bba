// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.util.ArrayList;
import java.util.List;

/** The value of a NetCDF attribute: text, or one or more numbers of one type. */
public sealed interface AttributeValue {
    /**
     * A text attribute; several strings are joined by line breaks.
     *
     * @param value the text, without trailing NUL characters
     */
    record Text(String value) implements AttributeValue {
        @Override
        public String toString() {
            return value;
        }
    }

    /**
     * A numeric attribute.
     *
     * @param type type in the file
     * @param values {@link Long} for integers ({@link java.math.BigInteger} where a uint64 exceeds it), {@link Float}
     *     and {@link Double} for the floating-point types
     */
    record Numbers(NetcdfType type, List<Number> values) implements AttributeValue {
        /** Copies the list. */
        public Numbers {
            values = List.copyOf(values);
        }

        /**
         * The values, widened.
         *
         * @return a fresh array
         */
        public double[] toDoubles() {
            return values.stream().mapToDouble(Number::doubleValue).toArray();
        }

        @Override
        public String toString() {
            return values.size() == 1 ? values.getFirst().toString() : values.toString();
        }
    }

    /**
     * A text attribute.
     *
     * @param value the text
     * @return the attribute
     */
    static AttributeValue of(String value) {
        return new Text(value);
    }

    /**
     * An attribute of 32-bit integers.
     *
     * @param values at least one
     * @return the attribute
     */
    static AttributeValue of(int... values) {
        List<Number> numbers = new ArrayList<>();
        for (int value : values) {
            numbers.add((long) value);
        }
        return new Numbers(NetcdfType.INT, numbers);
    }

    /**
     * An attribute of single-precision numbers.
     *
     * @param values at least one
     * @return the attribute
     */
    static AttributeValue of(float... values) {
        List<Number> numbers = new ArrayList<>();
        for (float value : values) {
            numbers.add(value);
        }
        return new Numbers(NetcdfType.FLOAT, numbers);
    }

    /**
     * An attribute of double-precision numbers.
     *
     * @param values at least one
     * @return the attribute
     */
    static AttributeValue of(double... values) {
        List<Number> numbers = new ArrayList<>();
        for (double value : values) {
            numbers.add(value);
        }
        return new Numbers(NetcdfType.DOUBLE, numbers);
    }

    /**
     * An attribute of small integers, as {@code _FillValue}, {@code flag_values} and {@code valid_range} of packed
     * variables are: they have the type of their variable.
     *
     * @param type {@link NetcdfType#BYTE}, {@link NetcdfType#SHORT} or another integer type
     * @param values at least one
     * @return the attribute
     */
    static AttributeValue of(NetcdfType type, long... values) {
        List<Number> numbers = new ArrayList<>();
        for (long value : values) {
            numbers.add(value);
        }
        return new Numbers(type, numbers);
    }
}
