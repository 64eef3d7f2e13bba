// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;

/**
 * How noise becomes an image, by upstream's names.
 *
 * @param scheduler how a step is made
 * @param trainTimesteps timesteps of the training, upstream's {@code num_train_timesteps}
 * @param betaSchedule {@code linear}, {@code scaled_linear}, {@code squaredcos_cap_v2}, {@code sigmoid} of DDPM alone,
 *     or {@code shifted_cosine:s} with a positive number s
 * @param predictionType what the network predicts
 * @param clipSample whether predicted images are cut off at -1 and 1
 * @param thresholding upstream's dynamic thresholding: with its largest value of 1, which nothing there changes, it
 *     cuts off at -1 and 1 as well
 * @param zeroTerminalSnr whether nothing of the image is left at the last timestep; always so with
 *     {@code shifted_cosine}
 */
public record DiffusionOptions(Kind scheduler, int trainTimesteps, String betaSchedule, Prediction predictionType,
        boolean clipSample, boolean thresholding, boolean zeroTerminalSnr) {
    /** How a step is made. */
    public enum Kind {
        /** Without new noise (Song et al. 2021), eta 0. */
        DDIM,
        /** With new noise in each step (Ho et al. 2020), of the small fixed variance. */
        DDPM
    }

    /** What the network predicts. */
    public enum Prediction {
        /** The image. */
        SAMPLE,
        /** The noise. */
        EPSILON,
        /** Velocity, {@code sqrt(a) noise - sqrt(1 - a) image} (Salimans and Ho 2022). */
        V_PREDICTION
    }

    /** Which timesteps are taken (Lin et al. 2023). */
    public enum Mode {
        /** From the last one in equal steps; more than asked for where their number does not divide the training's. */
        TRAILING,
        /** The first and the last one, and equally many between them, rounded. */
        LINSPACE,
        /** From 0 in equal steps. */
        LEADING
    }

    /** Checks the arguments; throws {@link ArgumentException}. */
    public DiffusionOptions {
        if (trainTimesteps < 2) {
            throw new ArgumentException("tokenizer: num_train_timesteps is " + trainTimesteps
                    + ", expected at least 2");
        }
        NoiseSchedule.requireKnown(scheduler, betaSchedule);
    }

    /**
     * Upstream's defaults: DDIM, 1000 linear timesteps without image at the end, predicted images, cut off.
     *
     * @return the options
     */
    public static DiffusionOptions defaults() {
        return new DiffusionOptions(Kind.DDIM, 1000, "linear", Prediction.SAMPLE, false, true, true);
    }

    static DiffusionOptions of(Arguments arguments, boolean clipSample) {
        DiffusionOptions d = defaults();
        return new DiffusionOptions(arguments.choice("scheduler", Kind.class, d.scheduler),
                arguments.integer("num_train_timesteps", d.trainTimesteps),
                arguments.text("beta_schedule", d.betaSchedule),
                arguments.choice("prediction_type", Prediction.class, d.predictionType),
                arguments.flag("clip_sample", clipSample), arguments.flag("thresholding", d.thresholding),
                arguments.flag("zero_terminal_snr", d.zeroTerminalSnr));
    }

    boolean clips() {
        return clipSample || thresholding;
    }
}
