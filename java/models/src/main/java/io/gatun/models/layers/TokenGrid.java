// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Extent;

/**
 * Where the patches of an image lie: tokens run over columns, then rows, then frames.
 *
 * @param frames patches in time, 1 for an image without time
 * @param height rows of patches
 * @param width columns of patches
 */
public record TokenGrid(int frames, int height, int width) {
    /**
     * Checks the extents.
     *
     * @throws ShapeException if one is below 1
     */
    public TokenGrid {
        if (frames < 1 || height < 1 || width < 1) {
            throw new ShapeException("a grid of " + frames + " x " + height + " x " + width + " patches; expected at"
                    + " least one in frames, rows and columns: is the image smaller than a patch?");
        }
    }

    /**
     * The grid of an image.
     *
     * @param image [B, C, T, H, W]
     * @param patchFrames frames of a patch
     * @param patch rows and columns of a patch
     * @return its grid
     * @throws ShapeException if an extent is no multiple of the patch
     */
    public static TokenGrid of(Tensor image, int patchFrames, Extent patch) {
        return new TokenGrid(count(image, 2, "frames", patchFrames), count(image, 3, "rows", patch.height()),
                count(image, 4, "columns", patch.width()));
    }

    private static int count(Tensor image, int axis, String what, int patch) {
        if (image.dim(axis) % patch != 0) {
            long padded = (image.dim(axis) / patch + 1) * patch;
            throw new ShapeException("the image " + image.shape() + " has " + image.dim(axis) + " " + what
                    + ", no multiple of the patch of " + patch + "; pad it to " + padded + " or resize it");
        }
        return Math.toIntExact(image.dim(axis) / patch);
    }

    /**
     * Number of tokens.
     *
     * @return frames times rows times columns
     */
    public int cells() {
        return frames * height * width;
    }

    /**
     * Tokens as a map; the tokens of a frame become channels, those of the first frame first.
     *
     * @param scope owns the result
     * @param tokens [B, L, E]; the last {@link #cells()} of them are patches, those before are left out
     * @return [B, frames E, height, width], a view of channels-last memory
     */
    public Tensor toMap(Scope scope, Tensor tokens) {
        long embed = tokens.dim(2);
        try (Tensor patches = tokens.slice(1, tokens.dim(1) - cells(), tokens.dim(1));
                Tensor dense = patches.isDense() ? patches.reshape(patches.shape().toArray())
                        : Kernels.copy(scope, patches);
                Tensor cells = dense.reshape(tokens.dim(0), frames, height, width, embed);
                Tensor last = cells.permute(0, 2, 3, 1, 4);
                Tensor image = last.isDense() ? last.reshape(tokens.dim(0), height, width, frames * embed)
                        : joined(scope, last)) {
            return ChannelsLast.toMap(image);
        }
    }

    private static Tensor joined(Scope scope, Tensor last) {
        try (Tensor copy = Kernels.copy(scope, last)) {
            return copy.reshape(copy.dim(0), copy.dim(1), copy.dim(2), -1);
        }
    }
}
