// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiffusionSchedulerTest {
    private static DiffusionScheduler scheduler(DiffusionOptions.Kind kind, String betas, boolean zeroTerminalSnr) {
        return new DiffusionScheduler(new DiffusionOptions(
                kind, 1000, betas, DiffusionOptions.Prediction.SAMPLE, true, true, zeroTerminalSnr));
    }

    @Test
    void timestepsAreUpstreamsInEachMode() {
        DiffusionScheduler ddim = scheduler(DiffusionOptions.Kind.DDIM, "linear", true);
        assertArrayEquals(new int[] {999, 749, 499, 249}, ddim.timesteps(4, DiffusionOptions.Mode.TRAILING));
        assertArrayEquals(new int[] {750, 500, 250, 0}, ddim.timesteps(4, DiffusionOptions.Mode.LEADING));
        assertArrayEquals(new int[] {999, 666, 333, 0}, ddim.timesteps(4, DiffusionOptions.Mode.LINSPACE));
        assertArrayEquals(new int[] {999}, ddim.timesteps(1, DiffusionOptions.Mode.LINSPACE));
        assertEquals(1000, ddim.timesteps(1000, DiffusionOptions.Mode.TRAILING).length);
        assertEquals(1000, ddim.timesteps(600, DiffusionOptions.Mode.TRAILING).length, "600 does not divide 1000");
        assertArrayEquals(new int[] {750, 500, 250, 0}, scheduler(DiffusionOptions.Kind.DDPM, "linear", true)
                .timesteps(4, DiffusionOptions.Mode.TRAILING), "DDPM has one mode");
    }

    @Test
    void nothingIsLeftOfTheImageAtTheEndWhereAskedFor() {
        for (String betas : new String[] {"linear", "scaled_linear", "squaredcos_cap_v2", "shifted_cosine:2"}) {
            float[] alphas = scheduler(DiffusionOptions.Kind.DDIM, betas, true).alphas();
            assertEquals(0, alphas[999], betas);
            assertTrue(alphas[0] > 0.99 && alphas[500] < alphas[499], betas);
        }
        assertEquals(4.04e-5, scheduler(DiffusionOptions.Kind.DDIM, "linear", false).alphas()[999], 1e-6);
    }

    /** Of PyTorch: products of 1 - (sigmoid(linspace(-6, 6)) 0.0199 + 0.0001). */
    @Test
    void ddpmKnowsTheSigmoidSchedule() {
        float[] alphas = scheduler(DiffusionOptions.Kind.DDPM, "sigmoid", false).alphas();
        assertArrayEquals(new float[] {0.99985081f, 0.90279901f, 0.29888758f, 3.9681821e-5f},
                new float[] {alphas[0], alphas[250], alphas[500], alphas[999]}, 2e-6f);
        float[] without = scheduler(DiffusionOptions.Kind.DDPM, "sigmoid", true).alphas();
        assertArrayEquals(new float[] {0.99985087f, 0.90219909f, 0.29575408f, 0},
                new float[] {without[0], without[250], without[500], without[999]}, 2e-6f);
    }

    /** By hand: of betas 0.0001 and 0.02, from the second timestep to the first. */
    @Test
    void aDdpmStepIsThatOfTheFormula() {
        DiffusionScheduler ddpm = new DiffusionScheduler(new DiffusionOptions(DiffusionOptions.Kind.DDPM, 2, "linear",
                DiffusionOptions.Prediction.SAMPLE, false, false, false));
        int[] timesteps = ddpm.timesteps(2, DiffusionOptions.Mode.LEADING);
        assertArrayEquals(new int[] {1, 0}, timesteps);
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor coefficients = scope.of(ddpm.coefficients(timesteps, 2), 2, DiffusionScheduler.COEFFICIENTS)
                    .slice(0, 0, 1).reshape(DiffusionScheduler.COEFFICIENTS);
            // sqrt(0.9999) 0.02 / 0.020098, sqrt(0.98) 0.0001 / 0.020098 and sqrt(0.0001 / 0.020098 0.02)
            double expected = 0.995074 * 0.5 + 0.00492561 * 2 - 0.00997559;
            assertEquals(expected, ddpm.step(scope, scope.of(new float[] {0.5f}, 1), scope.of(new float[] {2}, 1),
                    coefficients, Optional.of(scope.of(new float[] {-1}, 1))).toFloatArray()[0], 1e-5);
        }
    }

    /** The posterior of Ho et al. 2020, formula 7, in double precision. */
    @Test
    void ddpmStepsAreThePosteriorWithNoise() {
        DiffusionScheduler ddpm = scheduler(DiffusionOptions.Kind.DDPM, "linear", true);
        int[] timesteps = ddpm.timesteps(10, DiffusionOptions.Mode.LEADING);
        float[] alphas = ddpm.alphas();
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor all = scope.of(ddpm.coefficients(timesteps, 10), 10, DiffusionScheduler.COEFFICIENTS);
            Tensor output = scope.of(new float[] {0.5f, -0.25f, 3, -3}, 4);
            Tensor x = scope.of(new float[] {1, 2, 3, 4}, 4);
            Tensor noise = scope.of(new float[] {-1, 1, 0.5f, 0}, 4);
            float[] image = {0.5f, -0.25f, 1, -1};
            for (int i = 0; i < timesteps.length; i++) {
                double now = alphas[timesteps[i]];
                double before = i == timesteps.length - 1 ? 1 : alphas[timesteps[i + 1]];
                double beta = 1 - now / before;
                double variance = i == timesteps.length - 1 ? 0 : (1 - before) / (1 - now) * beta;
                float[] expected = new float[4];
                for (int k = 0; k < 4; k++) {
                    expected[k] = (float) (Math.sqrt(before) * beta / (1 - now) * image[k]
                            + Math.sqrt(now / before) * (1 - before) / (1 - now) * (k + 1)
                            + Math.sqrt(variance) * noise.toFloatArray()[k]);
                }
                Tensor coefficients = all.slice(0, i, i + 1).reshape(DiffusionScheduler.COEFFICIENTS);
                assertArrayEquals(expected,
                        ddpm.step(scope, output, x, coefficients, Optional.of(noise)).toFloatArray(), 1e-5f);
            }
        }
    }
}
