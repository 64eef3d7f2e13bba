// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;
import io.gatun.core.BinaryOp;
import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Optional;

/**
 * Timesteps, and the step from an image with noise to one with less: upstream's {@code DDIMScheduler} and {@code
 * DDPMScheduler}. Immutable.
 */
final class DiffusionScheduler {
    /** Numbers that a step needs: roots of alpha and of what it lacks to 1, weights of image, direction and noise. */
    static final int COEFFICIENTS = 5;

    private final DiffusionOptions options;
    private final float[] alphas;

    DiffusionScheduler(DiffusionOptions options) {
        this.options = options;
        this.alphas = NoiseSchedule.alphas(options);
    }

    float[] alphas() {
        return alphas.clone();
    }

    boolean addsNoise() {
        return options.scheduler() == DiffusionOptions.Kind.DDPM;
    }

    /** The timesteps, last one of the training first. */
    int[] timesteps(int count, DiffusionOptions.Mode mode) {
        int all = alphas.length;
        if (count < 1 || count > all) {
            throw new ArgumentException("tokenizer: timesteps is " + count + ", expected 1 to the " + all
                    + " of the training (num_train_timesteps)");
        }
        int ratio = all / count;
        // DDPM knows no other.
        DiffusionOptions.Mode taken = addsNoise() ? DiffusionOptions.Mode.LEADING : mode;
        int[] timesteps = new int[taken == DiffusionOptions.Mode.TRAILING ? (all + ratio - 1) / ratio : count];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = switch (taken) {
                case TRAILING -> all - i * ratio - 1;
                case LINSPACE -> (int) Math.rint(count == 1 ? all : all - i * ((all - 1.0) / (count - 1))) - 1;
                case LEADING -> (count - 1 - i) * ratio;
            };
        }
        return timesteps;
    }

    /** [timesteps, {@link #COEFFICIENTS}], for as many timesteps as were asked for. */
    float[] coefficients(int[] timesteps, int count) {
        float[] all = new float[timesteps.length * COEFFICIENTS];
        for (int i = 0; i < timesteps.length; i++) {
            float alpha = alphas[timesteps[i]];
            int earlier = timesteps[i] - alphas.length / count;
            float before = earlier >= 0 ? alphas[earlier] : 1;
            int at = i * COEFFICIENTS;
            all[at] = root(alpha);
            all[at + 1] = root(1 - alpha);
            if (addsNoise()) {
                float kept = alpha / before;
                all[at + 2] = root(before) * (1 - kept) / (1 - alpha);
                all[at + 3] = root(kept) * (1 - before) / (1 - alpha);
                float variance = Math.max((1 - before) / (1 - alpha) * (1 - kept), 1e-20f);
                all[at + 4] = timesteps[i] > 0 ? root(variance) : 0;
            } else {
                all[at + 2] = root(before);
                all[at + 3] = root(1 - before);
            }
        }
        return all;
    }

    private static float root(float value) {
        return (float) Math.sqrt(value);
    }

    /**
     * One step. The noise estimate is that of the prediction before it is cut off.
     *
     * @param output what the network predicts
     * @param x what it was given, of the same shape
     * @param coefficients [5], of the timestep
     * @param noise of that shape, where the scheduler adds any
     * @return the image with less noise
     */
    Tensor step(Scope scope, Tensor output, Tensor x, Tensor coefficients, Optional<Tensor> noise) {
        try (Tensor signal = coefficients.slice(0, 0, 1); Tensor rest = coefficients.slice(0, 1, 2);
                Tensor ofImage = coefficients.slice(0, 2, 3); Tensor ofOther = coefficients.slice(0, 3, 4);
                Tensor image = image(scope, output, x, signal, rest)) {
            Tensor next = addsNoise() ? Kernels.copy(scope, x) : estimate(scope, output, x, signal, rest);
            Kernels.binary(scope, BinaryOp.MULTIPLY, next, ofOther, next);
            if (options.clips()) {
                try (Tensor one = scope.full(DType.F32, 1, 1); Tensor minusOne = scope.full(DType.F32, -1, 1)) {
                    Kernels.binary(scope, BinaryOp.MINIMUM, image, one, image);
                    Kernels.binary(scope, BinaryOp.MAXIMUM, image, minusOne, image);
                }
            }
            Kernels.binary(scope, BinaryOp.MULTIPLY, image, ofImage, image);
            Kernels.add(scope, next, image, next);
            if (noise.isPresent()) {
                try (Tensor deviation = coefficients.slice(0, 4, 5);
                        Tensor added = Kernels.binary(scope, BinaryOp.MULTIPLY, noise.get(), deviation)) {
                    Kernels.add(scope, next, added, next);
                }
            }
            return next;
        }
    }

    /** The predicted image, in memory of its own. */
    private Tensor image(Scope scope, Tensor output, Tensor x, Tensor signal, Tensor rest) {
        return switch (options.predictionType()) {
            case SAMPLE -> Kernels.copy(scope, output);
            case EPSILON -> quotient(scope, x, rest, output, signal);
            case V_PREDICTION -> {
                try (Tensor velocity = Kernels.binary(scope, BinaryOp.MULTIPLY, output, rest)) {
                    Tensor image = Kernels.binary(scope, BinaryOp.MULTIPLY, x, signal);
                    Kernels.binary(scope, BinaryOp.SUBTRACT, image, velocity, image);
                    yield image;
                }
            }
        };
    }

    /** The predicted noise, in memory of its own. */
    private Tensor estimate(Scope scope, Tensor output, Tensor x, Tensor signal, Tensor rest) {
        return switch (options.predictionType()) {
            case SAMPLE -> quotient(scope, x, signal, output, rest);
            case EPSILON -> Kernels.copy(scope, output);
            case V_PREDICTION -> {
                try (Tensor seen = Kernels.binary(scope, BinaryOp.MULTIPLY, x, rest)) {
                    Tensor noise = Kernels.binary(scope, BinaryOp.MULTIPLY, output, signal);
                    Kernels.add(scope, noise, seen, noise);
                    yield noise;
                }
            }
        };
    }

    /** {@code (x - factor y) / divisor}. */
    private static Tensor quotient(Scope scope, Tensor x, Tensor factor, Tensor y, Tensor divisor) {
        Tensor result = Kernels.binary(scope, BinaryOp.MULTIPLY, y, factor);
        Kernels.binary(scope, BinaryOp.SUBTRACT, x, result, result);
        Kernels.binary(scope, BinaryOp.DIVIDE, result, divisor, result);
        return result;
    }
}
