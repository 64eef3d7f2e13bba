// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.generation;

import io.gatun.core.ArgumentException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What one call of a generator may have otherwise than its configuration.
 *
 * @param standardize whether inputs and outputs are in the units of pretraining
 * @param timesteps steps of the diffusion
 * @param seed of the random numbers
 * @param firstSample number of the first sample, so that a series may come in batches of any size, 0 to 2^23 - 1
 */
public record GenerateOptions(
        Optional<Boolean> standardize, OptionalInt timesteps, OptionalLong seed, long firstSample) {
    private static final long SAMPLES = 1L << 23;

    /** Checks the numbers; throws {@link ArgumentException} if one is out of its range. */
    public GenerateOptions {
        if (firstSample < 0 || firstSample >= SAMPLES) {
            throw new ArgumentException("the first sample has the number " + firstSample + ", expected 0 to "
                    + (SAMPLES - 1));
        }
    }

    /**
     * As the configuration has it.
     *
     * @return the options
     */
    public static GenerateOptions defaults() {
        return new GenerateOptions(Optional.empty(), OptionalInt.empty(), OptionalLong.empty(), 0);
    }

    /**
     * The same in other units.
     *
     * @param wanted whether inputs and outputs are in the units of pretraining
     * @return the changed options
     */
    public GenerateOptions withStandardize(boolean wanted) {
        return new GenerateOptions(Optional.of(wanted), timesteps, seed, firstSample);
    }

    /**
     * The same with another number of steps.
     *
     * @param count steps of the diffusion
     * @return the changed options
     */
    public GenerateOptions withTimesteps(int count) {
        return new GenerateOptions(standardize, OptionalInt.of(count), seed, firstSample);
    }

    /**
     * The same with other random numbers.
     *
     * @param other their seed
     * @param first number of the first sample
     * @return the changed options
     */
    public GenerateOptions withSeed(long other, long first) {
        return new GenerateOptions(standardize, timesteps, OptionalLong.of(other), first);
    }
}
