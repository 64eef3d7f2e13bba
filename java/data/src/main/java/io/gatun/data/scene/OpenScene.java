// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The files of a scene while they are read.
 *
 * @param name for messages
 * @param properties what its files say of it
 */
record OpenScene(String name, List<BandGrid> grids, Map<String, String> properties, Runnable closing)
        implements AutoCloseable {
    private static final List<String> CLOUD_KEYS = List.of("cloud_percent", "eo:cloud_cover",
            "CLOUDY_PIXEL_PERCENTAGE", "CLOUD_COVERAGE_ASSESSMENT", "CLOUD_COVER");
    private static final List<String> ORBIT_KEYS = List.of("orbit", "sat:orbit_state", "orbitProperties_pass");

    /** A band in one of the grids. */
    record Place(BandGrid grid, int band) {}

    /**
     * Where a band lies.
     *
     * @param wanted its name
     * @param all that are wanted: a file without names that has as many has these, in this order
     */
    Place place(String wanted, List<String> all) {
        for (BandGrid grid : grids) {
            int index = grid.bands().indexOf(SceneName.normal(wanted));
            if (index >= 0) {
                return new Place(grid, index);
            }
        }
        boolean nameless = grids.size() == 1 && grids.getFirst().bands().stream().allMatch(String::isEmpty);
        if (nameless && grids.getFirst().bands().size() == all.size() && all.contains(wanted)) {
            return new Place(grids.getFirst(), all.indexOf(wanted));
        }
        List<String> names = grids.stream().flatMap(grid -> grid.bands().stream()).toList();
        throw new DataException(name + ": has no band " + wanted + "; it has "
                + (nameless ? names.size() + " bands without names, and " + all.size() + " are wanted" : names)
                + ". Expected " + all + ": name the bands (GDAL's descriptions, NetCDF's variables or file names such"
                + " as ..._B02.tif), or give exactly these in this order.");
    }

    OptionalDouble cloudPercent() {
        Optional<String> text = first(CLOUD_KEYS);
        try {
            return text.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text.get()));
        } catch (NumberFormatException e) {
            throw new DataException(name + ": its percentage of clouds is \"" + text.get()
                    + "\", expected a number. Correct it.", e);
        }
    }

    Optional<String> orbit() {
        return first(ORBIT_KEYS);
    }

    private Optional<String> first(List<String> keys) {
        return keys.stream().filter(properties::containsKey).map(properties::get).findFirst();
    }

    @Override
    public void close() {
        closing.run();
    }
}
