// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import java.util.Arrays;

/** How scenes of several dates become one; values that are missing do not take part. */
public enum Composite {
    /** The median; of an even number the mean of the two in the middle. */
    MEDIAN,
    /** The latest value. */
    MOSAIC;

    /** Of values in the order of time, some of them NaN; the array is reordered. NaN where all are. */
    float of(float[] values) {
        if (this == MOSAIC) {
            for (int i = values.length - 1; i >= 0; i--) {
                if (!Float.isNaN(values[i])) {
                    return values[i];
                }
            }
            return Float.NaN;
        }
        Arrays.sort(values); // NaN last
        int count = values.length;
        while (count > 0 && Float.isNaN(values[count - 1])) {
            count--;
        }
        return count == 0 ? Float.NaN : count % 2 == 1 ? values[count / 2]
                : (values[count / 2 - 1] + values[count / 2]) / 2;
    }
}
