// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import java.util.HashMap;
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
            throw new ShapeException("SpatioTemporalModel: embed_dim " + embedDim + " is not a multiple of"
                    + " spatial_heads " + spatialHeads);
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
     * The configuration of a checkpoint: its {@code model_config}, else what the shapes of its tensors say. What shapes
     * do not tell ({@code max_H}, {@code max_W}, {@code spatial_heads}, and all of a tensor that is absent) has
     * upstream's default; whether the checkpoint fits at all turns out when it is loaded.
     *
     * @param checkpoint a checkpoint of this model
     * @return the configuration
     * @throws CheckpointException if what it states or implies is no configuration of this model
     */
    public static SpatioTemporalConfig of(Checkpoint checkpoint) {
        Map<String, Object> stated = checkpoint.section("model_config").orElse(Map.of());
        try {
            return of(stated.isEmpty() ? inferred(checkpoint) : stated);
        } catch (ArgumentException | ShapeException e) {
            throw new CheckpointException(checkpoint.source() + (stated.isEmpty()
                    ? " has no model_config, and the shapes of its tensors imply none. "
                    : ": its model_config is of another model or version. ") + e.getMessage(), e);
        }
    }

    private static Map<String, Object> inferred(Checkpoint checkpoint) {
        String known = "encoder.proj.weight";
        // Below a wrapper's prefix too, so that the report of the load can say how to make the names fit.
        String prefix = checkpoint.tensors().keySet().stream().filter(name -> name.endsWith("." + known)).findFirst()
                .map(name -> name.substring(0, name.length() - known.length())).orElse("");
        Map<String, Shape> shapes = new HashMap<>();
        checkpoint.tensors().forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                shapes.put(name.substring(prefix.length()), tensor.shape());
            }
        });
        Map<String, Object> arguments = new LinkedHashMap<>();
        long[] patch = shape(shapes, known, 5);
        if (patch.length > 0) {
            arguments.put("in_chans", patch[1] / 2);
            arguments.put("embed_dim", patch[0]);
            arguments.put("patch_size", List.of(patch[2], patch[3], patch[4]));
        }
        first(arguments, "max_days", shape(shapes, "temporal.pos_days.pe", 2));
        first(arguments, "max_months", shape(shapes, "temporal.pos_months.pe", 2));
        first(arguments, "num_months", shape(shapes, "decoder.scale", 1));
        long[] deconv = shape(shapes, "decoder.deconv.weight", 4);
        first(arguments, "hidden", deconv);
        if (patch.length > 0 && deconv.length > 0) {
            arguments.put("overlap", (deconv[2] - patch[3]) / 2);
        }
        long depth = 0;
        while (shapes.containsKey("spatial_tr.enc.layers." + depth + ".norm1.weight")) {
            depth++;
        }
        arguments.put("spatial_depth", depth);
        return arguments;
    }

    /** Extents of a tensor of the expected rank, or none. */
    private static long[] shape(Map<String, Shape> shapes, String name, int rank) {
        Shape shape = shapes.get(name);
        return shape == null || shape.rank() != rank ? new long[0] : shape.toArray();
    }

    private static void first(Map<String, Object> arguments, String key, long[] shape) {
        if (shape.length > 0) {
            arguments.put(key, shape[0]);
        }
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
        if (value instanceof List<?> list && list.size() == 3) {
            Map<String, Object> extents = Map.of("patch_size[0]", list.get(0), "patch_size[1]", list.get(1),
                    "patch_size[2]", list.get(2));
            return new PatchSize(integer(extents, "patch_size[0]", 1), integer(extents, "patch_size[1]", 1),
                    integer(extents, "patch_size[2]", 1));
        }
        throw new ArgumentException("SpatioTemporalModel: patch_size is " + value
                + ", expected three integers (days, rows, columns)");
    }
}
