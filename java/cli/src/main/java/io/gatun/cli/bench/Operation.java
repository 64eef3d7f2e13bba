// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.models.climanet.SpatioTemporalConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The operations that are timed alone, with what each has to do at least; the names are those of bench/gpu. */
enum Operation {
    ENCODE_POOL, PATCH_EMBED, TEMPORAL_POOL, LINEAR_QKV, LINEAR_OUT, LINEAR_FFN1, LINEAR_FFN2, ATTENTION_MONTH,
    ATTENTION, CROSS_ATTENTION, SAMPLE_TOKENS, LAYER_NORM, ADD, DECODER_PREFIX, REFINE_HEAD, CONV_TRANSPOSE2D, CONV2D,
    MAP_HEAD;

    /** Tokens to draw from, one for each place of a map. */
    static final long VOCABULARY = 4096;

    /**
     * What has to be done at least.
     *
     * @param bytes each input and weight read once, each result written once
     * @param flops of the fewest products known, a multiply-add being two; transforms before and after are not counted
     */
    record Cost(double bytes, double flops) {}

    static List<String> names() {
        return Arrays.stream(values()).map(Operation::toString).toList();
    }

    /**
     * How often it runs in a forward; 0 for the parts of which a fused operation takes the place, and other models'.
     */
    int timesInForward(SpatioTemporalConfig config) {
        return switch (this) {
            case ENCODE_POOL, ATTENTION_MONTH, ADD, DECODER_PREFIX, REFINE_HEAD -> 1;
            case LINEAR_QKV, LINEAR_OUT, LINEAR_FFN1, LINEAR_FFN2 -> 1 + config.spatialDepth();
            case ATTENTION -> config.spatialDepth();
            case LAYER_NORM -> 2 + 2 * config.spatialDepth();
            case PATCH_EMBED, TEMPORAL_POOL, CONV_TRANSPOSE2D, CONV2D, MAP_HEAD, CROSS_ATTENTION, SAMPLE_TOKENS -> 0;
        };
    }

    /**
     * The formulas, one for each operation, as in {@code cost_of} of bench/gpu/kernels.cpp except that 3 x 3
     * convolutions are counted as Winograd's on the CPU, and that a forward's layer norms add nothing. R patches of all
     * maps, L tokens of all days, P cells, N places; E embed, D hidden and C = D / 2 channels of the decoder, K inputs
     * of a patch, M months; G values of the transposed convolution's kernel for a pair of channels, W flops of a 3 x 3
     * convolution for a cell.
     */
    Cost cost(Extents x) {
        double R = x.patches();
        double L = x.tokens();
        double P = x.cells();
        double N = x.places();
        double E = x.config().embedDim();
        double D = x.config().hidden();
        double C = x.channels();
        double K = x.patchInputs();
        double M = x.size().months();
        double G = (double) x.kernelRows() * x.kernelColumns();
        double W = x.convolutionFlops();
        double pixels = 5 * x.pixels();
        double land = P / M;
        return switch (this) {
            case ADD -> new Cost(4 * (2 * R * E + N * E), 0);
            case LAYER_NORM -> new Cost(4 * (2 * R * E + 2 * E), 0);
            case LINEAR_QKV -> new Cost(4 * (4 * R * E + 3 * E * E + 3 * E), 6 * R * E * E);
            case LINEAR_OUT -> new Cost(4 * (3 * R * E + E * E + E), 2 * R * E * E);
            case LINEAR_FFN1 -> new Cost(4 * (5 * R * E + 4 * E * E + 4 * E), 8 * R * E * E);
            case LINEAR_FFN2 -> new Cost(4 * (6 * R * E + 4 * E * E + E), 8 * R * E * E);
            case ATTENTION -> new Cost(16 * R * E, 4 * R * N * E);
            case CROSS_ATTENTION -> new Cost(16 * R * E + R, 4 * R * N * E);
            case SAMPLE_TOKENS -> new Cost(N * (4 * VOCABULARY + 16), 0);
            case ATTENTION_MONTH -> new Cost(16 * R * E, 4 * R * M * E);
            case PATCH_EMBED -> new Cost(pixels + 4 * (L * E + K * E + 3 * E), 2 * L * K * E);
            case TEMPORAL_POOL -> new Cost(4 * (L * E + R * E + E * E), 2 * L * E * E + 2 * L * E);
            case ENCODE_POOL -> {
                double stages = 2 * L * K * E + 2 * L * E * E + 2 * L * E;
                // Without day tokens: the scorer's layer composed with the patch's, two triangular factors for the
                // variances, and one embedding of a patch and month.
                double composed = L * (2 * K * E + 2 * E + 2 * (K + 1) * (K + 2) + 2 * K) + 2 * R * K * E;
                yield new Cost(pixels + 4 * (R * E + K * E + E * E), Math.min(stages, composed));
            }
            case CONV_TRANSPOSE2D -> new Cost(4 * (R * D + G * D * C + P * C), 2 * R * G * D * C);
            case CONV2D -> new Cost(4 * (2 * P * C + 9 * C * C), P * W);
            case DECODER_PREFIX -> {
                double stages = 2 * R * E * D + 2 * R * G * D * C + P * W;
                // Folded into one transposed convolution from E to C, whose kernel the 3x3 one widens by 2.
                double folded = (x.kernelRows() + 2.0) * (x.kernelColumns() + 2.0);
                yield new Cost(4 * (R * E + folded * E * C + P * C), Math.min(stages, 2 * R * folded * E * C));
            }
            case REFINE_HEAD ->
                new Cost(4 * (P * C + 9 * C * C + P) + land, P * W + 2 * P * C);
            case MAP_HEAD -> new Cost(4 * (P * C + P) + land, 2 * P * C);
        };
    }

    /** The name in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
