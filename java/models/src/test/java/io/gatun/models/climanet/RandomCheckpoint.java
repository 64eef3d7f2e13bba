// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Checkpoint;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A checkpoint of SpatioTemporalModel with random weights, keys and shapes written down from upstream's modules. */
final class RandomCheckpoint {
    private final Map<String, TensorData> tensors = new LinkedHashMap<>();
    private final Random random;

    private RandomCheckpoint(long seed) {
        random = new Random(seed);
    }

    /** Weights for a configuration; the second refinement convolution has the given kernel. */
    static Checkpoint of(SpatioTemporalConfig c, int secondKernel, long seed) {
        RandomCheckpoint made = new RandomCheckpoint(seed);
        PatchSize patch = c.patchSize();
        int e = c.embedDim();
        int half = c.hidden() / 2;
        made.layer("encoder.proj", e, 2L * c.inChans(), patch.time(), patch.height(), patch.width());
        made.norm("encoder.norm", e);
        made.values("temporal.pos_days.pe", 0, 1, c.maxDays(), e);
        made.values("temporal.pos_months.pe", 0, 1, c.maxMonths(), e);
        made.norm("temporal.day_scorer.0", e);
        made.layer("temporal.day_scorer.1", e, e);
        made.layer("temporal.day_scorer.3", 1, e);
        made.norm("temporal.month_ln", e);
        made.attention("temporal.month_attn", e);
        made.norm("temporal.month_ffn.0", e);
        made.layer("temporal.month_ffn.1", 4L * e, e);
        made.layer("temporal.month_ffn.3", e, 4L * e);
        for (int i = 0; i < c.spatialDepth(); i++) {
            String at = "spatial_tr.enc.layers." + i + ".";
            made.attention(at + "self_attn", e);
            made.layer(at + "linear1", 4L * e, e);
            made.layer(at + "linear2", e, 4L * e);
            made.norm(at + "norm1", e);
            made.norm(at + "norm2", e);
        }
        made.values("decoder.scale", 1, 0.3, c.numMonths());
        made.values("decoder.bias", 0, 0.3, c.numMonths());
        made.layer("decoder.proj", c.hidden(), e, 1, 1);
        made.values("decoder.deconv.weight", 0, 1 / Math.sqrt(c.hidden()), c.hidden(), half,
                patch.height() + 2L * c.overlap(), patch.width() + 2L * c.overlap());
        made.values("decoder.deconv.bias", 0, 0.3, half);
        made.layer("decoder.refine.0", half, half, 3, 3);
        made.batchNorm("decoder.refine.1", half);
        made.layer("decoder.refine.3", half, half, secondKernel, secondKernel);
        made.batchNorm("decoder.refine.4", half);
        made.layer("decoder.head", 1, half, 1, 1);
        return new Checkpoint("random.safetensors", "0".repeat(64), made.tensors, Map.of("model_config", arguments(c)));
    }

    /** Upstream's keyword arguments of a configuration, as a checkpoint states them. */
    static Map<String, Object> arguments(SpatioTemporalConfig c) {
        PatchSize patch = c.patchSize();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("in_chans", (long) c.inChans());
        result.put("embed_dim", (long) c.embedDim());
        result.put("patch_size", List.of((long) patch.time(), (long) patch.height(), (long) patch.width()));
        result.put("max_days", (long) c.maxDays());
        result.put("max_months", (long) c.maxMonths());
        result.put("num_months", (long) c.numMonths());
        result.put("hidden", (long) c.hidden());
        result.put("overlap", (long) c.overlap());
        result.put("max_H", (long) c.maxH());
        result.put("max_W", (long) c.maxW());
        result.put("spatial_depth", (long) c.spatialDepth());
        result.put("spatial_heads", (long) c.spatialHeads());
        return result;
    }

    private void layer(String name, long... shape) {
        double inputs = 1;
        for (int i = 1; i < shape.length; i++) {
            inputs *= shape[i];
        }
        values(name + ".weight", 0, 1 / Math.sqrt(inputs), shape);
        values(name + ".bias", 0, 0.3, shape[0]);
    }

    private void norm(String name, long width) {
        values(name + ".weight", 1, 0.3, width);
        values(name + ".bias", 0, 0.3, width);
    }

    private void attention(String name, long embed) {
        values(name + ".in_proj_weight", 0, 1 / Math.sqrt(embed), 3 * embed, embed);
        values(name + ".in_proj_bias", 0, 0.3, 3 * embed);
        layer(name + ".out_proj", embed, embed);
    }

    private void batchNorm(String name, long channels) {
        norm(name, channels);
        values(name + ".running_mean", 0, 0.3, channels);
        values(name + ".running_var", 1, 0.2, channels);
        tensors.put(name + ".num_batches_tracked",
                new TensorData(DType.I64, Shape.of(), MemorySegment.ofArray(new long[] {7})));
    }

    private void values(String name, double mean, double spread, long... shape) {
        float[] values = new float[(int) Shape.of(shape).numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (mean + spread * Math.clamp(random.nextGaussian(), -3, 3));
        }
        tensors.put(name, floats(values, shape));
    }

    static TensorData floats(float[] values, long... shape) {
        return new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(values));
    }
}
