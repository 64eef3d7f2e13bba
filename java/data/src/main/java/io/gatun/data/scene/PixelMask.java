// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import java.util.Set;

/**
 * Pixels that do not count, by the classes of a band.
 *
 * @param band its name
 * @param excluded the classes of clouds, shadows and the like
 */
public record PixelMask(String band, Set<Integer> excluded) {
    /**
     * Copies the classes.
     *
     * @throws ArgumentException if there are none
     */
    public PixelMask {
        excluded = Set.copyOf(excluded);
        if (excluded.isEmpty()) {
            throw new ArgumentException("a mask by band " + band + " that excludes no class. Name the classes.");
        }
    }

    /**
     * Sentinel-2's scene classification without no data, saturated pixels, cloud shadows, clouds of medium and high
     * probability, and cirrus.
     *
     * @return classes 0, 1, 3, 8, 9 and 10 of SCL
     */
    public static PixelMask sentinel2Clouds() {
        return new PixelMask("SCL", Set.of(0, 1, 3, 8, 9, 10));
    }

    boolean excludes(float value) {
        return Float.isNaN(value) || excluded.contains(Math.round(value));
    }
}
