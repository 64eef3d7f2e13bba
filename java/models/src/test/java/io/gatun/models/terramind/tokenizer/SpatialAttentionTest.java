// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import static io.gatun.models.TestInputs.pixels;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.gatun.core.Checkpoint;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.TestDevices;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against a plain implementation in double precision with upstream's order of heads. */
class SpatialAttentionTest {
    private static final int ROWS = 3;
    private static final int COLUMNS = 7;

    @Test
    void headsAreSplitBeforeQueryKeyAndValue() {
        TestDevices.eachCpu(scope -> check(scope, 64, 2));
    }

    /** As wide as those of the published tokenizers. */
    @Test
    void headsMayBeWide() {
        TestDevices.eachCpu(scope -> check(scope, 512, 1));
    }

    @Test
    @Tag("gpu")
    void headsMayBeWideOnCuda() {
        try (Scope scope = Scope.open(TestDevices.cudaOrSkip())) {
            check(scope, 64, 2);
            check(scope, 512, 1);
        }
    }

    private static void check(Scope scope, int channels, int heads) {
        Checkpoint weights =
                Structure.of((own, state) -> SpatialAttention.load(own, state, channels, heads)).random(5);
        StateDict state = StateDict.of(weights);
        SpatialAttention attention = SpatialAttention.load(scope, state, channels, heads);
        state.finish();
        Tensor x = pixels(scope, 9, 2, ROWS, COLUMNS, channels);
        assertArrayEquals(expected(weights, x.toFloatArray(), channels, heads),
                attention.apply(scope, x, scope.zeros(1)).toFloatArray(), 1e-4f);
    }

    private static float[] expected(Checkpoint checkpoint, float[] x, int channels, int heads) {
        StateDict state = StateDict.of(checkpoint);
        float[] weight = state.takeFloats("norm.weight", channels);
        float[] bias = state.takeFloats("norm.bias", channels);
        float[] qkv = state.takeFloats("qkv.weight", 3L * channels, channels, 1);
        float[] qkvBias = state.takeFloats("qkv.bias", 3L * channels);
        float[] proj = state.takeFloats("proj_out.weight", channels, channels, 1);
        float[] projBias = state.takeFloats("proj_out.bias", channels);
        int places = ROWS * COLUMNS;
        int head = channels / heads;
        float[] result = x.clone();
        for (int b = 0; b < x.length / places / channels; b++) {
            double[][] normal = new double[places][channels];
            int width = channels / UNetSize.GROUPS;
            for (int c = 0; c < channels; c++) {
                double sum = 0;
                double squares = 0;
                for (int p = 0; p < places; p++) {
                    for (int k = c / width * width; k < c / width * width + width; k++) {
                        double value = x[(b * places + p) * channels + k];
                        sum += value;
                        squares += value * value;
                    }
                }
                double mean = sum / places / width;
                double root = Math.sqrt(squares / places / width - mean * mean + 1e-5);
                for (int p = 0; p < places; p++) {
                    normal[p][c] = (x[(b * places + p) * channels + c] - mean) / root * weight[c] + bias[c];
                }
            }
            double[][] three = product(normal, qkv, qkvBias);
            double[][] mixed = new double[places][channels];
            for (int h = 0; h < heads; h++) {
                int first = h * 3 * head;
                for (int p = 0; p < places; p++) {
                    double[] shares = new double[places];
                    double total = 0;
                    for (int q = 0; q < places; q++) {
                        double dot = 0;
                        for (int k = 0; k < head; k++) {
                            dot += three[p][first + k] * three[q][first + head + k];
                        }
                        shares[q] = Math.exp(dot / Math.sqrt(head));
                        total += shares[q];
                    }
                    for (int q = 0; q < places; q++) {
                        for (int k = 0; k < head; k++) {
                            mixed[p][h * head + k] += shares[q] / total * three[q][first + 2 * head + k];
                        }
                    }
                }
            }
            double[][] out = product(mixed, proj, projBias);
            for (int i = 0; i < places * channels; i++) {
                result[b * places * channels + i] += (float) out[i / channels][i % channels];
            }
        }
        return result;
    }

    private static double[][] product(double[][] rows, float[] weight, float[] bias) {
        double[][] result = new double[rows.length][bias.length];
        for (int r = 0; r < rows.length; r++) {
            for (int o = 0; o < bias.length; o++) {
                result[r][o] = bias[o];
                for (int i = 0; i < rows[r].length; i++) {
                    result[r][o] += rows[r][i] * weight[o * rows[r].length + i];
                }
            }
        }
        return result;
    }
}
