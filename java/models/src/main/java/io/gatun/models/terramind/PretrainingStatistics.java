// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What images are standardised by: upstream's {@code pretraining_mean} and {@code pretraining_std}, by the keys of the
 * weights, such as {@code untok_dem@224} of pixels and {@code tok_dem@224} of what tokens become.
 *
 * @param mean of each band, or one number for all
 * @param std standard deviation of each band, or one number for all
 */
public record PretrainingStatistics(Map<String, List<Double>> mean, Map<String, List<Double>> std) {
    /** Makes the maps unmodifiable. */
    public PretrainingStatistics {
        mean = copy(mean);
        std = copy(std);
    }

    private static Map<String, List<Double>> copy(Map<String, List<Double>> numbers) {
        Map<String, List<Double>> copy = new LinkedHashMap<>();
        numbers.forEach((key, each) -> copy.put(key, List.copyOf(each)));
        return Collections.unmodifiableMap(copy);
    }

    /**
     * Those of published weights; classes have none.
     *
     * @param pretraining the version of the weights
     * @return upstream's {@code v1_pretraining_mean} and the like
     */
    public static PretrainingStatistics of(Pretraining pretraining) {
        Map<String, List<Double>> mean = new LinkedHashMap<>();
        Map<String, List<Double>> std = new LinkedHashMap<>();
        TerraMindModality.all().keySet().forEach(key -> pretraining.raw(key).ifPresent(own -> {
            mean.put(key, own.means());
            std.put(key, own.deviations());
        }));
        return new PretrainingStatistics(mean, std);
    }

    /**
     * Reads {@code pretraining_mean} and {@code pretraining_std}.
     *
     * @param owner whose arguments, for messages
     * @param arguments two dictionaries of numbers
     * @return empty maps where they are absent: nothing is standardised
     * @throws ArgumentException if there is something else than numbers, or a mean without a standard deviation
     */
    public static PretrainingStatistics of(String owner, Arguments arguments) {
        PretrainingStatistics given = new PretrainingStatistics(
                numbers(owner, arguments, "pretraining_mean"), numbers(owner, arguments, "pretraining_std"));
        for (String key : given.mean.keySet()) {
            if (!given.std.containsKey(key)) {
                throw new ArgumentException(owner + ": pretraining_mean has " + key + ", and pretraining_std only "
                        + given.std.keySet() + "; give both of it");
            }
        }
        return given;
    }

    private static Map<String, List<Double>> numbers(String owner, Arguments arguments, String key) {
        Map<String, Object> given = arguments.dictionary(key).orElse(Map.of());
        Arguments each = Arguments.of(owner + ": " + key, given);
        Map<String, List<Double>> numbers = new LinkedHashMap<>();
        given.keySet().forEach(name -> numbers.put(name, each.numbers(name).orElseThrow(
                () -> new ArgumentException(owner + ": " + key + " of " + name + " is null, expected numbers"))));
        return numbers;
    }

    /** Those of a modality, if it is standardised. */
    Optional<Pretraining.Statistics> of(String key) {
        return Optional.ofNullable(mean.get(key)).map(own -> new Pretraining.Statistics(doubles(own),
                doubles(std.get(key))));
    }

    private static double[] doubles(List<Double> numbers) {
        return numbers.stream().mapToDouble(value -> value).toArray();
    }
}
