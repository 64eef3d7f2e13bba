// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Constructor arguments of upstream's {@code SpatioTemporalModel}, with its defaults at commit 4ca9a34.
 *
 * @param inChans channels of the daily field
 * @param embedDim width E of the tokens, a multiple of 4
 * @param patchSize days, rows and columns of a patch
 * @param maxDays rows of the day encoding
 * @param maxMonths rows of the month encoding
 * @param numMonths scales and biases of the decoder
 * @param hidden channels of the decoder, even
 * @param overlap cells by which the decoder's patches overlap on each side
 * @param maxH rows of the spatial encoding, in patches
 * @param maxW columns of the spatial encoding, in patches
 * @param spatialDepth layers of the spatial transformer
 * @param spatialHeads heads of the spatial transformer
 */
public record SpatioTemporalConfig(
        int inChans, int embedDim, PatchSize patchSize, int maxDays, int maxMonths, int numMonths, int hidden,
        int overlap, int maxH, int maxW, int spatialDepth, int spatialHeads) {
    /** Heads of the attention over months, whatever {@code spatial_heads} says. */
    public static final int MONTH_HEADS = 4;

    private static final Set<String> KEYS = Set.of("in_chans", "embed_dim", "patch_size", "max_days", "max_months",
            "num_months", "hidden", "overlap", "max_H", "max_W", "spatial_depth", "spatial_heads");

    /**
     * Checks the arguments.
     *
     * @throws ShapeException if one does not fit the others
     */
    public SpatioTemporalConfig {
        if (inChans < 1 || maxDays < 1 || maxMonths < 1 || numMonths < 1 || maxH < 1 || maxW < 1 || overlap < 0
                || spatialDepth < 0) {
            throw new ShapeException("SpatioTemporalModel: in_chans " + inChans + ", max_days " + maxDays
                    + ", max_months " + maxMonths + ", num_months " + numMonths + ", max_H " + maxH + ", max_W " + maxW
                    + " must be at least 1, overlap " + overlap + " and spatial_depth " + spatialDepth
                    + " at least 0");
        }
        if (embedDim < 4 || embedDim % 4 != 0) {
            throw new ShapeException("SpatioTemporalModel: embed_dim is " + embedDim
                    + "; expected a multiple of 4 (month heads and the spatial encoding need it)");
        }
        if (spatialHeads < 1 || embedDim % spatialHeads != 0) {
            throw new ShapeException("SpatioTemporalModel: embed_dim " + embedDim + " is not a multiple of spatial_heads "
                    + spatialHeads);
        }
        if (hidden < 2 || hidden % 2 != 0) {
            throw new ShapeException("SpatioTemporalModel: hidden is " + hidden + "; expected an even number");
        }
    }

    /**
     * Upstream's defaults.
     *
     * @return in_chans 1, embed_dim 128, patch (1, 4, 4), 31 days, 12 months, hidden 256, overlap 1, 256 x 256 patches,
     *     2 layers of 4 heads
     */
    public static SpatioTemporalConfig defaults() {
        return new SpatioTemporalConfig(1, 128, new PatchSize(1, 4, 4), 31, 12, 12, 256, 1, 256, 256, 2, 4);
    }

    /**
     * Upstream's keyword arguments; what is absent has upstream's default.
     *
     * @param arguments for example {@code {"embed_dim": 64, "patch_size": [1, 4, 4]}}
     * @return the configuration
     * @throws ArgumentException if a key is unknown or a value has the wrong type
     */
    public static SpatioTemporalConfig of(Map<String, ?> arguments) {
        for (String key : arguments.keySet()) {
            if (!KEYS.contains(key)) {
                throw new ArgumentException("SpatioTemporalModel has no argument \"" + key + "\"; it has "
                        + KEYS.stream().sorted().toList());
            }
        }
        SpatioTemporalConfig d = defaults();
        return new SpatioTemporalConfig(
                integer(arguments, "in_chans", d.inChans), integer(arguments, "embed_dim", d.embedDim),
                patch(arguments, d.patchSize), integer(arguments, "max_days", d.maxDays),
                integer(arguments, "max_months", d.maxMonths), integer(arguments, "num_months", d.numMonths),
                integer(arguments, "hidden", d.hidden), integer(arguments, "overlap", d.overlap),
                integer(arguments, "max_H", d.maxH), integer(arguments, "max_W", d.maxW),
                integer(arguments, "spatial_depth", d.spatialDepth),
                integer(arguments, "spatial_heads", d.spatialHeads));
    }

    /**
     * The configuration of a checkpoint: its {@code model_config}, else what the shapes of its tensors say. Shapes do
     * not tell {@code max_H}, {@code max_W} and {@code spatial_heads}; those have upstream's defaults then.
     *
     * @param checkpoint a checkpoint of this model
     * @return the configuration
     * @throws CheckpointException if there is neither a configuration nor the tensors it could be read from
     */
    public static SpatioTemporalConfig of(Checkpoint checkpoint) {
        Map<String, Object> stated = checkpoint.section("model_config").orElse(Map.of());
        return stated.isEmpty() ? of(inferred(checkpoint)) : of(stated);
    }

    private static Map<String, Object> inferred(Checkpoint checkpoint) {
        StateDict state = StateDict.of(checkpoint);
        long[] patch = shape(checkpoint, state, "encoder.proj.weight", 5);
        long[] days = shape(checkpoint, state, "temporal.pos_days.pe", 2);
        long[] months = shape(checkpoint, state, "temporal.pos_months.pe", 2);
        long[] scale = shape(checkpoint, state, "decoder.scale", 1);
        long[] deconv = shape(checkpoint, state, "decoder.deconv.weight", 4);
        long depth = 0;
        while (state.has("spatial_tr.enc.layers." + depth + ".norm1.weight")) {
            depth++;
        }
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("in_chans", patch[1] / 2);
        arguments.put("embed_dim", patch[0]);
        arguments.put("patch_size", List.of(patch[2], patch[3], patch[4]));
        arguments.put("max_days", days[0]);
        arguments.put("max_months", months[0]);
        arguments.put("num_months", scale[0]);
        arguments.put("hidden", deconv[0]);
        arguments.put("overlap", (deconv[2] - patch[3]) / 2);
        arguments.put("spatial_depth", depth);
        return arguments;
    }

    private static long[] shape(Checkpoint checkpoint, StateDict state, String name, int rank) {
        return state.shapeOf(name).filter(s -> s.rank() == rank).orElseThrow(() -> new CheckpointException(
                checkpoint.source() + " is no checkpoint of SpatioTemporalModel: it has no model_config, and no tensor "
                        + name + " of " + rank + " axes from which to read one. It has "
                        + checkpoint.tensors().keySet().stream().limit(8).toList() + (checkpoint.tensors().size() > 8
                                ? " and " + (checkpoint.tensors().size() - 8) + " more" : "")))
                .toArray();
    }

    private static int integer(Map<String, ?> arguments, String key, int otherwise) {
        Object value = arguments.get(key);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number number && number.doubleValue() == number.intValue()) {
            return number.intValue();
        }
        throw new ArgumentException("SpatioTemporalModel: " + key + " is " + value + ", expected an integer");
    }

    private static PatchSize patch(Map<String, ?> arguments, PatchSize otherwise) {
        Object value = arguments.get("patch_size");
        if (value == null) {
            return otherwise;
        }
        if (value instanceof List<?> list && list.size() == 3 && list.stream().allMatch(Number.class::isInstance)) {
            List<Integer> extents = list.stream().map(n -> ((Number) n).intValue()).toList();
            return new PatchSize(extents.get(0), extents.get(1), extents.get(2));
        }
        throw new ArgumentException("SpatioTemporalModel: patch_size is " + value
                + ", expected three integers (days, rows, columns)");
    }
}
