// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.wrappers.embed.SpatialSpec;
import io.gatun.wrappers.embed.TemporalSpec;
import java.util.Arrays;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where and when. */
final class RegionOptions {
    private static final double DEFAULT_BUFFER = 1120;

    @Option(names = "--point", paramLabel = "LON,LAT",
            description = "Centre of the region, degrees (default: all that the first scene covers).")
    private Optional<String> point = Optional.empty();

    @Option(names = "--buffer", paramLabel = "METRES",
            description = "Half the side of the square around it, metres on the map of EPSG:3857 (default: 1120, the"
                    + " model's 224 pixels of 10 m).")
    private Optional<Double> buffer = Optional.empty();

    @Option(names = "--bbox", paramLabel = "WEST,SOUTH,EAST,NORTH", description = "The region as a box, degrees.")
    private Optional<String> box = Optional.empty();

    @Option(names = "--from", paramLabel = "DAY", description = "First day, as 2022-06-01 (default: all).")
    private Optional<String> from = Optional.empty();

    @Option(names = "--to", paramLabel = "DAY", description = "The day after the last (default: all).")
    private Optional<String> to = Optional.empty();

    RegionOptions() {}

    /** The region; empty where none is given. */
    Optional<SpatialSpec> region() {
        if (point.isPresent() && box.isPresent() || point.isEmpty() && buffer.isPresent()) {
            throw new ArgumentException("a region is either --point with --buffer, or --bbox; give one of them");
        }
        if (point.isPresent()) {
            double[] at = numbers("--point", point.get(), 2);
            return Optional.of(SpatialSpec.pointBuffer(at[0], at[1], buffer.orElse(DEFAULT_BUFFER)));
        }
        return box.map(text -> {
            double[] edges = numbers("--bbox", text, 4);
            return SpatialSpec.boundingBox(edges[0], edges[1], edges[2], edges[3]);
        });
    }

    TemporalSpec.Range time() {
        return TemporalSpec.range(from.orElse("0001-01-01"), to.orElse("9999-12-31"));
    }

    private static double[] numbers(String option, String text, int count) {
        try {
            double[] numbers = Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
            if (numbers.length == count) {
                return numbers;
            }
        } catch (NumberFormatException _) {
            // told below, as for another number of them
        }
        throw new ArgumentException(
                option + " is \"" + text + "\", expected " + count + " numbers with commas between");
    }
}
