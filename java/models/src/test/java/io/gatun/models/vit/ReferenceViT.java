// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import io.gatun.core.Checkpoint;
import io.gatun.core.TensorData;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** timm's VisionTransformer as plain loops in double precision, one image at a time. Arrays are row-major. */
final class ReferenceViT {
    private final Checkpoint checkpoint;
    private final VisionTransformerConfig config;

    ReferenceViT(Checkpoint checkpoint, VisionTransformerConfig config) {
        this.checkpoint = checkpoint;
        this.config = config;
    }

    /** image [C, H, W]; for each of the out_indices a map [E, H / patch, W / patch]. */
    List<double[]> forward(float[] image, int height, int width) {
        int rows = height / config.patch().height();
        int columns = width / config.patch().width();
        double[] x = tokens(image, rows, columns);
        List<double[]> maps = new ArrayList<>();
        for (int i = 0; i < config.depth(); i++) {
            String block = "blocks." + i + ".";
            x = sum(x, attention(block + "attn", layerNorm(block + "norm1", x)));
            double[] hidden = linear(block + "mlp.fc1", layerNorm(block + "norm2", x));
            x = sum(x, linear(block + "mlp.fc2", Arrays.stream(hidden).map(ReferenceViT::gelu).toArray()));
            if (config.outIndices().contains(i)) {
                maps.add(map(config.norm() ? layerNorm("norm", x) : x, rows * columns));
            }
        }
        return maps;
    }

    private double[] tokens(float[] image, int rows, int columns) {
        int tall = config.patch().height();
        int wide = config.patch().width();
        int pixels = tall * wide;
        int embed = config.embedDim();
        int prefix = config.prefix();
        double[] kernel = weights("patch_embed.proj.weight");
        double[] bias = weights("patch_embed.proj.bias");
        double[] x = new double[(prefix + rows * columns) * embed];
        for (int i = prefix * embed; i < x.length; i++) {
            int cell = i / embed - prefix;
            x[i] = bias[i % embed];
            for (int k = 0; k < config.inChans() * pixels; k++) {
                int row = cell / columns * tall + k / wide % tall;
                int column = cell % columns * wide + k % wide;
                x[i] += kernel[i % embed * config.inChans() * pixels + k]
                        * image[(k / pixels * rows * tall + row) * columns * wide + column];
            }
        }
        if (config.classToken()) {
            System.arraycopy(weights("cls_token"), 0, x, 0, embed);
        }
        return sum(x, positions(rows, columns));
    }

    /** Each new position is a weighted mean of the old ones, with weights by the distance in old cells. */
    private double[] positions(int rows, int columns) {
        double[] stored = weights("pos_embed");
        int fromRows = config.height() / config.patch().height();
        int fromColumns = config.width() / config.patch().width();
        int embed = config.embedDim();
        int head = config.prefix() * embed;
        if (rows * columns == fromRows * fromColumns && rows == columns) {
            return stored;
        }
        double[] result = Arrays.copyOf(stored, head + rows * columns * embed);
        for (int cell = 0; cell < rows * columns; cell++) {
            double[] mean = new double[embed];
            double total = 0;
            for (int old = 0; old < fromRows * fromColumns; old++) {
                double weight = weight(cell / columns, rows, old / fromColumns, fromRows)
                        * weight(cell % columns, columns, old % fromColumns, fromColumns);
                total += weight;
                for (int e = 0; e < embed; e++) {
                    mean[e] += weight * stored[head + old * embed + e];
                }
            }
            for (int e = 0; e < embed; e++) {
                result[head + cell * embed + e] = mean[e] / total;
            }
        }
        return result;
    }

    private static double weight(int to, int wanted, int from, int stored) {
        double step = (double) stored / wanted;
        double x = Math.abs(from + 0.5 - (to + 0.5) * step) / Math.max(1, step);
        return x < 1 ? 1.5 * x * x * x - 2.5 * x * x + 1
                : x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
    }

    private double[] attention(String name, double[] x) {
        int embed = config.embedDim();
        int width = embed / config.numHeads();
        int n = x.length / embed;
        double[] qkv = linear(name + ".qkv", x);
        double[] joined = new double[x.length];
        for (int row = 0; row < n * config.numHeads(); row++) {
            int q = row / config.numHeads();
            int head = row % config.numHeads() * width;
            double total = 0;
            for (int k = 0; k < n; k++) {
                double dot = 0;
                for (int i = 0; i < width; i++) {
                    dot += qkv[q * 3 * embed + head + i] * qkv[k * 3 * embed + embed + head + i];
                }
                double weight = Math.exp(dot / Math.sqrt(width));
                total += weight;
                for (int i = 0; i < width; i++) {
                    joined[q * embed + head + i] += weight * qkv[k * 3 * embed + 2 * embed + head + i];
                }
            }
            for (int i = 0; i < width; i++) {
                joined[q * embed + head + i] /= total;
            }
        }
        return linear(name + ".proj", joined);
    }

    private double[] linear(String name, double[] x) {
        double[] weight = weights(name + ".weight");
        int outputs = (int) checkpoint.tensors().get(name + ".weight").shape().dim(0);
        int inputs = weight.length / outputs;
        boolean hasBias = checkpoint.tensors().containsKey(name + ".bias");
        double[] bias = hasBias ? weights(name + ".bias") : new double[outputs];
        double[] result = new double[x.length / inputs * outputs];
        for (int i = 0; i < result.length; i++) {
            result[i] = bias[i % outputs];
            for (int k = 0; k < inputs; k++) {
                result[i] += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
            }
        }
        return result;
    }

    private double[] layerNorm(String name, double[] x) {
        int embed = config.embedDim();
        double[] weight = weights(name + ".weight");
        double[] bias = weights(name + ".bias");
        double[] result = new double[x.length];
        for (int from = 0; from < x.length; from += embed) {
            double[] row = Arrays.copyOfRange(x, from, from + embed);
            double mean = Arrays.stream(row).sum() / embed;
            double variance = Arrays.stream(row).map(v -> (v - mean) * (v - mean)).sum() / embed;
            for (int e = 0; e < embed; e++) {
                result[from + e] = (row[e] - mean) / Math.sqrt(variance + 1e-6) * weight[e] + bias[e];
            }
        }
        return result;
    }

    private double[] map(double[] tokens, int cells) {
        int embed = config.embedDim();
        double[] map = new double[cells * embed];
        for (int i = 0; i < map.length; i++) {
            map[i] = tokens[(config.prefix() + i % cells) * embed + i / cells];
        }
        return map;
    }

    private static double[] sum(double[] a, double[] b) {
        double[] result = a.clone();
        for (int i = 0; i < a.length; i++) {
            result[i] += b[i];
        }
        return result;
    }

    /** x times the normal distribution function, by the series of erf (all x here are below 6). */
    private static double gelu(double x) {
        double z = x / Math.sqrt(2);
        double term = z;
        double erf = z;
        for (int k = 1; k < 200; k++) {
            term *= -z * z / k;
            erf += term / (2 * k + 1);
        }
        return x / 2 * (1 + 2 / Math.sqrt(Math.PI) * erf);
    }

    private double[] weights(String name) {
        TensorData data = checkpoint.tensors().get(name);
        double[] values = new double[(int) data.shape().numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = data.bytes().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        }
        return values;
    }
}
