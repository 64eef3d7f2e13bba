// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.PatchEmbedOptions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.core.Validity;
import io.gatun.core.Weights;
import io.gatun.models.Extent;
import java.util.Optional;

/**
 * Patches of an image as tokens: a {@code Conv2d} or {@code Conv3d} whose kernel is its stride.
 *
 * @param weight [E, channels patch], packed
 * @param bias [E] f32, if the layer has one
 * @param channels bands of an image
 * @param patchFrames frames of a patch
 * @param patch rows and columns of a patch
 */
public record PatchEmbed(Weights weight, Optional<Tensor> bias, int channels, int patchFrames, Extent patch) {
    /**
     * Takes {@code weight} [E, channels, rows, columns] and {@code bias} [E] of a {@code Conv2d}.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param channels bands of an image
     * @param embedDim E
     * @param patch rows and columns of a patch
     * @return the layer
     */
    public static PatchEmbed load2d(Scope scope, StateDict state, int channels, int embedDim, Extent patch) {
        Weights weight = Linear.packed(
                scope, state.takeTensor(scope, "weight", embedDim, channels, patch.height(), patch.width()));
        return new PatchEmbed(weight, Optional.of(state.takeTensor(scope, "bias", embedDim)), channels, 1, patch);
    }

    /**
     * Takes {@code weight} [E, channels, patchFrames, rows, columns] and {@code bias} [E] of a {@code Conv3d}.
     *
     * @param scope owns the parameters
     * @param state parameters of the convolution
     * @param channels bands of an image
     * @param embedDim E
     * @param patchFrames frames of a patch
     * @param patch rows and columns of a patch
     * @return the layer
     */
    public static PatchEmbed load3d(
            Scope scope, StateDict state, int channels, int embedDim, int patchFrames, Extent patch) {
        Weights weight = Linear.packed(scope, state.takeTensor(
                scope, "weight", embedDim, channels, patchFrames, patch.height(), patch.width()));
        return new PatchEmbed(
                weight, Optional.of(state.takeTensor(scope, "bias", embedDim)), channels, patchFrames, patch);
    }

    /**
     * Takes {@code weight} [E, patchSize patchSize channels] of a {@code Linear} without bias that takes the pixels of
     * a patch row by row, the channels of a pixel next to each other.
     *
     * @param scope owns the parameters
     * @param state parameters of the layer
     * @param channels bands of an image
     * @param embedDim E
     * @param patchSize rows and columns of a patch
     * @return the layer
     */
    public static PatchEmbed loadPixels(Scope scope, StateDict state, int channels, int embedDim, int patchSize) {
        long inputs = (long) patchSize * patchSize * channels;
        try (Tensor stored = state.takeTensor(scope, "weight", embedDim, inputs);
                Tensor pixels = stored.reshape(embedDim, patchSize, patchSize, channels);
                Tensor planes = pixels.permute(0, 3, 1, 2)) {
            Weights weight = Linear.packed(scope, Kernels.copy(scope, planes));
            return new PatchEmbed(weight, Optional.empty(), channels, 1, Extent.of(patchSize));
        }
    }

    /**
     * The grid of an image's patches.
     *
     * @param image [B, channels, T, H, W]
     * @return the grid
     * @throws ShapeException if the image has another number of bands, or an extent is no multiple of the patch
     */
    public TokenGrid grid(Tensor image) {
        if (image.dim(1) != channels) {
            throw new ShapeException("the image " + image.shape() + " has " + image.dim(1) + " bands, the model takes "
                    + channels + "; select those it was trained with, in their order");
        }
        return TokenGrid.of(image, patchFrames, patch);
    }

    /**
     * The part of an image that whole patches cover, as a convolution sees it.
     *
     * @param image [B, channels, T, H, W]
     * @return a view without the frames, rows and columns left over at the end
     */
    public Tensor covered(Tensor image) {
        try (Tensor frames = image.slice(2, 0, image.dim(2) / patchFrames * patchFrames);
                Tensor rows = frames.slice(3, 0, image.dim(3) / patch.height() * patch.height())) {
            return rows.slice(4, 0, image.dim(4) / patch.width() * patch.width());
        }
    }

    /**
     * Tokens without positions.
     *
     * @param scope owns the result
     * @param image [B, channels, T, H, W] f32, extents multiples of the patch
     * @return [B, N, E]
     */
    public Tensor apply(Scope scope, Tensor image) {
        return apply(scope, image, Optional.empty());
    }

    /**
     * Tokens with their positions.
     *
     * @param scope owns the result
     * @param image [B, channels, T, H, W] f32, extents multiples of the patch
     * @param position [N, E], a row for each patch
     * @return [B, N, E]
     */
    public Tensor apply(Scope scope, Tensor image, Tensor position) {
        return apply(scope, image, Optional.of(position));
    }

    private Tensor apply(Scope scope, Tensor image, Optional<Tensor> position) {
        if (!image.isDense()) {
            try (Tensor dense = Kernels.copy(scope, image)) {
                return apply(scope, dense, position);
            }
        }
        PatchEmbedOptions options =
                new PatchEmbedOptions(patchFrames, patch.height(), patch.width(), Validity.NONE, LayerNorm.EPS);
        return Kernels.patchEmbed(scope, image, Optional.empty(), weight, bias, Optional.empty(),
                Optional.empty(), position, options, DType.F32);
    }
}
