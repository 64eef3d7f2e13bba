// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Checkpoint;
import java.util.Arrays;

/**
 * The whole model as plain loops in double precision: slow and meant to be obviously right. Written from the published
 * description of the modules, with nothing of the library but the checkpoint's numbers.
 */
final class ReferenceModel extends ReferenceLayers {
    private final SpatioTemporalConfig config;
    private final int embed;

    ReferenceModel(SpatioTemporalConfig config, Checkpoint checkpoint) {
        super(checkpoint);
        this.config = config;
        this.embed = config.embedDim();
    }

    /** [B, M, H, W]; rows are those of the month tables. */
    double[] forward(Sample sample, int... rows) {
        int batch = sample.shape()[0];
        int months = sample.shape()[2];
        int days = sample.shape()[3] / config.patchSize().time();
        int gridH = sample.shape()[4] / config.patchSize().height();
        int gridW = sample.shape()[5] / config.patchSize().width();
        int places = gridH * gridW;
        double[] tokens = encode(sample);
        double[] maps = new double[batch * months * places * embed];
        for (int b = 0; b < batch; b++) {
            for (int s = 0; s < places; s++) {
                double[] sequence = new double[months * embed];
                for (int m = 0; m < months; m++) {
                    System.arraycopy(pool(sample, tokens, b, m, s, days, places, rows[m]), 0, sequence, m * embed,
                            embed);
                }
                double[] mixed = mixMonths(sequence);
                double[] position = position(s / gridW, s % gridW);
                for (int m = 0; m < months; m++) {
                    for (int e = 0; e < embed; e++) {
                        maps[((b * months + m) * places + s) * embed + e] = mixed[m * embed + e] + position[e];
                    }
                }
            }
        }
        int pixels = sample.shape()[4] * sample.shape()[5];
        double[] result = new double[batch * months * pixels];
        for (int image = 0; image < batch * months; image++) {
            int from = image * places * embed;
            double[] map = decode(transform(Arrays.copyOfRange(maps, from, from + places * embed)), gridH, gridW);
            int row = rows[image % months];
            for (int p = 0; p < pixels; p++) {
                int at = image / months * pixels + p;
                boolean land = sample.land().isPresent() && sample.land().get()[at];
                result[image * pixels + p] =
                        land ? 0 : map[p] * weights("decoder.scale")[row] + weights("decoder.bias")[row];
            }
        }
        return result;
    }

    /** Tokens [B * M, T', H', W', E] of the input read as [B * M, C, T, H, W], a reshape that moves nothing. */
    private double[] encode(Sample sample) {
        int[] s = sample.shape();
        PatchSize p = config.patchSize();
        int channels = s[1];
        double[] kernel = weights("encoder.proj.weight");
        int videos = s[0] * s[2];
        double[] tokens = new double[videos * (s[3] / p.time()) * (s[4] / p.height()) * (s[5] / p.width()) * embed];
        int token = 0;
        for (int v = 0; v < videos; v++) {
            for (int t = 0; t < s[3]; t += p.time()) {
                for (int y = 0; y < s[4]; y += p.height()) {
                    for (int x = 0; x < s[5]; x += p.width(), token++) {
                        for (int e = 0; e < embed; e++) {
                            double sum = weights("encoder.proj.bias")[e];
                            int tap = e * 2 * channels * p.time() * p.height() * p.width();
                            for (int c = 0; c < 2 * channels; c++) {
                                for (int dt = 0; dt < p.time(); dt++) {
                                    for (int dy = 0; dy < p.height(); dy++) {
                                        for (int dx = 0; dx < p.width(); dx++, tap++) {
                                            int at = (((v * channels + c % channels) * s[3] + t + dt) * s[4] + y + dy)
                                                    * s[5] + x + dx;
                                            double valid = sample.missing()[at] ? 0 : 1;
                                            double value = sample.missing()[at] ? 0 : sample.data()[at];
                                            sum += kernel[tap] * (c < channels ? value : valid);
                                        }
                                    }
                                }
                            }
                            tokens[token * embed + e] = sum;
                        }
                    }
                }
            }
        }
        return layerNorm("encoder.norm", tokens);
    }

