// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.NetcdfType;
import java.util.List;
import java.util.Map;

/**
 * Where the pixels of a scene lie: what its output takes over from the input.
 *
 * @param rows name of the dimension of rows
 * @param columns name of the dimension of columns
 * @param coordinates variables over rows, columns, both or nothing (a grid mapping)
 * @param attributes of maps on these pixels: {@code grid_mapping}, {@code coordinates}
 */
record SceneFrame(
        String rows, String columns, List<Coordinate> coordinates, Map<String, AttributeValue> attributes) {
    /**
     * A variable as it is written.
     *
     * @param values in double precision, whatever the type
     */
    record Coordinate(String name, NetcdfType type, List<String> dimensions, Map<String, AttributeValue> attributes,
            double[] values) {}

    /** Pixels that lie nowhere in particular. */
    static SceneFrame bare() {
        return new SceneFrame("y", "x", List.of(), Map.of());
    }
}
