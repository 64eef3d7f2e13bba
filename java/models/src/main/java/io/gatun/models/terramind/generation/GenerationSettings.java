// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import io.gatun.core.SampleOptions;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.TerraMindModality;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * How modalities are generated.
 *
 * @param targets what is generated in this order, by the names of the caller
 * @param decodingSteps steps of each, 4096 in all at most
 * @param temperatures of each; 0 takes the best token
 * @param topP see {@link Sampling}
 * @param topK see {@link Sampling}
 * @param scheme in which order patches are found
 * @param schedule tokens of each step of {@link Scheme#MASKGIT}
 * @param course of the temperature
 * @param guidance how far scores are drawn from those without the inputs to those with them; 1 for no guidance; any
 *     finite number
 * @param seed of the random numbers
 */
public record GenerationSettings(SequencedMap<String, TerraMindModality> targets, List<Integer> decodingSteps,
        List<Double> temperatures, double topP, double topK, Scheme scheme, TokenSchedule schedule,
        TemperatureSchedule course, double guidance, long seed) {
    /** Checks the numbers; throws {@link ArgumentException} if one does not fit. */
    public GenerationSettings {
        decodingSteps = List.copyOf(decodingSteps);
        temperatures = List.copyOf(temperatures);
        if (decodingSteps.stream().anyMatch(steps -> steps < 1)
                || decodingSteps.stream().mapToLong(steps -> steps).sum() > Sampling.MOST_STEPS) {
            throw new ArgumentException("decoding_steps is " + decodingSteps + ", expected at least 1, and in all at"
                    + " most " + Sampling.MOST_STEPS + ", which have random numbers of their own");
        }
        if (temperatures.stream().anyMatch(temperature -> !(temperature >= 0 && temperature < Double.MAX_VALUE))) {
            throw new ArgumentException("temps is " + temperatures + ", expected numbers that are not negative");
        }
        if (!(topP >= 0 && topP <= 1) || !(topK >= 0 && topK < Integer.MAX_VALUE)) {
            throw new ArgumentException("top_p is " + topP + " and top_k " + topK
                    + "; expected 0 to 1, and a number of tokens, or a share of them below 1; 0 for none of both");
        }
        try {
            new SampleOptions(1, topK, topP);
        } catch (ArgumentException e) {
            throw new ArgumentException("top_p is " + topP + " and top_k " + topK + ": " + e.getMessage(), e);
        }
        if (!Double.isFinite(guidance)) {
            throw new ArgumentException("guidance is " + guidance + ", expected a finite number; 1 for no guidance");
        }
        if (scheme == Scheme.AUTOREGRESSIVE) {
            throw new ArgumentException("scheme autoregressive is that of texts, which always have it; expected roar or"
                    + " maskgit for images");
        }
    }

    /**
     * Upstream's arguments.
     *
     * @param owner whose arguments, for messages
     * @param arguments {@code decoding_steps}, {@code temps} (a number, or one for each target), {@code top_p} and
     *     {@code top_k}, each with the prefix. Ours are {@code scheme}, {@code token_schedule}, {@code temp_schedule},
     *     {@code guidance} and {@code seed}, with the prefix too
     * @param prefix of the names
     * @param names what is generated
     * @return the settings
     */
    static GenerationSettings of(String owner, Arguments arguments, String prefix, List<String> names) {
        SequencedMap<String, TerraMindModality> targets = new LinkedHashMap<>();
        SequencedMap<String, String> owners = new LinkedHashMap<>();
        for (String name : names) {
            TerraMindModality modality = TerraMindModality.target(name);
            String other = owners.putIfAbsent(modality.key(), name);
            if (other != null) {
                throw new ArgumentException(owner + ": " + name + " and " + other + " are both generated as "
                        + modality.key() + "; leave one out");
            }
            targets.put(name, modality);
        }
        List<Integer> steps = arguments.integers(prefix + "decoding_steps").orElse(List.of(1));
        return new GenerationSettings(targets, each(owner, prefix + "decoding_steps", steps, names),
                each(owner, prefix + "temps", arguments.numbers(prefix + "temps").orElse(List.of(1.0)), names),
                arguments.number(prefix + "top_p", 0.8), arguments.number(prefix + "top_k", 0),
                arguments.choice(prefix + "scheme", Scheme.class, Scheme.ROAR),
                arguments.choice(prefix + "token_schedule", TokenSchedule.class, TokenSchedule.LINEAR),
                TemperatureSchedule.of(arguments.text(prefix + "temp_schedule", "constant")),
                arguments.number(prefix + "guidance", 1), seed(owner, arguments, prefix + "seed"));
    }

    private static long seed(String owner, Arguments arguments, String key) {
        Object value = arguments.value(key).orElse(0);
        if (value instanceof Number number && number.doubleValue() == number.longValue()) {
            return number.longValue();
        }
        throw new ArgumentException(owner + ": " + key + " is " + value + ", expected an integer");
    }

    private static <T> List<T> each(String owner, String key, List<T> values, List<String> names) {
        if (values.size() != 1 && values.size() != names.size()) {
            throw new ArgumentException(owner + ": " + key + " has " + values.size() + " values for "
                    + String.join(", ", names) + "; expected one, or one for each");
        }
        List<T> all = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            all.add(values.get(values.size() == 1 ? 0 : i));
        }
        return all;
    }

    /** The steps for the targets that are wanted, each a number of patches. */
    List<GenerationStep> schedule(List<String> conditions, List<String> wanted, int patches) {
        List<GenerationStep.Target> chosen = new ArrayList<>();
        List<String> names = List.copyOf(targets.keySet());
        for (int i = 0; i < names.size(); i++) {
            TerraMindModality modality = targets.get(names.get(i));
            if (wanted.contains(modality.key())) {
                chosen.add(new GenerationStep.Target(modality.key(), patches,
                        modality.kind().isImage() ? scheme : Scheme.AUTOREGRESSIVE, decodingSteps.get(i), schedule,
                        temperatures.get(i), course, List.of(guidance)));
            }
        }
        return GenerationStep.chain(conditions, chosen, true);
    }
}
