// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.Shape;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import java.util.List;

/**
 * One image of several dates.
 *
 * @param shape [bands, rows, columns]
 * @param values row-major, not copied; NaN where no scene has a value
 * @param crs of the pixels
 * @param transform of the pixels, with north up
 * @param scenes names of those that took part, earliest first
 * @param cloudUnknown how many of them do not say how many clouds they have
 */
public record SceneComposite(Shape shape, float[] values, Crs crs, GeoTransform transform, List<String> scenes,
        int cloudUnknown) {
    /** Copies the list. */
    public SceneComposite {
        scenes = List.copyOf(scenes);
    }
}
