// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sizes of SpatioTemporalModel that are measured, as in {@code peers/versus.py}, with random weights and
 * inputs: batch 1, one channel, 31 days, patch (1, 4, 4), overlap 1, two spatial layers of 4 heads; 40 % of cells
 * missing, 30 % land, months padded to 31 days.
 */
public enum Workload {
    /** One month of 128 x 128 cells by a model of upstream's default size. */
    W1(1, 128, 128, 128, 256),
    /** A year of 64 x 64 cells. */
    W2(12, 64, 64, 128, 256),
    /** One month of the globe in steps of one degree. */
    W3(1, 180, 360, 128, 256),
    /** Two months of 64 x 64 cells by a small model. */
    W4(2, 64, 64, 64, 64);

    static final int DAYS = 31;
    static final int PATCH = 4;
    static final int OVERLAP = 1;
    static final int HEADS = 4;

    private static final int YEAR = 12;
    private static final int LAYERS = 2;
    private static final int[] MONTH_LENGTHS = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    final int months;
    final int height;
    final int width;
    final int embed;
    final int hidden;

    Workload(int months, int height, int width, int embed, int hidden) {
        this.months = months;
        this.height = height;
        this.width = width;
        this.embed = embed;
        this.hidden = hidden;
    }

    /** Upstream's arguments of forward, by name. */
    Map<String, TensorData> input() {
        return input(months, height, width);
    }

    static Map<String, TensorData> input(int months, int height, int width) {
        RandomTensors random = new RandomTensors();
        byte[] padded = new byte[months * DAYS];
        for (int i = 0; i < padded.length; i++) {
            padded[i] = (byte) (i % DAYS >= MONTH_LENGTHS[i / DAYS] ? 1 : 0);
        }
        long[] video = {1, 1, months, DAYS, height, width};
        return Map.of(
                "daily_data", random.normal(0, 1, video),
                "daily_mask", random.flags(0.4, video),
                "land_mask_patch", random.flags(0.3, 1, height, width),
                "padded_days_mask",
                new TensorData(DType.BOOL, Shape.of(1, months, DAYS), MemorySegment.ofArray(padded)));
    }

    /** Weights under the keys of upstream's modules. */
    Checkpoint checkpoint() {
        Weights weights = new Weights();
        weights.layer("encoder.proj", embed, 2, 1, PATCH, PATCH);
        weights.norm("encoder.norm", embed);
        weights.put("temporal.pos_days.pe", weights.random.normal(0, 0.7, DAYS, embed));
        weights.put("temporal.pos_months.pe", weights.random.normal(0, 0.7, YEAR, embed));
        weights.norm("temporal.day_scorer.0", embed);
        weights.layer("temporal.day_scorer.1", embed, embed);
        weights.layer("temporal.day_scorer.3", 1, embed);
        weights.norm("temporal.month_ln", embed);
        weights.attention("temporal.month_attn", embed);
        weights.norm("temporal.month_ffn.0", embed);
        weights.layer("temporal.month_ffn.1", 4 * embed, embed);
        weights.layer("temporal.month_ffn.3", embed, 4 * embed);
        for (int i = 0; i < LAYERS; i++) {
            String layer = "spatial_tr.enc.layers." + i;
            weights.attention(layer + ".self_attn", embed);
            weights.layer(layer + ".linear1", 4 * embed, embed);
            weights.layer(layer + ".linear2", embed, 4 * embed);
            weights.norm(layer + ".norm1", embed);
            weights.norm(layer + ".norm2", embed);
        }
        int channels = hidden / 2;
        int kernel = PATCH + 2 * OVERLAP;
        weights.put("decoder.scale", weights.random.positive(YEAR));
        weights.put("decoder.bias", weights.random.normal(0, 0.1, YEAR));
        weights.layer("decoder.proj", hidden, embed, 1, 1);
        weights.put("decoder.deconv.weight", weights.random.weight(hidden, channels, kernel, kernel));
        weights.put("decoder.deconv.bias", weights.random.normal(0, 0.1, channels));
        for (int i = 0; i <= 3; i += 3) {
            weights.layer("decoder.refine." + i, channels, channels, 3, 3);
            String norm = "decoder.refine." + (i + 1);
            weights.norm(norm, channels);
            weights.put(norm + ".running_mean", weights.random.normal(0, 0.1, channels));
            weights.put(norm + ".running_var", weights.random.positive(channels));
        }
        weights.layer("decoder.head", 1, channels, 1, 1);
        return new Checkpoint(name(), "0".repeat(64), weights.tensors, Map.of());
    }

    private static final class Weights {
        private final Map<String, TensorData> tensors = new LinkedHashMap<>();
        private final RandomTensors random = new RandomTensors();

        private void put(String name, TensorData tensor) {
            tensors.put(name, tensor);
        }

        private void layer(String name, long... shape) {
            put(name + ".weight", random.weight(shape));
            put(name + ".bias", random.normal(0, 0.1, shape[0]));
        }

        private void norm(String name, long width) {
            put(name + ".weight", random.positive(width));
            put(name + ".bias", random.normal(0, 0.1, width));
        }

        private void attention(String name, long width) {
            put(name + ".in_proj_weight", random.weight(3 * width, width));
            put(name + ".in_proj_bias", random.normal(0, 0.1, 3 * width));
            layer(name + ".out_proj", width, width);
        }
    }
}
