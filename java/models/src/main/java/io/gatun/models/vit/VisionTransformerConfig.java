// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import io.gatun.models.Extent;
import io.gatun.models.layers.TokenGrid;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/**
 * Arguments of timm's {@code VisionTransformer} as a backbone ({@code features_only=True}).
 *
 * @param height rows of the images whose positions the weights have
 * @param width columns of the images whose positions the weights have
 * @param patch rows and columns of a patch
 * @param inChans bands of an image
 * @param embedDim E, a multiple of the heads
 * @param depth number of blocks
 * @param numHeads heads of the attention
 * @param mlpRatio width of the feed-forward part over E
 * @param qkvBias whether query, key and value have a bias
 * @param projBias whether the other products of a block have a bias
 * @param classToken whether there is a class token
 * @param dynamicImgSize whether images of other sizes are taken, with resampled positions
 * @param outIndices numbers of the blocks whose outputs are features, ascending
 * @param norm whether features go through the final norm, which timm's features do not
 */
public record VisionTransformerConfig(int height, int width, Extent patch, int inChans, int embedDim, int depth,
        int numHeads, double mlpRatio, boolean qkvBias, boolean projBias, boolean classToken, boolean dynamicImgSize,
        List<Integer> outIndices, boolean norm) {
    /** What timm takes for training or for its head, which a backbone has not. */
    private static final List<String> WITHOUT_EFFECT = List.of("pretrained", "num_classes", "global_pool", "drop_rate",
            "pos_drop_rate", "patch_drop_rate", "proj_drop_rate", "attn_drop_rate", "drop_path_rate");

    private static final SequencedMap<String, VisionTransformerConfig> SIZES = sizes();

    /**
     * Checks the arguments.
     *
     * @throws ArgumentException if one does not fit the others
     */
    public VisionTransformerConfig {
        if (patch.least() < 1 || inChans < 1 || depth < 1 || height < patch.height() || width < patch.width()
                || mlpRatio <= 0) {
            throw new ArgumentException("VisionTransformer: patch_size " + patch + ", in_chans " + inChans
                    + " and depth " + depth + " must be at least 1, img_size " + height + " x " + width
                    + " at least a patch, mlp_ratio " + mlpRatio + " above 0");
        }
        if (numHeads < 1 || embedDim < 1 || embedDim % numHeads != 0) {
            throw new ArgumentException("VisionTransformer: embed_dim " + embedDim + " is not a multiple of num_heads "
                    + numHeads);
        }
        int blocks = depth;
        outIndices = outIndices.stream().map(i -> i < 0 ? i + blocks : i).sorted().distinct().toList();
        if (outIndices.isEmpty() || outIndices.getFirst() < 0 || outIndices.getLast() >= depth) {
            throw new ArgumentException("VisionTransformer: out_indices are " + outIndices + "; expected block numbers"
                    + " from 0 to " + (depth - 1) + ", or from -" + depth + " to -1");
        }
    }

    private static SequencedMap<String, VisionTransformerConfig> sizes() {
        SequencedMap<String, VisionTransformerConfig> sizes = new LinkedHashMap<>();
        sizes.put("vit_tiny_patch16_224", size(192, 12, 3));
        sizes.put("vit_small_patch16_224", size(384, 12, 6));
        sizes.put("vit_base_patch16_224", size(768, 12, 12));
        sizes.put("vit_large_patch16_224", size(1024, 24, 16));
        return Collections.unmodifiableSequencedMap(sizes);
    }

    private static VisionTransformerConfig size(int embedDim, int depth, int numHeads) {
        return new VisionTransformerConfig(224, 224, Extent.of(16), 3, embedDim, depth, numHeads, 4, true, true, true,
                false, last(3, depth), false);
    }

    private static List<Integer> last(int count, int depth) {
        return IntStream.range(Math.max(0, depth - count), depth).boxed().toList();
    }

    /**
     * Names of the published sizes.
     *
     * @return timm's names
     */
    public static List<String> names() {
        return List.copyOf(SIZES.keySet());
    }

    /**
     * A published size with timm's defaults: images of 224 x 224 with 3 bands, features of the last three blocks.
     *
     * @param name for example {@code vit_base_patch16_224}; timm's tag of the weights may follow after a dot
     * @return the configuration
     * @throws ArgumentException if there is no such size; it names the nearest
     */
    public static VisionTransformerConfig named(String name) {
        VisionTransformerConfig found = SIZES.get(name.split("\\.", 2)[0]);
        if (found == null) {
            throw new ArgumentException("there is no vision transformer \"" + name + "\"; did you mean "
                    + NearestName.of(name, SIZES.keySet()) + "? Its arguments img_size, patch_size, embed_dim, depth"
                    + " and num_heads give any other size");
        }
        return found;
    }

    /**
     * A published size changed by timm's keyword arguments.
     *
     * @param name see {@link #named}
     * @param arguments timm's; {@code out_indices} may be a number, of the last blocks; what concerns training or the
     *     head has no effect. The caller finishes them
     * @return the configuration
     * @throws ArgumentException if there is no such size, or an argument has a wrong value
     */
    public static VisionTransformerConfig of(String name, Arguments arguments) {
        VisionTransformerConfig d = named(name);
        WITHOUT_EFFECT.forEach(arguments::value);
        if (!arguments.flag("features_only", true)) {
            throw new ArgumentException(name + ": features_only is false, but the classifier is not built; leave it"
                    + " out, or put a head behind the backbone");
        }
        Extent size = Extent.of(name, arguments, "img_size", new Extent(d.height, d.width));
        int depth = arguments.integer("depth", d.depth);
        return new VisionTransformerConfig(size.height(), size.width(),
                Extent.of(name, arguments, "patch_size", d.patch),
                arguments.integer("in_chans", d.inChans), arguments.integer("embed_dim", d.embedDim), depth,
                arguments.integer("num_heads", d.numHeads), arguments.number("mlp_ratio", d.mlpRatio),
                arguments.flag("qkv_bias", d.qkvBias), arguments.flag("proj_bias", d.projBias),
                arguments.flag("class_token", d.classToken), arguments.flag("dynamic_img_size", d.dynamicImgSize),
                outIndices(name, arguments, depth), arguments.flag("norm", d.norm));
    }

    private static List<Integer> outIndices(String name, Arguments arguments, int depth) {
        if (arguments.value("out_indices").orElse(3) instanceof Integer count) {
            if (count < 1 || count > depth) {
                throw new ArgumentException(name + ": out_indices is " + count + ", expected a number of last blocks"
                        + " from 1 to " + depth + ", or a list of block numbers");
            }
            return last(count, depth);
        }
        return arguments.integers("out_indices").orElseThrow();
    }

    /**
     * Patches of an image of the size that the weights have positions for.
     *
     * @return rows and columns of patches; what is left over of an image is not seen
     */
    public TokenGrid grid() {
        return new Extent(height, width).grid(patch);
    }

    /**
     * Tokens before the patches.
     *
     * @return 1 with a class token
     */
    public int prefix() {
        return classToken ? 1 : 0;
    }
}
