// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import io.gatun.models.layers.LayerNorm;
import io.gatun.models.layers.TokenGrid;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Arguments of TerraTorch's {@code PrithviViT}.
 *
 * @param height rows of the images whose positions the weights have
 * @param width columns of the images whose positions the weights have
 * @param numFrames dates of an image
 * @param patchFrames dates of a patch
 * @param patch rows and columns of a patch
 * @param bands names of the bands of an image, in order; TerraTorch's {@code HLSBands}, or any other name or number
 * @param pretrainedBands names of the bands of the pretrained weights, in order
 * @param embedDim E, a multiple of 16 and of the heads
 * @param depth number of blocks
 * @param numHeads heads of the attention
 * @param mlpRatio width of the feed-forward part over E
 * @param timeEncoding whether year and day of year of each date may be given
 * @param locationEncoding whether latitude and longitude may be given
 * @param coordsScaleLearn whether the scale of both encodings is learned; else it is a buffer
 * @param outIndices numbers of the blocks whose outputs are features, in the order wanted
 * @param eps of all norms, 0 to below 1
 */
public record PrithviConfig(int height, int width, int numFrames, int patchFrames, Extent patch, List<String> bands,
        List<String> pretrainedBands, int embedDim, int depth, int numHeads, double mlpRatio, boolean timeEncoding,
        boolean locationEncoding, boolean coordsScaleLearn, List<Integer> outIndices, double eps) {
    /** The six bands that all published weights were trained with, in order. */
    public static final List<String> BANDS = List.of("BLUE", "GREEN", "RED", "NIR_NARROW", "SWIR_1", "SWIR_2");

    /** What upstream takes for training, or for the decoder of the masked autoencoder, which is not built. */
    private static final List<String> WITHOUT_EFFECT = List.of("pretrained", "ckpt_path", "drop_path",
            "decoder_embed_dim", "decoder_depth", "decoder_num_heads", "mask_ratio", "norm_pix_loss", "mean", "std");

    private static final SequencedMap<String, PrithviConfig> SIZES = sizes();

    /**
     * Checks the arguments.
     *
     * @throws ArgumentException if one does not fit the others
     */
    public PrithviConfig {
        bands = List.copyOf(bands);
        pretrainedBands = List.copyOf(pretrainedBands);
        if (patch.least() < 1 || patchFrames < 1 || depth < 1 || mlpRatio <= 0 || bands.isEmpty() || eps < 0 || eps >= 1
                || height < patch.height() || width < patch.width() || numFrames < patchFrames) {
            throw new ArgumentException("Prithvi: depth " + depth + " and patch_size " + patchFrames + " x " + patch
                    + " must be at least 1, num_frames " + numFrames + " and img_size " + height + " x " + width
                    + " at least a patch, mlp_ratio " + mlpRatio + " above 0, layer_norm_eps " + eps
                    + " from 0 to below 1, and bands " + bands + " at least one");
        }
        if (embedDim < 16 || embedDim % 16 != 0 || numHeads < 1 || embedDim % numHeads != 0) {
            throw new ArgumentException("Prithvi: embed_dim " + embedDim + " must be a multiple of 16, for its"
                    + " positions, and of num_heads " + numHeads);
        }
        if (timeEncoding && patchFrames != 1) {
            throw new ArgumentException("Prithvi: with the time encoding a patch has one frame, got " + patchFrames
                    + "; leave \"time\" out of coords_encoding, or set patch_size to 1 x " + patch);
        }
        for (int i : outIndices) {
            if (i < -depth || i >= depth) {
                throw new ArgumentException("Prithvi: out_indices has " + i + "; expected block numbers from 0 to "
                        + (depth - 1) + ", or from -" + depth + " to -1");
            }
        }
        if (outIndices.isEmpty()) {
            throw new ArgumentException("Prithvi: out_indices is empty; name at least one of the " + depth + " blocks");
        }
        int blocks = depth;
        outIndices = outIndices.stream().map(i -> i < 0 ? i + blocks : i).toList();
    }

    private static SequencedMap<String, PrithviConfig> sizes() {
        SequencedMap<String, PrithviConfig> sizes = new LinkedHashMap<>();
        sizes.put("prithvi_eo_tiny", size(256, 4, 4, 16, false));
        sizes.put("prithvi_eo_v1_100", size(768, 12, 12, 16, false));
        sizes.put("prithvi_eo_v2_tiny_tl", size(192, 12, 3, 16, true));
        sizes.put("prithvi_eo_v2_100", size(768, 12, 12, 16, false));
        sizes.put("prithvi_eo_v2_100_tl", size(768, 12, 12, 16, true));
        sizes.put("prithvi_eo_v2_300", size(1024, 24, 16, 16, false));
        sizes.put("prithvi_eo_v2_300_tl", size(1024, 24, 16, 16, true));
        sizes.put("prithvi_eo_v2_600", size(1280, 32, 16, 14, false));
        sizes.put("prithvi_eo_v2_600_tl", size(1280, 32, 16, 14, true));
        return Collections.unmodifiableSequencedMap(sizes);
    }

    private static PrithviConfig size(int embedDim, int depth, int numHeads, int patchSize, boolean coords) {
        return new PrithviConfig(224, 224, 1, 1, Extent.of(patchSize), BANDS, BANDS, embedDim, depth, numHeads, 4,
                coords, coords, coords, all(depth), LayerNorm.EPS);
    }

    private static List<Integer> all(int depth) {
        return IntStream.range(0, depth).boxed().toList();
    }

    /**
     * Names of the registered sizes.
     *
     * @return TerraTorch's names
     */
    public static List<String> names() {
        return List.copyOf(SIZES.keySet());
    }

    /**
     * A registered size with TerraTorch's defaults: one frame of 224 x 224 with six bands, features of all blocks.
     *
     * @param name for example {@code prithvi_eo_v2_300_tl}
     * @return the configuration
     * @throws ArgumentException if there is no such size; it names the nearest
     */
    public static PrithviConfig named(String name) {
        PrithviConfig found = SIZES.get(name);
        if (found == null) {
            throw new ArgumentException("there is no Prithvi \"" + name + "\"; did you mean "
                    + NearestName.of(name, SIZES.keySet()) + "? Known: " + String.join(", ", SIZES.keySet()));
        }
        return found;
    }

    /**
     * A registered size changed by TerraTorch's keyword arguments.
     *
     * @param name see {@link #named}
     * @param arguments TerraTorch's, with {@code layer_norm_eps} in the place of its {@code norm_layer}; what concerns
     *     training or the decoder has no effect, and weights come from the state dict, whatever {@code pretrained} and
     *     {@code ckpt_path} say. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static PrithviConfig of(String name, Arguments arguments) {
        PrithviConfig d = named(name);
        WITHOUT_EFFECT.forEach(arguments::value);
        refuse(name, arguments, "vit_adapter", false, "the ViT adapter is not built");
        refuse(name, arguments, "vpt", false, "visual prompt tuning is not built");
        refuse(name, arguments, "encoder_only", true, "the decoder of the masked autoencoder is not built");
        Extent size = Extent.of(name, arguments, "img_size", new Extent(d.height, d.width));
        List<Integer> patch = patch(name, arguments, d.patch);
        List<String> pretrained = bands(name, arguments, "pretrained_bands").orElse(d.pretrainedBands);
        List<String> bands = bands(name, arguments, "bands").or(() -> bands(name, arguments, "model_bands"))
                .orElse(pretrained);
        if (arguments.integer("in_chans", bands.size()) != bands.size()) {
            throw new ArgumentException(name + ": in_chans is " + arguments.integer("in_chans", 0)
                    + " and the bands are " + bands + "; upstream counts the bands: name them all in bands and leave"
                    + " in_chans out");
        }
        int depth = arguments.integer("depth", d.depth);
        Set<String> coords = coords(name, arguments, d);
        return new PrithviConfig(size.height(), size.width(), arguments.integer("num_frames", d.numFrames),
                patch.getFirst(), new Extent(patch.get(1), patch.get(2)), bands, pretrained,
                arguments.integer("embed_dim", d.embedDim), depth,
                arguments.integer("num_heads", d.numHeads), arguments.number("mlp_ratio", d.mlpRatio),
                coords.contains("time"), coords.contains("location"),
                arguments.flag("coords_scale_learn", d.coordsScaleLearn),
                arguments.integers("out_indices").orElse(all(depth)),
                arguments.number("layer_norm_eps", d.eps));
    }

    private static void refuse(String name, Arguments arguments, String key, boolean only, String why) {
        if (arguments.flag(key, only) != only) {
            throw new ArgumentException(name + ": " + key + " is " + !only + ", but " + why + "; leave it out");
        }
    }

    /** Frames, rows and columns. */
    private static List<Integer> patch(String name, Arguments arguments, Extent otherwise) {
        List<Integer> patch = arguments.integers("patch_size")
                .orElse(List.of(1, otherwise.height(), otherwise.width()));
        if (patch.size() == 1) {
            return List.of(1, patch.getFirst(), patch.getFirst());
        }
        if (patch.size() != 3) {
            throw new ArgumentException(
                    name + ": patch_size is " + patch + ", expected one number, or frames, rows and columns");
        }
        return patch;
    }

    private static Set<String> coords(String name, Arguments arguments, PrithviConfig d) {
        Set<String> usual = new LinkedHashSet<>();
        if (d.timeEncoding) {
            usual.add("time");
        }
        if (d.locationEncoding) {
            usual.add("location");
        }
        Set<String> coords = arguments.texts("coords_encoding").<Set<String>>map(LinkedHashSet::new).orElse(usual);
        if (!Set.of("time", "location").containsAll(coords)) {
            throw new ArgumentException(name + ": coords_encoding is " + coords + ", expected time, location, both or"
                    + " none");
        }
        return coords;
    }

    /** Names, numbers, and two numbers for all between them, as upstream's {@code generate_bands_intervals}. */
    private static Optional<List<String>> bands(String name, Arguments arguments, String key) {
        return arguments.value(key).map(given -> {
            List<String> bands = new ArrayList<>();
            for (Object band : given instanceof List<?> list ? list : List.of(given)) {
                switch (band) {
                    case String text -> bands.add(text.startsWith("HLSBands.") ? text.substring(9) : text);
                    case Integer number -> bands.add(number.toString());
                    case Long number -> bands.add(number.toString());
                    case List<?> ends when ends.size() == 2 && ends.getFirst() instanceof Number from
                            && ends.getLast() instanceof Number to -> IntStream.rangeClosed(from.intValue(),
                                    to.intValue()).forEach(i -> bands.add(Integer.toString(i)));
                    default -> throw new ArgumentException(name + ": " + key + " has " + band
                            + ", expected a band's name or number, or the first and last number of several");
                }
            }
            return bands;
        });
    }

    /**
     * Patches of an image of the size that the weights have positions for.
     *
     * @return frames, rows and columns of patches
     */
    public TokenGrid grid() {
        return new TokenGrid(numFrames / patchFrames, height / patch.height(), width / patch.width());
    }
}
