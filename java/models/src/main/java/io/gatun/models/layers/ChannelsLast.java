// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;

/**
 * Between the shapes of PyTorch and the memory of the kernels. A map has the shape [B, C, H, W] everywhere above the
 * kernels and, as with {@code torch.channels_last}, its channels next to each other in memory.
 */
public final class ChannelsLast {
    private ChannelsLast() {}

    /**
     * The map as the kernels take it.
     *
     * @param scope owns the result
     * @param map [B, C, H, W], any strides
     * @return [B, H, W, C], dense; a view where the memory is so already
     */
    public static Tensor of(Scope scope, Tensor map) {
        Tensor last = map.permute(0, 2, 3, 1);
        if (last.isDense()) {
            return last;
        }
        try (last) {
            return Kernels.copy(scope, last);
        }
    }

    /**
     * The map as PyTorch has it.
     *
     * @param image [B, H, W, C], dense
     * @return [B, C, H, W], a view
     */
    public static Tensor toMap(Tensor image) {
        return image.permute(0, 3, 1, 2);
    }

    /**
     * {@link #toMap} of an image that nobody needs as such; the map alone keeps its memory then.
     *
     * @param image [B, H, W, C], dense; closed
     * @return [B, C, H, W]
     */
    public static Tensor intoMap(Tensor image) {
        try (image) {
            return toMap(image);
        }
    }
}
