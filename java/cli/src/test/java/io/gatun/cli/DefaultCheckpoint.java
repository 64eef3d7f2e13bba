// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A checkpoint of upstream's default configuration with random weights: 2.1 million parameters. */
final class DefaultCheckpoint {
    private static final int EMBED = 128;
    private static final int HIDDEN = 256;

    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final Random random = new Random(1);

    private DefaultCheckpoint() {}

    static Path write(Path file) {
        DefaultCheckpoint made = new DefaultCheckpoint();
        made.encoder();
        made.temporal();
        for (int layer = 0; layer < 2; layer++) {
            String at = "spatial_tr.enc.layers." + layer + ".";
            made.attention(at + "self_attn");
            made.layer(at + "linear1", 4 * EMBED, EMBED);
            made.layer(at + "linear2", EMBED, 4 * EMBED);
            made.norm(at + "norm1", EMBED);
            made.norm(at + "norm2", EMBED);
        }
        made.decoder();
        SafetensorsFile.write(file, made.tensors, Map.of("model_config", Map.of(),
                "normalization", Map.of("mean", 15.0, "std", 3.0, "units", "degree_Celsius", "target", "residual",
                        "residual_scale", 0.3),
                "training", Map.of("tile", List.of(128L, 128L))));
        return file;
    }

    private void encoder() {
        layer("encoder.proj", EMBED, 2, 1, 4, 4);
        norm("encoder.norm", EMBED);
    }

    private void temporal() {
        values("temporal.pos_days.pe", 1, 31, EMBED);
        values("temporal.pos_months.pe", 1, 12, EMBED);
        norm("temporal.day_scorer.0", EMBED);
        layer("temporal.day_scorer.1", EMBED, EMBED);
        layer("temporal.day_scorer.3", 1, EMBED);
        norm("temporal.month_ln", EMBED);
        attention("temporal.month_attn");
        norm("temporal.month_ffn.0", EMBED);
        layer("temporal.month_ffn.1", 4 * EMBED, EMBED);
        layer("temporal.month_ffn.3", EMBED, 4 * EMBED);
    }

    private void decoder() {
        int half = HIDDEN / 2;
        values("decoder.scale", 1, 12);
        values("decoder.bias", 1, 12);
        layer("decoder.proj", HIDDEN, EMBED, 1, 1);
        values("decoder.deconv.weight", 0.02, HIDDEN, half, 6, 6);
        values("decoder.deconv.bias", 0.02, half);
        for (int convolution : new int[] {0, 3}) {
            layer("decoder.refine." + convolution, half, half, 3, 3);
            norm("decoder.refine." + (convolution + 1), half);
            values("decoder.refine." + (convolution + 1) + ".running_mean", 0.1, half);
            positive("decoder.refine." + (convolution + 1) + ".running_var", half);
        }
        layer("decoder.head", 1, half, 1, 1);
    }

    private void attention(String name) {
        values(name + ".in_proj_weight", 0.1, 3 * EMBED, EMBED);
        values(name + ".in_proj_bias", 0.1, 3 * EMBED);
        layer(name + ".out_proj", EMBED, EMBED);
    }

    private void norm(String name, int width) {
        positive(name + ".weight", width);
        values(name + ".bias", 0.1, width);
    }

    private void layer(String name, long... shape) {
        values(name + ".weight", 1.5 / Math.sqrt((double) Shape.of(shape).numElements() / shape[0]), shape);
        values(name + ".bias", 0.1, shape[0]);
    }

    private void positive(String name, int width) {
        float[] values = new float[width];
        for (int i = 0; i < width; i++) {
            values[i] = 0.8f + 0.4f * random.nextFloat();
        }
        tensors.put(name, new TensorData(DType.F32, Shape.of(width), MemorySegment.ofArray(values)));
    }

    private void values(String name, double spread, long... shape) {
        float[] values = new float[Math.toIntExact(Shape.of(shape).numElements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (spread * random.nextGaussian());
        }
        tensors.put(name, new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values)));
    }
}