    /** One place and month: the softmax-weighted sum of its days, encodings added. */
    private double[] pool(Sample sample, double[] tokens, int b, int m, int s, int days, int places, int row) {
        int months = sample.shape()[2];
        double[] sum = new double[embed];
        double total = 0;
        for (int t = 0; t < days; t++) {
            if (padded(sample, b * months + m, t)) {
                continue;
            }
            double[] day = new double[embed];
            for (int e = 0; e < embed; e++) {
                day[e] = tokens[(((b * months + m) * days + t) * places + s) * embed + e]
                        + weights("temporal.pos_days.pe")[t * embed + e]
                        + weights("temporal.pos_months.pe")[row * embed + e];
            }
            double[] hidden = gelu(linear("temporal.day_scorer.1", layerNorm("temporal.day_scorer.0", day)));
            double weight = Math.exp(linear("temporal.day_scorer.3", hidden)[0]);
            total += weight;
            for (int e = 0; e < embed; e++) {
                sum[e] += weight * day[e];
            }
        }
        for (int e = 0; e < embed; e++) {
            sum[e] /= total;
        }
        return sum;
    }

    private boolean padded(Sample sample, int month, int patch) {
        boolean all = sample.padded().isPresent();
        for (int day = patch * config.patchSize().time(); all && day < (patch + 1) * config.patchSize().time(); day++) {
            all = sample.padded().get()[month * sample.shape()[3] + day];
        }
        return all;
    }

    private double[] mixMonths(double[] z) {
        double[] attended = add(z, attention("temporal.month_attn", layerNorm("temporal.month_ln", z), 4));
        double[] hidden = gelu(linear("temporal.month_ffn.1", layerNorm("temporal.month_ffn.0", attended)));
        return add(attended, linear("temporal.month_ffn.3", hidden));
    }

    private double[] position(int y, int x) {
        int half = embed / 2;
        double[] result = new double[embed];
        for (int e = 0; e < embed; e++) {
            int column = e % half;
            double frequency = Math.exp((column / 2 * 2) * -Math.log(10000) / half);
            result[e] = column % 2 == 0 ? Math.sin(y * frequency) + Math.sin(x * frequency)
                    : Math.cos(y * frequency) + Math.cos(x * frequency);
        }
        return result;
    }

    private double[] transform(double[] x) {
        for (int i = 0; i < config.spatialDepth(); i++) {
            String at = "spatial_tr.enc.layers." + i + ".";
            x = layerNorm(at + "norm1", add(x, attention(at + "self_attn", x, config.spatialHeads())));
            x = layerNorm(at + "norm2", add(x, linear(at + "linear2", gelu(linear(at + "linear1", x)))));
        }
        return x;
    }

    /** One map [H, W] before scale and bias. */
    private double[] decode(double[] tokens, int gridH, int gridW) {
        int patchH = config.patchSize().height();
        int patchW = config.patchSize().width();
        int hidden = config.hidden();
        int half = hidden / 2;
        int height = gridH * patchH;
        int width = gridW * patchW;
        int overlap = config.overlap();
        double[] projected = linear("decoder.proj", tokens);
        double[] kernel = weights("decoder.deconv.weight");
        double[] image = new double[height * width * half];
        for (int i = 0; i < image.length; i++) {
            image[i] = weights("decoder.deconv.bias")[i % half];
        }
        for (int token = 0; token < gridH * gridW; token++) {
            for (int ky = 0; ky < patchH + 2 * overlap; ky++) {
                for (int kx = 0; kx < patchW + 2 * overlap; kx++) {
                    int y = token / gridW * patchH + ky - overlap;
                    int x = token % gridW * patchW + kx - overlap;
                    if (y < 0 || y >= height || x < 0 || x >= width) {
                        continue;
                    }
                    for (int in = 0; in < hidden; in++) {
                        for (int out = 0; out < half; out++) {
                            image[(y * width + x) * half + out] += projected[token * hidden + in]
                                    * kernel[((in * half + out) * (patchH + 2 * overlap) + ky) * (patchW + 2 * overlap)
                                            + kx];
                        }
                    }
                }
            }
        }
        image = gelu(batchNorm("decoder.refine.1", convolve("decoder.refine.0", image, height, width)));
        image = gelu(batchNorm("decoder.refine.4", convolve("decoder.refine.3", image, height, width)));
        return linear("decoder.head", image);
    }
}
