// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.scene.SceneRaster;
import io.gatun.data.scene.TargetGrid;
import java.util.List;

/**
 * A modality of a scene.
 *
 * @param modality its name, as the generator knows it
 * @param raster its pixels; the caller closes them
 * @param classes whether its values are numbers of classes, which are not interpolated
 */
public record SceneInput(String modality, SceneRaster raster, boolean classes) {
    /**
     * Checks that there are inputs, and that each lies where the first does.
     *
     * @param inputs modalities of a scene
     * @throws ArgumentException if there is none
     * @throws DataException if one lies elsewhere
     */
    public static void requireOnePlace(List<SceneInput> inputs) {
        if (inputs.isEmpty()) {
            throw new ArgumentException("there is no input to generate from; give at least one modality");
        }
        SceneInput first = inputs.getFirst();
        for (SceneInput input : inputs) {
            if (!input.raster.pixels().meets(first.raster.pixels())) {
                throw new DataException(input + ", " + corners(input.raster.pixels()) + ", lies elsewhere than " + first
                        + ", " + corners(first.raster.pixels()) + "; expected scenes of one place");
            }
        }
    }

    private static String corners(TargetGrid pixels) {
        GeoTransform t = pixels.transform();
        return pixels.crs() + " x " + t.x0() + " to " + t.x(pixels.width(), pixels.height()) + ", y " + t.y0() + " to "
                + t.y(pixels.width(), pixels.height());
    }

    /** For messages. */
    @Override
    public String toString() {
        return modality + " " + raster;
    }
}
