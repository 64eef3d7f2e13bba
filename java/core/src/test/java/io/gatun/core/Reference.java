// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Each kernel as plain loops in double precision: slow and obviously right. Arrays are row-major. */
final class Reference {
    private Reference() {}

    static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = values[i];
        }
        return result;
    }

    /** erf by its series of positive terms, exact to a few ulp; beyond 6 it is 1 in double precision. */
    static double erf(double x) {
        if (Math.abs(x) > 6) {
            return Math.signum(x);
        }
        double term = x;
        double sum = x;
        for (int n = 1; n < 300; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    static double gelu(double x) {
        return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
    }

    static double activate(Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case GELU -> gelu(x);
            case RELU -> Math.max(x, 0);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TANH -> Math.tanh(x);
            case SILU -> x / (1 + Math.exp(-x));
            case SOFTPLUS -> x > 20 ? x : Math.log1p(Math.exp(x));
            case LEAKY_RELU -> x > 0 ? x : 0.01 * x;
            case ELU -> x > 0 ? x : Math.expm1(x);
        };
    }

    static double[] layerNorm(double[] x, int width, float[] weight, float[] bias, double eps) {
        double[] out = new double[x.length];
        for (int row = 0; row < x.length / width; row++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < width; i++) {
                mean += x[row * width + i] / width;
            }
            for (int i = 0; i < width; i++) {
                variance += Math.pow(x[row * width + i] - mean, 2) / width;
            }
            for (int i = 0; i < width; i++) {
                int at = row * width + i;
                out[at] = (x[at] - mean) / Math.sqrt(variance + eps) * weight[i] + bias[i];
            }
        }
        return out;
    }

    static double[] linear(double[] x, float[] weight, int outputs, int inputs, float[] bias, Activation activation) {
        int rows = x.length / inputs;
        double[] out = new double[rows * outputs];
        for (int row = 0; row < rows; row++) {
            for (int n = 0; n < outputs; n++) {
                double sum = bias[n];
                for (int k = 0; k < inputs; k++) {
                    sum += x[row * inputs + k] * weight[n * inputs + k];
                }
                out[row * outputs + n] = activate(activation, sum);
            }
        }
        return out;
    }

    /** qkv [B, N, 3E]. */
    static double[] attention(float[] qkv, int batch, int tokens, int embed, int heads) {
        float[][] parts = new float[3][batch * tokens * embed];
        for (int at = 0; at < qkv.length; at++) {
            parts[at / embed % 3][at / (3 * embed) * embed + at % embed] = qkv[at];
        }
        boolean[] all = new boolean[batch * tokens * tokens];
        Arrays.fill(all, true);
        return attention(parts[0], parts[1], parts[2], all, new int[] {batch, tokens, tokens, embed, heads});
    }

    /** s = {B, Nq, Nk, E, heads}; allowed [B, Nq, Nk]. */
    static double[] attention(float[] query, float[] key, float[] value, boolean[] allowed, int[] s) {
        int queries = s[1];
        int keys = s[2];
        int embed = s[3];
        int d = embed / s[4];
        double[] out = new double[s[0] * queries * embed];
        for (int row = 0; row < s[0] * queries; row++) {
            int b = row / queries;
            for (int h = 0; h < s[4]; h++) {
                double[] weights = new double[keys];
                double total = 0;
                for (int k = 0; k < keys; k++) {
                    double dot = 0;
                    for (int i = h * d; i < (h + 1) * d; i++) {
                        dot += (double) query[row * embed + i] * key[(b * keys + k) * embed + i];
                    }
                    weights[k] = allowed[row * keys + k] ? Math.exp(dot / Math.sqrt(d)) : 0;
                    total += weights[k];
                }
                for (int k = 0; k < keys; k++) {
                    double weight = total == 0 ? 1.0 / keys : weights[k] / total;
                    for (int i = h * d; i < (h + 1) * d; i++) {
                        out[row * embed + i] += weight * value[(b * keys + k) * embed + i];
                    }
                }
            }
        }
        return out;
    }

    /** The weights' integers, in double precision: the token drawn by a word of Philox. */
    static int sampled(float[] row, SampleOptions options, int word) {
        Integer[] places = IntStream.range(0, row.length).boxed().toArray(Integer[]::new);
        Arrays.sort(places, Comparator.comparing((Integer place) -> -row[place]));
        double top = row[places[0]];
        int count = row.length;
        if (options.topK() > 0 && options.topK() < row.length) {
            count = Math.max(1, (int) (options.topK() < 1 ? options.topK() * row.length : options.topK()));
            while (count < row.length && row[places[count]] == row[places[count - 1]]) {
                count++;
            }
        }
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += Math.exp(row[places[i]] - top);
        }
        double before = 0;
        double[] weights = new double[row.length];
        double left = 0;
        for (int i = 0; i < count; i++) {
            if (options.topP() == 0 || options.topP() >= 1 || before <= options.topP() * total) {
                weights[places[i]] = Math.exp((row[places[i]] - top) / options.temperature());
                left += weights[places[i]];
            }
            before += Math.exp(row[places[i]] - top);
        }
        double drawn = Integer.toUnsignedLong(word) * 0x1p-32 * left;
        int token = 0;
        while (drawn >= weights[token]) {
            drawn -= weights[token++];
        }
        return token;
    }

    /** Tokens before a LayerNorm; missing says which pixels are, channels of validity follow where it is used. */
    static double[] patchEmbed(float[] x, boolean[] missing, boolean validity, int[] s, int[] patch, float[] weight,
            int embed, float[] bias) {
        int batch = s[0];
        int channels = s[1];
        int nt = s[2] / patch[0];
        int nh = s[3] / patch[1];
        int nw = s[4] / patch[2];
        int patchSize = patch[0] * patch[1] * patch[2];
        int inputs = (validity ? 2 : 1) * channels * patchSize;
        double[] out = new double[batch * nt * nh * nw * embed];
        int token = 0;
        for (int b = 0; b < batch; b++) {
            for (int t = 0; t < nt; t++) {
                for (int h = 0; h < nh; h++) {
                    for (int w = 0; w < nw; w++, token++) {
                        for (int e = 0; e < embed; e++) {
                            double sum = bias[e];
                            for (int i = 0; i < channels * patchSize; i++) {
                                int c = i / patchSize;
                                int dt = i % patchSize / (patch[1] * patch[2]);
                                int dh = i % (patch[1] * patch[2]) / patch[2];
                                int dw = i % patch[2];
                                int at = (((b * channels + c) * s[2] + t * patch[0] + dt) * s[3] + h * patch[1] + dh)
                                        * s[4] + w * patch[2] + dw;
                                sum += missing[at] ? 0 : (double) x[at] * weight[e * inputs + i];
                                if (validity) {
                                    sum += missing[at] ? 0 : weight[e * inputs + channels * patchSize + i];
                                }
                            }
                            out[token * embed + e] = sum;
                        }
                    }
                }
            }
        }
        return out;
    }

    /** s = {B, M, T, S, E}. */
    static double[] temporalPool(float[] x, int[] s, float[] day, float[] month, float[] normWeight, float[] normBias,
            double eps, float[] hidden, float[] hiddenBias, float[] scoreWeight, float scoreBias, boolean[] padded) {
        int days = s[2];
        int places = s[3];
        int embed = s[4];
        double[] out = new double[s[0] * places * s[1] * embed];
        for (int b = 0; b < s[0]; b++) {
            for (int m = 0; m < s[1]; m++) {
                for (int p = 0; p < places; p++) {
                    double[][] encoded = new double[days][embed];
                    double[] weights = new double[days];
                    double total = 0;
                    for (int t = 0; t < days; t++) {
                        for (int e = 0; e < embed; e++) {
                            encoded[t][e] = (double) x[(((b * s[1] + m) * days + t) * places + p) * embed + e]
                                    + day[t * embed + e] + month[m * embed + e];
                        }
                        double[] normed = layerNorm(encoded[t], embed, normWeight, normBias, eps);
                        double[] inner = linear(normed, hidden, embed, embed, hiddenBias, Activation.GELU);
                        double logit = scoreBias;
                        for (int e = 0; e < embed; e++) {
                            logit += inner[e] * scoreWeight[e];
                        }
                        weights[t] = padded[(b * s[1] + m) * days + t] ? 0 : Math.exp(logit);
                        total += weights[t];
                    }
                    for (int t = 0; t < days; t++) {
                        for (int e = 0; e < embed; e++) {
                            out[((b * places + p) * s[1] + m) * embed + e] += weights[t] / total * encoded[t][e];
                        }
                    }
                }
            }
        }
        return out;
    }

    /** x [B, H, W, I], weight [I, O, kH, kW]; scatters, as the definition says. */
    static double[] convTranspose2d(float[] x, int[] s, float[] weight, Weights.Geometry g, int outputs, float[] bias,
            int rows, int columns) {
        int inputs = s[3];
        double[] out = new double[s[0] * rows * columns * outputs];
        for (int at = 0; at < out.length; at++) {
            out[at] = bias[at % outputs];
        }
        for (int b = 0; b < s[0]; b++) {
            for (int h = 0; h < s[1]; h++) {
                for (int w = 0; w < s[2]; w++) {
                    for (int kh = 0; kh < g.kernelH(); kh++) {
                        for (int kw = 0; kw < g.kernelW(); kw++) {
                            int row = (int) (h * g.strideH() - g.paddingH()) + kh;
                            int column = (int) (w * g.strideW() - g.paddingW()) + kw;
                            if (row < 0 || row >= rows || column < 0 || column >= columns) {
                                continue;
                            }
                            for (int o = 0; o < outputs; o++) {
                                for (int i = 0; i < inputs; i++) {
                                    double value = x[((b * s[1] + h) * s[2] + w) * inputs + i];
                                    int tap = (int) (((i * outputs + o) * g.kernelH() + kh) * g.kernelW() + kw);
                                    out[((b * rows + row) * columns + column) * outputs + o] += value * weight[tap];
                                }
                            }
                        }
                    }
                }
            }
        }
        return out;
    }

    /** x [B, H, W, I], weight [O, I, kH, kW]. */
    static double[] conv2d(float[] x, int[] s, float[] weight, int outputs, int kernelH, int kernelW, float[] bias,
            int padding, Activation activation) {
        int rows = s[1] + 2 * padding - kernelH + 1;
        int columns = s[2] + 2 * padding - kernelW + 1;
        double[] out = new double[s[0] * rows * columns * outputs];
        for (int at = 0; at < out.length; at++) {
            int o = at % outputs;
            int column = at / outputs % columns;
            int row = at / outputs / columns % rows;
            int b = at / outputs / columns / rows;
            double sum = bias[o];
            for (int kh = 0; kh < kernelH; kh++) {
                for (int kw = 0; kw < kernelW; kw++) {
                    int h = row + kh - padding;
                    int w = column + kw - padding;
                    for (int i = 0; h >= 0 && h < s[1] && w >= 0 && w < s[2] && i < s[3]; i++) {
                        sum += (double) x[((b * s[1] + h) * s[2] + w) * s[3] + i]
                                * weight[((o * s[3] + i) * kernelH + kh) * kernelW + kw];
                    }
                }
            }
            out[at] = activate(activation, sum);
        }
        return out;
    }

    /** x [B, M, H, W, C]. */
    static double[] mapHead(float[] x, int[] s, float[] weight, float bias, float[] scale, float[] shift,
            boolean[] land) {
        int pixels = s[2] * s[3];
        double[] out = new double[s[0] * s[1] * pixels];
        for (int at = 0; at < out.length; at++) {
            int m = at / pixels % s[1];
            int b = at / pixels / s[1];
            double sum = bias;
            for (int c = 0; c < s[4]; c++) {
                sum += (double) x[at * s[4] + c] * weight[c];
            }
            out[at] = land[b * pixels + at % pixels] ? 0 : sum * scale[m] + shift[m];
        }
        return out;
    }
}
