// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import java.util.ArrayList;
import java.util.List;

/**
 * One step of a generation.
 *
 * @param target key of the modality that tokens are found of
 * @param scheme which of them
 * @param tokens how many of each sample, none where that is not positive; of no matter for a text
 * @param temperature of the scores; 0 takes the best token
 * @param guidance how far scores are drawn from those without the conditions to those with them, 1 for no guidance;
 *     several numbers where several sets of conditions have their own
 * @param conditions keys of the modalities that guidance hides from the scores without conditions
 */
public record GenerationStep(String target, Scheme scheme, int tokens, double temperature, List<Double> guidance,
        List<String> conditions) {
    /** Makes the lists unmodifiable. */
    public GenerationStep {
        guidance = List.copyOf(guidance);
        conditions = List.copyOf(conditions);
    }

    boolean isGuided() {
        return !conditions.isEmpty() && !guidance.equals(List.of(1.0));
    }

    /**
     * What becomes of a modality that is generated.
     *
     * @param key its key among the weights
     * @param tokens how many of each sample
     * @param scheme in which order
     * @param decodingSteps in how many steps, at least 1
     * @param schedule tokens of each step of {@link Scheme#MASKGIT}; those of {@link Scheme#ROAR} are linear, as
     *     upstream's
     * @param temperature of the scores; 0 takes the best token
     * @param temperatures its course
     * @param guidance see {@link GenerationStep}
     */
    public record Target(String key, int tokens, Scheme scheme, int decodingSteps, TokenSchedule schedule,
            double temperature, TemperatureSchedule temperatures, List<Double> guidance) {
        /** Makes the list unmodifiable. */
        public Target {
            guidance = List.copyOf(guidance);
        }
    }

    /**
     * The steps of targets one after the other: upstream's {@code build_chained_generation_schedules}.
     *
     * @param conditions keys of the modalities that are given
     * @param targets what is generated, in order
     * @param grow whether guidance hides an image that was generated from then on, as what was given
     * @return the steps
     */
    public static List<GenerationStep> chain(List<String> conditions, List<Target> targets, boolean grow) {
        List<GenerationStep> steps = new ArrayList<>();
        List<String> hidden = new ArrayList<>(conditions);
        for (Target target : targets) {
            if (target.scheme() == Scheme.AUTOREGRESSIVE) {
                steps.add(new GenerationStep(
                        target.key(), target.scheme(), 0, target.temperature(), target.guidance(), hidden));
                continue;
            }
            TokenSchedule schedule = target.scheme() == Scheme.ROAR ? TokenSchedule.LINEAR : target.schedule();
            int[] counts = schedule.counts(target.decodingSteps(), target.tokens());
            double[] temperatures = target.temperatures().temperatures(target.temperature(), counts);
            for (int i = 0; i < counts.length; i++) {
                steps.add(new GenerationStep(
                        target.key(), target.scheme(), counts[i], temperatures[i], target.guidance(), hidden));
            }
            if (grow) {
                hidden.add(target.key());
            }
        }
        return List.copyOf(steps);
    }
}
