// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.layers.TokenGrid;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * Arguments of upstream's {@code TerraFM}.
 *
 * @param imgSize rows and columns of the images whose positions the weights have
 * @param patchSize rows and columns of a patch
 * @param embedDim E, a multiple of the heads
 * @param depth number of blocks
 * @param numHeads heads of the attention
 * @param mlpRatio width of the feed-forward part over E
 * @param qkvBias whether query, key and value have a bias
 * @param eps of the norms of the blocks and of the final one; that of the token projection is always 1e-5
 * @param stem which patch embedding 12 bands go through
 * @param outIndices numbers of the blocks whose maps the backbone gives, ascending
 * @param qkScale what the products of queries and keys are multiplied by; not told, one over the root of a head's width
 */
public record TerraFMConfig(int imgSize, int patchSize, int embedDim, int depth, int numHeads, double mlpRatio,
        boolean qkvBias, double eps, Stem stem, List<Integer> outIndices, OptionalDouble qkScale) {
    /** Bands of Sentinel-1: VV and VH. */
    public static final int S1_BANDS = 2;
    /** Bands of Sentinel-2: B1 to B12 with B8A and without B10. */
    public static final int S2_BANDS = 12;

    /** What upstream takes for training or for its head, which its forward does not run. */
    private static final List<String> WITHOUT_EFFECT =
            List.of("in_chans", "num_classes", "drop_rate", "attn_drop_rate", "drop_path_rate", "pretrained");

    private static final SequencedMap<String, TerraFMConfig> SIZES = sizes();

    /**
     * Checks the arguments.
     *
     * @throws ArgumentException if one does not fit the others
     */
    public TerraFMConfig {
        if (patchSize < 1 || depth < 1 || imgSize < patchSize || mlpRatio <= 0 || eps <= 0) {
            throw new ArgumentException("TerraFM: patch_size " + patchSize + " and depth " + depth + " must be at least"
                    + " 1, img_size " + imgSize + " at least a patch, mlp_ratio " + mlpRatio + " and eps " + eps
                    + " above 0");
        }
        if (numHeads < 1 || embedDim < 1 || embedDim % numHeads != 0) {
            throw new ArgumentException(
                    "TerraFM: embed_dim " + embedDim + " is not a multiple of num_heads " + numHeads);
        }
        outIndices = checked(outIndices, depth);
    }

    /** Ascending, each once: upstream gives maps in the order of the blocks. */
    static List<Integer> checked(List<Integer> outIndices, int depth) {
        List<Integer> sorted = outIndices.stream().sorted().distinct().toList();
        if (sorted.isEmpty() || sorted.getFirst() < 0 || sorted.getLast() >= depth) {
            throw new ArgumentException("TerraFM: out_indices are " + outIndices + "; expected block numbers from 0 to "
                    + (depth - 1) + ", at least one");
        }
        return sorted;
    }

    private static SequencedMap<String, TerraFMConfig> sizes() {
        SequencedMap<String, TerraFMConfig> sizes = new LinkedHashMap<>();
        sizes.put("terrafm_base", size(768, 12, 12));
        sizes.put("terrafm_b", size(768, 12, 12));
        sizes.put("terrafm_large", size(1024, 24, 16));
        return sizes;
    }

    private static TerraFMConfig size(int embedDim, int depth, int numHeads) {
        return new TerraFMConfig(
                224, 16, embedDim, depth, numHeads, 4, true, 1e-6, Stem.UPSTREAM_EXACT, List.of(3, 5, 7, 11),
                OptionalDouble.empty());
    }

    /**
     * Names of the published sizes; {@code terrafm_b} is {@code terrafm_base}.
     *
     * @return upstream's names
     */
    public static List<String> names() {
        return List.copyOf(SIZES.keySet());
    }

    /**
     * A published size: images of 224 x 224, maps of the blocks 3, 5, 7 and 11.
     *
     * @param name for example {@code terrafm_base}
     * @return the configuration
     * @throws ArgumentException if there is no such size; it names the nearest
     */
    public static TerraFMConfig named(String name) {
        TerraFMConfig found = SIZES.get(name);
        if (found == null) {
            throw new ArgumentException("there is no TerraFM \"" + name + "\"; did you mean "
                    + NearestName.of(name, SIZES.keySet()) + "? Its arguments embed_dim, depth and num_heads give any"
                    + " other size");
        }
        return found;
    }

    /**
     * A published size changed by upstream's keyword arguments, and by {@code layer_norm_eps}, {@code out_indices} and
     * {@code stem} (upstream-exact or l2a-stem).
     *
     * @param name see {@link #named}
     * @param arguments upstream's; what concerns training or the head has no effect. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static TerraFMConfig of(String name, Arguments arguments) {
        TerraFMConfig d = named(name);
        WITHOUT_EFFECT.forEach(arguments::value);
        List<Integer> size = arguments.integers("img_size").orElse(List.of(d.imgSize));
        if (size.size() != 1) {
            throw new ArgumentException(name + ": img_size is " + size + ", expected the side of a square");
        }
        int depth = arguments.integer("depth", d.depth);
        // Upstream takes null and 0 for the usual one.
        double scale = arguments.number("qk_scale", 0);
        return new TerraFMConfig(size.getFirst(), arguments.integer("patch_size", d.patchSize),
                arguments.integer("embed_dim", d.embedDim), depth,
                arguments.integer("num_heads", d.numHeads), arguments.number("mlp_ratio", d.mlpRatio),
                arguments.flag("qkv_bias", d.qkvBias), arguments.number("layer_norm_eps", d.eps),
                stem(name, arguments.text("stem", d.stem.text())),
                arguments.integers("out_indices").orElseGet(() -> usual(d.outIndices, depth)),
                scale == 0 ? OptionalDouble.empty() : OptionalDouble.of(scale));
    }

    /** Those of the usual blocks that there are; the last block where none of them is. */
    private static List<Integer> usual(List<Integer> outIndices, int depth) {
        List<Integer> there = outIndices.stream().filter(block -> block < depth).toList();
        return there.isEmpty() ? List.of(depth - 1) : there;
    }

    private static Stem stem(String name, String text) {
        return Stream.of(Stem.values()).filter(stem -> stem.text().equals(text.toLowerCase(Locale.ROOT))).findFirst()
                .orElseThrow(() -> new ArgumentException(
                        name + ": stem is " + text + ", expected upstream-exact or l2a-stem"));
    }

    /**
     * The same with another stem.
     *
     * @param other which patch embedding 12 bands go through
     * @return the configuration
     */
    public TerraFMConfig withStem(Stem other) {
        return new TerraFMConfig(
                imgSize, patchSize, embedDim, depth, numHeads, mlpRatio, qkvBias, eps, other, outIndices, qkScale);
    }

    /**
     * Patches of an image of the size that the weights have positions for.
     *
     * @return as many rows as columns
     */
    public TokenGrid grid() {
        return new TokenGrid(1, imgSize / patchSize, imgSize / patchSize);
    }
}
