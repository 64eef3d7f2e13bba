// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Gives what a function makes of a region, and remembers what it was asked for. */
final class MemoryProvider implements EmbeddingProvider {
    record Asked(SpatialSpec region, TemporalSpec.Range time, SensorSpec sensor) {}

    static final Georeference PLACE = new Georeference("EPSG:3857", 1000, 2000, 10, -10);

    final List<Asked> asked = Collections.synchronizedList(new ArrayList<>());
    private final Function<SpatialSpec, Raster> scene;

    MemoryProvider(Function<SpatialSpec, Raster> scene) {
        this.scene = scene;
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public FetchedPatch fetch(SpatialSpec region, TemporalSpec.Range time, SensorSpec sensor) {
        asked.add(new Asked(region, time, sensor));
        return new FetchedPatch(scene.apply(region), Optional.of(PLACE), Map.of("scenes", 3));
    }
}
