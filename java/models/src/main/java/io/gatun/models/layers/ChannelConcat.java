// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.layers;

import io.gatun.core.DType;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;

/** {@code torch.cat} along the channels of channels-last images: one image that is filled slice by slice. */
public final class ChannelConcat {
    private final Scope scope;
    private final Tensor image;
    private long filled;

    /**
     * Begins an image.
     *
     * @param scope owns the image
     * @param batch B
     * @param rows H
     * @param columns W
     * @param channels C of all slices together
     */
    public ChannelConcat(Scope scope, long batch, long rows, long columns, long channels) {
        this.scope = scope;
        this.image = scope.empty(DType.F32, batch, rows, columns, channels);
    }

    /**
     * Fills the next channels.
     *
     * @param slice [B, H, W, channels of the slice], any strides
     */
    public void add(Tensor slice) {
        try (Tensor place = image.slice(3, filled, filled + slice.dim(3))) {
            Kernels.copy(scope, slice, place);
            filled += slice.dim(3);
        }
    }

    /**
     * The image, when all slices are there.
     *
     * @return [B, H, W, C], dense
     */
    public Tensor image() {
        return image;
    }
}
