// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a provider gives.
 *
 * @param raster one image [C, H, W], raw values
 * @param georeference where its pixels lie, if known
 * @param metadata what the provider wants to have said of it: it becomes part of the embedding's metadata
 */
public record FetchedPatch(Raster raster, Optional<Georeference> georeference, Map<String, Object> metadata) {
    /** Makes the metadata unmodifiable and keeps their order. */
    public FetchedPatch {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * An image of which nothing else is said.
     *
     * @param raster one image [C, H, W]
     * @return the patch
     */
    public static FetchedPatch of(Raster raster) {
        return new FetchedPatch(raster, Optional.empty(), Map.of());
    }
}
