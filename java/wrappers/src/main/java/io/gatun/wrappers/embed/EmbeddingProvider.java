// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.DataException;

/**
 * Where pixels come from. Implementations are used by several threads at once.
 */
public interface EmbeddingProvider {
    /**
     * The name under which requests ask for it as their backend, such as {@code local}.
     *
     * @return lower case; neither {@code tensor} nor {@code auto}
     */
    String name();

    /**
     * Fetches one composite.
     *
     * @param region where; the whole of it is to be covered, cells without data hold the sensor's fill value or NaN
     * @param time when: scenes from the first day to before the last
     * @param sensor what: bands in this order, side of a pixel, limit of clouds, way of composing. Values are raw:
     *     digital numbers of Sentinel-2, linear backscatter of Sentinel-1
     * @return one image [C, H, W]
     * @throws DataException if there is no scene, or one cannot be read
     */
    FetchedPatch fetch(SpatialSpec region, TemporalSpec.Range time, SensorSpec sensor);
}
