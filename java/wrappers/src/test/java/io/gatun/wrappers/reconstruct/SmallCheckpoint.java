// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A tiny SpatioTemporalModel with random weights: 2 x 2 cells a patch, 8 wide, one spatial layer. */
final class SmallCheckpoint {
    static final double MEAN = 15;
    static final double STD = 2.5;
    static final double RESIDUAL_SCALE = 0.5;

    private static final String SHAPES = """
            encoder.proj.weight 8 2 1 2 2
            encoder.proj.bias 8
            encoder.norm.weight 8
            encoder.norm.bias 8
            temporal.pos_days.pe 31 8
            temporal.pos_months.pe 12 8
            temporal.day_scorer.0.weight 8
            temporal.day_scorer.0.bias 8
            temporal.day_scorer.1.weight 8 8
            temporal.day_scorer.1.bias 8
            temporal.day_scorer.3.weight 1 8
            temporal.day_scorer.3.bias 1
            temporal.month_ln.weight 8
            temporal.month_ln.bias 8
            temporal.month_attn.in_proj_weight 24 8
            temporal.month_attn.in_proj_bias 24
            temporal.month_attn.out_proj.weight 8 8
            temporal.month_attn.out_proj.bias 8
            temporal.month_ffn.0.weight 8
            temporal.month_ffn.0.bias 8
            temporal.month_ffn.1.weight 32 8
            temporal.month_ffn.1.bias 32
            temporal.month_ffn.3.weight 8 32
            temporal.month_ffn.3.bias 8
            spatial_tr.enc.layers.0.self_attn.in_proj_weight 24 8
            spatial_tr.enc.layers.0.self_attn.in_proj_bias 24
            spatial_tr.enc.layers.0.self_attn.out_proj.weight 8 8
            spatial_tr.enc.layers.0.self_attn.out_proj.bias 8
            spatial_tr.enc.layers.0.linear1.weight 32 8
            spatial_tr.enc.layers.0.linear1.bias 32
            spatial_tr.enc.layers.0.linear2.weight 8 32
            spatial_tr.enc.layers.0.linear2.bias 8
            spatial_tr.enc.layers.0.norm1.weight 8
            spatial_tr.enc.layers.0.norm1.bias 8
            spatial_tr.enc.layers.0.norm2.weight 8
            spatial_tr.enc.layers.0.norm2.bias 8
            decoder.scale 12
            decoder.bias 12
            decoder.proj.weight 8 8 1 1
            decoder.proj.bias 8
            decoder.deconv.weight 8 4 4 4
            decoder.deconv.bias 4
            decoder.refine.0.weight 4 4 3 3
            decoder.refine.0.bias 4
            decoder.refine.1.weight 4
            decoder.refine.1.bias 4
            decoder.refine.1.running_mean 4
            decoder.refine.1.running_var 4
            decoder.refine.3.weight 4 4 3 3
            decoder.refine.3.bias 4
            decoder.refine.4.weight 4
            decoder.refine.4.bias 4
            decoder.refine.4.running_mean 4
            decoder.refine.4.running_var 4
            decoder.head.weight 1 4 1 1
            decoder.head.bias 1
            """;

    private SmallCheckpoint() {}

    /** What the checkpoint states about its training. */
    static Map<String, Object> configuration() {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("model_config", Map.of("embed_dim", 8L, "patch_size", List.of(1L, 2L, 2L), "hidden", 8L,
                "max_H", 16L, "max_W", 16L, "spatial_depth", 1L, "spatial_heads", 2L));
        result.put("normalization", Map.of("mean", MEAN, "std", STD, "units", "degree_Celsius", "target", "residual",
                "residual_scale", RESIDUAL_SCALE));
        result.put("training", Map.of("tile", List.of(4L, 6L)));
        return result;
    }

    static Checkpoint of(Map<String, Object> configuration) {
        Random random = new Random(1);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (String line : SHAPES.lines().toList()) {
            String[] words = line.split(" ");
            long[] shape = Arrays.stream(words).skip(1).mapToLong(Long::parseLong).toArray();
            float[] values = new float[(int) Shape.of(shape).numElements()];
            // Of norms, variances and scales 1 on average; products keep their size.
            boolean factor = shape.length == 1 && !words[0].endsWith("bias") && !words[0].endsWith("mean");
            double spread = shape.length == 1 ? 0.2 : 1.5 / Math.sqrt((double) values.length / shape[0]);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((factor ? 1 : 0) + spread * Math.clamp(random.nextGaussian(), -3, 3));
            }
            tensors.put(words[0], new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values)));
        }
        return new Checkpoint("small.safetensors", "ab".repeat(32), tensors, configuration);
    }

    /** Runs with the stated preprocessing on the processor. */
    static MonthlyMaps reconstruct(List<Path> files, RunOptions options) {
        Checkpoint checkpoint = of(configuration());
        return reconstruct(files, options, Preprocessing.of(checkpoint).orElseThrow());
    }

    static MonthlyMaps reconstruct(List<Path> files, RunOptions options, Preprocessing preprocessing) {
        return reconstruct(files, options, preprocessing, Device.cpu());
    }

    static MonthlyMaps reconstruct(
            List<Path> files, RunOptions options, Preprocessing preprocessing, Device device) {
        try (DailyFiles input = DailyFiles.open(files, DailyFiles.Options.none());
                MonthlyReconstruction reconstruction =
                        MonthlyReconstruction.of(of(configuration()), preprocessing, device)) {
            return reconstruction.reconstruct(input, options, ProgressListener.none());
        }
    }

    static Path write(Path file, Map<String, Object> configuration) {
        SafetensorsFile.write(file, of(configuration).tensors(), configuration);
        return file;
    }
}
