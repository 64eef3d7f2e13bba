// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.util.OptionalDouble;

/** The value that stands for none, from GDAL's tag. */
record NoData(OptionalDouble value, SampleType type) {
    private static final int TAG = 42113;

    static NoData of(TiffSource source, TiffDirectory tags, SampleType type) {
        String text = tags.has(TAG) ? tags.text(TAG) : "";
        try {
            return new NoData(text.isEmpty() ? OptionalDouble.empty()
                    : OptionalDouble.of(text.equalsIgnoreCase("nan") ? Double.NaN : Double.parseDouble(text)), type);
        } catch (NumberFormatException _) {
            throw source.bad("its value for no data is \"" + text + "\", expected a number",
                    "Correct it with gdal_edit -a_nodata");
        }
    }

    /** NaN in place of it. */
    float present(double stored) {
        if (value.isPresent()) {
            double none = value.getAsDouble();
            // GDAL writes the value of a float file with too few digits to be exact as a double.
            if (stored == none || type == SampleType.F32 && (float) stored == (float) none) {
                return Float.NaN;
            }
        }
        return (float) stored;
    }

    /** What pixels have that a sparse file leaves out. */
    float absent() {
        return value.isPresent() ? Float.NaN : 0;
    }
}
