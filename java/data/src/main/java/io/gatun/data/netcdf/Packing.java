// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.DataException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the stored numbers of a variable become values: scale, offset, and which of them mean "missing".
 *
 * <p>{@code value = stored * scale_factor + add_offset}, computed in double precision from attributes widened to
 * double, whatever their type. A stored number is missing where it is NaN, equals {@code _FillValue} or one of
 * {@code missing_value}, equals the NetCDF library's default fill value where there is no {@code _FillValue} and the
 * type is wider than a byte, or lies outside {@code valid_range}, {@code valid_min} or {@code valid_max}. These
 * attributes are compared in the stored type; only floating-point limits of a packed integer variable are taken as
 * unpacked values (NetCDF Users Guide, attribute conventions).
 *
 * <p>Immutable.
 */
public final class Packing {
    private final double scaleFactor;
    private final double addOffset;
    private final double[] missingValues;
    private final double min;
    private final double max;
    private final boolean limitsAreUnpacked;

    private Packing(
            double scaleFactor, double addOffset, double[] missingValues, double[] limits, boolean limitsAreUnpacked) {
        this.scaleFactor = scaleFactor;
        this.addOffset = addOffset;
        this.missingValues = missingValues;
        this.min = limits[0];
        this.max = limits[1];
        this.limitsAreUnpacked = limitsAreUnpacked;
    }

    /** Reads the attributes of a variable; {@code owner} names it in messages. */
    static Packing of(String owner, NetcdfType type, Map<String, AttributeValue> attributes) {
        Attributes source = new Attributes(owner, type, attributes);
        double scale = source.number("scale_factor", 1);
        double offset = source.number("add_offset", 0);
        List<Double> missing = new ArrayList<>();
        if (attributes.containsKey("_FillValue")) {
            missing.addAll(source.storedNumbers("_FillValue"));
        } else {
            type.defaultFill().ifPresent(missing::add);
        }
        missing.addAll(source.storedNumbers("missing_value"));
        boolean packed = attributes.containsKey("scale_factor") || attributes.containsKey("add_offset");
        boolean unpackedLimits = packed && !type.isFloatingPoint() && source.limitsAreFloating();
        return new Packing(scale, offset, missing.stream().mapToDouble(Double::doubleValue).toArray(),
                source.limits(unpackedLimits), unpackedLimits);
    }

    /**
     * Factor of the stored numbers.
     *
     * @return {@code scale_factor}, 1 where absent
     */
    public double scaleFactor() {
        return scaleFactor;
    }

    /**
     * What is added to the scaled numbers.
     *
     * @return {@code add_offset}, 0 where absent
     */
    public double addOffset() {
        return addOffset;
    }

    /**
     * The stored numbers that mean "missing".
     *
     * @return a fresh array, possibly empty
     */
    public double[] missingValues() {
        return missingValues.clone();
    }

    /**
     * Whether a stored number means "missing".
     *
     * @param stored a number as stored in the file
     * @return true where it has no value
     */
    public boolean isMissing(double stored) {
        if (Double.isNaN(stored)) {
            return true;
        }
        for (double value : missingValues) {
            if (stored == value) {
                return true;
            }
        }
        double compared = limitsAreUnpacked ? stored * scaleFactor + addOffset : stored;
        return compared < min || compared > max;
    }

    /**
     * The value of a stored number.
     *
     * @param stored a number as stored in the file
     * @return {@code stored * scaleFactor + addOffset}, NaN where missing
     */
    public double unpack(double stored) {
        return isMissing(stored) ? Double.NaN : stored * scaleFactor + addOffset;
    }

    /** The attributes of one variable, with its name for messages. */
    private record Attributes(String owner, NetcdfType type, Map<String, AttributeValue> values) {
        double number(String name, double absent) {
            Optional<double[]> found = numbers(name);
            if (found.isPresent() && (found.get().length != 1 || !Double.isFinite(found.get()[0]))) {
                throw unusable(name, "one finite number");
            }
            return found.map(numbers -> numbers[0]).orElse(absent);
        }

        List<Double> storedNumbers(String name) {
            List<Double> result = new ArrayList<>();
            for (double value : numbers(name).orElse(new double[0])) {
                result.add(stored(value));
            }
            return result;
        }

        boolean limitsAreFloating() {
            return List.of("valid_range", "valid_min", "valid_max").stream()
                    .anyMatch(name -> values.get(name) instanceof AttributeValue.Numbers(NetcdfType t, List<Number> _)
                            && t.isFloatingPoint());
        }

        double[] limits(boolean unpacked) {
            double[] limits = {Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY};
            numbers("valid_min").ifPresent(numbers -> limits[0] = unpacked ? numbers[0] : stored(numbers[0]));
            numbers("valid_max").ifPresent(numbers -> limits[1] = unpacked ? numbers[0] : stored(numbers[0]));
            numbers("valid_range").ifPresent(numbers -> {
                if (numbers.length != 2) {
                    throw unusable("valid_range", "two numbers, the smallest and the largest");
                }
                limits[0] = unpacked ? numbers[0] : stored(numbers[0]);
                limits[1] = unpacked ? numbers[1] : stored(numbers[1]);
            });
            return limits;
        }

        private Optional<double[]> numbers(String name) {
            return switch (values.get(name)) {
                case null -> Optional.empty();
                case AttributeValue.Numbers numbers when !numbers.values().isEmpty() ->
                    Optional.of(numbers.toDoubles());
                // A text missing_value marks a text variable, or is a remark; it can equal no stored number.
                case AttributeValue.Text _ when name.equals("missing_value") || !type.isNumeric() -> Optional.empty();
                case AttributeValue.Numbers _, AttributeValue.Text _ -> throw unusable(name, "a number");
            };
        }

        /** A number of an attribute in the type of the variable, so that 1e20 matches the float nearest to it. */
        private double stored(double value) {
            if (type == NetcdfType.FLOAT) {
                return (float) value;
            }
            return type.isUnsigned() && value < 0 ? value + Math.scalb(1.0, 8 * type.sizeBytes()) : value;
        }

        private DataException unusable(String name, String expected) {
            return new DataException(owner + ": attribute " + name + " is \"" + values.get(name) + "\", expected "
                    + expected + ". Correct the attribute in the file (for example with ncatted).");
        }
    }
}
