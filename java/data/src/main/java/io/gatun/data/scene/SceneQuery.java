// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * What is wanted of a folder.
 *
 * @param region where
 * @param start first day
 * @param end the day after the last
 * @param bands names, in the order wanted
 * @param scaleMetres side of a pixel
 * @param maxCloudPercent scenes with more are left out; scenes that do not say how many they have are kept
 * @param composite how dates become one
 * @param mask pixels that do not count
 * @param orbit ascending or descending, in any case: scenes that say they are of the other are left out
 */
public record SceneQuery(Box region, LocalDate start, LocalDate end, List<String> bands, double scaleMetres,
        double maxCloudPercent, Composite composite, Optional<PixelMask> mask, Optional<String> orbit) {
    /**
     * Checks the numbers.
     *
     * @throws ArgumentException if there are no days or bands, or a number is out of range
     */
    public SceneQuery {
        bands = List.copyOf(bands);
        if (!start.isBefore(end) || bands.isEmpty() || !(scaleMetres > 0) || !(maxCloudPercent >= 0)) {
            throw new ArgumentException("a query from " + start + " to before " + end + " for the bands " + bands
                    + " at " + scaleMetres + " m with at most " + maxCloudPercent + " % of clouds; expected the start"
                    + " before the end, one band or more, a positive scale and 0 to 100 %");
        }
    }

    /**
     * A region by its edges in degrees.
     *
     * @param west longitude
     * @param south latitude
     * @param east longitude
     * @param north latitude
     */
    public record Box(double west, double south, double east, double north) {
        /**
         * Checks the order.
         *
         * @throws ArgumentException if it is empty or leaves the globe
         */
        public Box {
            if (!(west < east && south < north && west >= -180 && east <= 180 && south >= -90 && north <= 90)) {
                throw new ArgumentException("a region from longitude " + west + " to " + east + " and latitude " + south
                        + " to " + north + "; expected west before east within -180 to 180 and south before north"
                        + " within -90 to 90 degrees");
            }
        }
    }
}
