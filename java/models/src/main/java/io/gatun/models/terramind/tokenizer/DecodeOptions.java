// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;
import java.util.Optional;

/**
 * How tokens are decoded by diffusion; a plain decoder takes no notice of it. Without given noise the start of sample b
 * of a batch follows from the seed and the number {@code firstSample + b} alone, whatever the batch.
 *
 * @param timesteps steps to take, 1 to those of the training
 * @param mode which timesteps are taken
 * @param scheduler another than the tokenizer's own
 * @param imageSize rows and columns of the image, multiples of {@link UNetSize#multiple()}; without it token
 *     numbers give the size that they have, codes that of the training, and a reconstruction is a square of the image's
 *     columns, the last two of the size of their tokens where the tokenizer is corrected
 * @param originalSize upstream's {@code orig_res}, the resolution the image once had: the published networks are not
 *     conditioned on it, and it has no effect
 * @param seed of the noise
 * @param firstSample number of the first sample, 0 to 2^23 - 1
 * @param noise what the image is made from in the place of the seed's, [B, C, H, W]
 * @param conditionMask bool [B, rows, columns], true where a token is left out, as in training without guidance
 */
public record DecodeOptions(int timesteps, DiffusionOptions.Mode mode, Optional<DiffusionOptions> scheduler,
        Optional<Extent> imageSize, Optional<Extent> originalSize, long seed, long firstSample, Optional<Tensor> noise,
        Optional<Tensor> conditionMask) {
    /** Samples of a seed. */
    static final long SAMPLES = 1L << 23;

    /** Checks the numbers; throws {@link ArgumentException}. */
    public DecodeOptions {
        if (timesteps < 1) {
            throw new ArgumentException("tokenizer: timesteps is " + timesteps + ", expected at least 1");
        }
        if (firstSample < 0 || firstSample >= SAMPLES) {
            throw new ArgumentException("tokenizer: the first sample has the number " + firstSample
                    + ", expected 0 to " + (SAMPLES - 1));
        }
        imageSize.ifPresent(DecodeOptions::requirePixels);
        originalSize.ifPresent(DecodeOptions::requirePixels);
    }

    private static void requirePixels(Extent size) {
        if (size.least() < 1) {
            throw new ArgumentException("tokenizer: an image of " + size.height() + " x " + size.width()
                    + " pixels, expected at least one row and column; give another size");
        }
    }

    /**
     * Upstream's defaults: 50 timesteps that end with the training's last one, and seed 0.
     *
     * @return the options
     */
    public static DecodeOptions defaults() {
        return new DecodeOptions(50, DiffusionOptions.Mode.TRAILING, Optional.empty(), Optional.empty(),
                Optional.empty(), 0, 0, Optional.empty(), Optional.empty());
    }

    /**
     * The same with another number of steps.
     *
     * @param count steps to take
     * @return the changed options
     */
    public DecodeOptions withTimesteps(int count) {
        return withTimesteps(count, mode);
    }

    /**
     * The same with other steps.
     *
     * @param count steps to take
     * @param other which timesteps are taken
     * @return the changed options
     */
    public DecodeOptions withTimesteps(int count, DiffusionOptions.Mode other) {
        return new DecodeOptions(
                count, other, scheduler, imageSize, originalSize, seed, firstSample, noise, conditionMask);
    }

    /**
     * The same with another scheduler than the tokenizer's own.
     *
     * @param other its options
     * @return the changed options
     */
    public DecodeOptions withScheduler(DiffusionOptions other) {
        return new DecodeOptions(timesteps, mode, Optional.of(other), imageSize, originalSize, seed, firstSample,
                noise, conditionMask);
    }

    /**
     * The same for an image of a size.
     *
     * @param height rows in pixels
     * @param width columns in pixels
     * @return the changed options
     */
    public DecodeOptions withImageSize(int height, int width) {
        return new DecodeOptions(timesteps, mode, scheduler, Optional.of(new Extent(height, width)), originalSize, seed,
                firstSample, noise, conditionMask);
    }

    /**
     * The same with upstream's {@code orig_res}, which has no effect.
     *
     * @param height rows in pixels
     * @param width columns in pixels
     * @return the changed options
     */
    public DecodeOptions withOriginalSize(int height, int width) {
        return new DecodeOptions(timesteps, mode, scheduler, imageSize, Optional.of(new Extent(height, width)), seed,
                firstSample, noise, conditionMask);
    }

    /**
     * The same with other noise.
     *
     * @param otherSeed of the noise
     * @param first number of the first sample, so that a series may come in batches of any size
     * @return the changed options
     */
    public DecodeOptions withSeed(long otherSeed, long first) {
        return new DecodeOptions(
                timesteps, mode, scheduler, imageSize, originalSize, otherSeed, first, noise, conditionMask);
    }

    /**
     * The same with given noise.
     *
     * @param start what the image is made from, [B, C, H, W] f32, usually normal with variance 1
     * @return the changed options
     */
    public DecodeOptions withNoise(Tensor start) {
        return new DecodeOptions(timesteps, mode, scheduler, imageSize, originalSize, seed, firstSample,
                Optional.of(start), conditionMask);
    }

    /**
     * The same with tokens left out.
     *
     * @param mask bool [B, rows, columns], true where a token is left out
     * @return the changed options
     */
    public DecodeOptions withConditionMask(Tensor mask) {
        return new DecodeOptions(timesteps, mode, scheduler, imageSize, originalSize, seed, firstSample, noise,
                Optional.of(mask));
    }
}
