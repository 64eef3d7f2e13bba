// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.ArgumentException;

/**
 * How much of the image is left at each timestep, in single precision and, where upstream has it so, with products in
 * double.
 */
final class NoiseSchedule {
    private static final String SHIFTED = "shifted_cosine:";
    private static final float FIRST = 1e-4f;
    private static final float LAST = 0.02f;
    private static final float SPREAD = (float) (0.02 - 1e-4);

    private NoiseSchedule() {}

    static void requireKnown(DiffusionOptions.Kind scheduler, String name) {
        boolean known = switch (name) {
            case "linear", "scaled_linear", "squaredcos_cap_v2" -> true;
            // Upstream's DDIM does not know it.
            case "sigmoid" -> scheduler == DiffusionOptions.Kind.DDPM;
            default -> name.startsWith(SHIFTED) && name.substring(SHIFTED.length()).matches("\\d*\\.?\\d+")
                    && shift(name) > 0;
        };
        if (!known) {
            throw new ArgumentException("tokenizer: beta_schedule is " + name + ", expected linear, scaled_linear,"
                    + " squaredcos_cap_v2, sigmoid with the scheduler ddpm, or shifted_cosine:s with a positive number"
                    + " s");
        }
    }

    private static double shift(String name) {
        return Double.parseDouble(name.substring(SHIFTED.length()));
    }

    /** The share of the image's variance at each timestep, upstream's {@code alphas_cumprod}. */
    static float[] alphas(DiffusionOptions options) {
        int count = options.trainTimesteps();
        String name = options.betaSchedule();
        if (name.startsWith(SHIFTED)) {
            return shiftedCosine(count, shift(name));
        }
        float[] betas = switch (name) {
            case "scaled_linear" -> squared(linear((float) Math.sqrt(FIRST), (float) Math.sqrt(LAST), count));
            case "squaredcos_cap_v2" -> squaredCosine(count);
            case "sigmoid" -> sigmoid(count);
            default -> linear(FIRST, LAST, count);
        };
        return products(options.zeroTerminalSnr() ? withoutSignalAtTheEnd(betas) : betas);
    }

    private static float[] linear(float first, float last, int count) {
        float step = (last - first) / (count - 1);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = i < count / 2 ? first + step * i : last - step * (count - 1 - i);
        }
        return values;
    }

    private static float[] squared(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= values[i];
        }
        return values;
    }

    private static float[] sigmoid(int count) {
        float[] betas = linear(-6, 6, count);
        for (int i = 0; i < count; i++) {
            betas[i] = (float) (1 / (1 + Math.exp(-betas[i]))) * SPREAD + FIRST;
        }
        return betas;
    }

    private static float[] squaredCosine(int count) {
        float[] betas = new float[count];
        for (int i = 0; i < count; i++) {
            betas[i] = (float) Math.min(1 - cosine((i + 1.0) / count) / cosine((double) i / count), 0.999);
        }
        return betas;
    }

    private static double cosine(double time) {
        return Math.pow(Math.cos((time + 0.008) / 1.008 * Math.PI / 2), 2);
    }

    private static float[] products(float[] betas) {
        float[] products = new float[betas.length];
        double product = 1;
        for (int i = 0; i < betas.length; i++) {
            product *= 1 - betas[i];
            products[i] = (float) product;
        }
        return products;
    }

    /** Shifts and stretches the roots, so that the last is 0 and the first stays (Lin et al. 2023). */
    private static float[] withoutSignalAtTheEnd(float[] betas) {
        float[] roots = products(betas);
        for (int i = 0; i < roots.length; i++) {
            roots[i] = (float) Math.sqrt(roots[i]);
        }
        float first = roots[0];
        float last = roots[roots.length - 1];
        float stretch = first / (first - last);
        float[] changed = new float[betas.length];
        float before = 1;
        for (int i = 0; i < roots.length; i++) {
            float root = (roots[i] - last) * stretch;
            changed[i] = 1 - root * root / before;
            before = root * root;
        }
        return changed;
    }

    private static float[] shiftedCosine(int count, double shift) {
        float[] times = linear(0, 1, count);
        float[] alphas = new float[count];
        for (int i = 0; i < count - 1; i++) {
            double logSnr = -2 * (Math.log(Math.tan(Math.PI * times[i] / 2)) + Math.log(shift));
            alphas[i] = 1 / (1 + (float) Math.exp(-Math.clamp(logSnr, -15, 15)));
        }
        return alphas;
    }
}
