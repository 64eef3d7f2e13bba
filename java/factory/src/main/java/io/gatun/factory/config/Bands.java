// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;

/** The bands of a file, and which of them the model sees: upstream's {@code dataset_bands} and {@code output_bands}. */
final class Bands {
    private static final String HLS = "HLSBands.";

    private Bands() {}

    /** Names, numbers, and pairs of numbers that stand for all from the first to the last. */
    static List<String> names(ConfigReader config, String key, Object given) {
        if (!(given instanceof List<?> list)) {
            throw config.error(key + " is " + given + ", expected a list of bands");
        }
        List<String> names = new ArrayList<>();
        for (Object each : list) {
            switch (each) {
                case String name -> names.add(name.startsWith(HLS) ? name.substring(HLS.length()) : name);
                case Integer number -> names.add(number.toString());
                case List<?> ends when ends.size() == 2 && ends.getFirst() instanceof Integer from
                        && ends.getLast() instanceof Integer to && from <= to && to - from < 1 << 16 ->
                    IntStream.rangeClosed(from, to).forEach(number -> names.add(Integer.toString(number)));
                case null, default -> throw config.error(key + " has " + each
                        + ", expected a band's name or number, or the first and last number of several");
            }
        }
        return names;
    }

    /** Where the wanted bands are. */
    static List<Integer> positions(ConfigReader config, String key, List<String> wanted, List<String> present) {
        List<Integer> positions = wanted.stream().map(present::indexOf).toList();
        if (positions.contains(-1) || new HashSet<>(wanted).size() != wanted.size()) {
            throw config.error(key + " is " + wanted + "; expected different ones of the dataset's bands " + present);
        }
        return positions;
    }
}
