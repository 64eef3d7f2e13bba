// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The ten classes of TerraMesh's land cover, which TerraMind 1.0 was trained with, by their numbers. The card of the
 * tokenizer, ibm-esa-geospatial/TerraMind-1.0-Tokenizer-LULC, lists them: "nine classes and a 10th no-data class: No
 * data, water, trees, flooded vegetation, crops, built area, bare ground, snow/ice, clouds, rangeland".
 */
public enum LandCover {
    /** 0: no observation. */
    NO_DATA,
    /** 1: mostly water all year. */
    WATER,
    /** 2: dense and tall. */
    TREES,
    /** 3: plants with water between, mangroves and rice among them. */
    FLOODED_VEGETATION,
    /** 4: planted by people, not as tall as trees. */
    CROPS,
    /** 5: buildings, roads. */
    BUILT_AREA,
    /** 6: rock, soil, sand. */
    BARE_GROUND,
    /** 7: all year. */
    SNOW_ICE,
    /** 8: clouds all year. */
    CLOUDS,
    /** 9: grass, shrubs, open savanna. */
    RANGELAND;

    /**
     * Names of so many classes.
     *
     * @param count how many a model has
     * @return those of this list where they are as many, else numbers
     */
    public static List<String> names(int count) {
        return count == values().length
                ? Stream.of(values()).map(each -> each.name().toLowerCase(Locale.ROOT)).toList()
                : IntStream.range(0, count).mapToObj(i -> "class_" + i).toList();
    }
}
