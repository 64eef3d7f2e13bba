// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Checkpoint;
import io.gatun.core.TensorData;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** PyTorch's layers as plain loops in double precision, by the name of their parameters. Arrays are row-major. */
class ReferenceLayers {
    private final Checkpoint checkpoint;
    private final Map<String, double[]> doubles = new HashMap<>();

    ReferenceLayers(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** Channels last, stride 1, zeros around. */
    final double[] convolve(String name, double[] image, int height, int width) {
        double[] kernel = weights(name + ".weight");
        double[] bias = weights(name + ".bias");
        int channels = bias.length;
        int side = (int) checkpoint.tensors().get(name + ".weight").shape().dim(2);
        double[] result = new double[image.length];
        for (int at = 0; at < height * width; at++) {
            for (int out = 0; out < channels; out++) {
                double sum = bias[out];
                for (int ky = 0; ky < side; ky++) {
                    for (int kx = 0; kx < side; kx++) {
                        int y = at / width + ky - side / 2;
                        int x = at % width + kx - side / 2;
                        for (int in = 0; in < channels && y >= 0 && y < height && x >= 0 && x < width; in++) {
                            sum += image[(y * width + x) * channels + in]
                                    * kernel[((out * channels + in) * side + ky) * side + kx];
                        }
                    }
                }
                result[at * channels + out] = sum;
            }
        }
        return result;
    }

    final double[] batchNorm(String name, double[] image) {
        double[] result = new double[image.length];
        int channels = weights(name + ".weight").length;
        for (int i = 0; i < image.length; i++) {
            int c = i % channels;
            result[i] = (image[i] - weights(name + ".running_mean")[c])
                    / Math.sqrt(weights(name + ".running_var")[c] + 1e-5) * weights(name + ".weight")[c]
                    + weights(name + ".bias")[c];
        }
        return result;
    }
    /** Self-attention over the rows of x [N, E]. */
    final double[] attention(String name, double[] x, int heads) {
        int embed = weights(name + ".out_proj.bias").length;
        int n = x.length / embed;
        int width = embed / heads;
        double[] qkv = product(x, weights(name + ".in_proj_weight"), weights(name + ".in_proj_bias"));
        double[] joined = new double[x.length];
        for (int h = 0; h < heads; h++) {
            for (int q = 0; q < n; q++) {
                double total = 0;
                double[] sum = new double[width];
                for (int k = 0; k < n; k++) {
                    double dot = 0;
                    for (int i = 0; i < width; i++) {
                        dot += qkv[q * 3 * embed + h * width + i] * qkv[k * 3 * embed + embed + h * width + i];
                    }
                    double weight = Math.exp(dot / Math.sqrt(width));
                    total += weight;
                    for (int i = 0; i < width; i++) {
                        sum[i] += weight * qkv[k * 3 * embed + 2 * embed + h * width + i];
                    }
                }
                for (int i = 0; i < width; i++) {
                    joined[q * embed + h * width + i] = sum[i] / total;
                }
            }
        }
        return linear(name + ".out_proj", joined);
    }

    final double[] linear(String name, double[] x) {
        return product(x, weights(name + ".weight"), weights(name + ".bias"));
    }

    private static double[] product(double[] x, double[] weight, double[] bias) {
        int outputs = bias.length;
        int inputs = weight.length / outputs;
        double[] result = new double[x.length / inputs * outputs];
        for (int i = 0; i < result.length; i++) {
            double sum = bias[i % outputs];
            for (int k = 0; k < inputs; k++) {
                sum += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
            }
            result[i] = sum;
        }
        return result;
    }

    final double[] layerNorm(String name, double[] x) {
        int embed = weights(name + ".bias").length;
        double[] result = new double[x.length];
        for (int from = 0; from < x.length; from += embed) {
            double mean = 0;
            for (int e = 0; e < embed; e++) {
                mean += x[from + e] / embed;
            }
            double variance = 0;
            for (int e = 0; e < embed; e++) {
                variance += (x[from + e] - mean) * (x[from + e] - mean) / embed;
            }
            for (int e = 0; e < embed; e++) {
                result[from + e] = (x[from + e] - mean) / Math.sqrt(variance + 1e-5) * weights(name + ".weight")[e]
                        + weights(name + ".bias")[e];
            }
        }
        return result;
    }

    static double[] gelu(double[] x) {
        double[] result = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            result[i] = x[i] * (1 + erf(x[i] / Math.sqrt(2))) / 2;
        }
        return result;
    }

    /** Maclaurin series; all its terms fit double precision to 1e-9 up to 4, beyond which erf is 1 to 1.6e-8. */
    private static double erf(double x) {
        if (Math.abs(x) > 4) {
            return Math.signum(x);
        }
        double power = x;
        double sum = x;
        for (int n = 1; n < 80; n++) {
            power *= -x * x / n;
            sum += power / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * sum;
    }

    static double[] add(double[] a, double[] b) {
        double[] result = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            result[i] = a[i] + b[i];
        }
        return result;
    }

    final double[] weights(String name) {
        return doubles.computeIfAbsent(name, key -> {
            TensorData tensor = checkpoint.tensors().get(key);
            double[] values = new double[(int) tensor.shape().numElements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = tensor.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            }
            return values;
        });
    }
}
