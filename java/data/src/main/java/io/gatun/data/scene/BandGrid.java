// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import java.util.List;

/** Bands of a scene that share their pixels. */
interface BandGrid {
    /** Names in {@link SceneName#normal} spelling; empty where the file has none. */
    List<String> bands();

    int width();

    int height();

    Crs crs();

    GeoTransform transform();

    /** [bands, rows, columns], NaN where there is no value. */
    float[] read(int[] bands, PixelWindow window);
}
