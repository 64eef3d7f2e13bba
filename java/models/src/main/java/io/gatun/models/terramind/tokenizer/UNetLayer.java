// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.Images;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.layers.Conv2d;

/** One part of a block of the U-Net, upstream's {@code TimestepEmbedSequential}. */
sealed interface UNetLayer permits UNetLayer.Convolution, UNetLayer.Enlarging, ResBlock, SpatialAttention {
    /**
     * Runs it.
     *
     * @param scope owns the result
     * @param x [B, H, W, C] f32
     * @param time what the residual blocks add at this timestep, of all blocks after each other
     * @return [B, H', W', C'] f32
     */
    Tensor apply(Scope scope, Tensor x, Tensor time);

    /** The first convolution, or one that halves the map. */
    record Convolution(Conv2d conv) implements UNetLayer {
        @Override
        public Tensor apply(Scope scope, Tensor x, Tensor time) {
            return conv.apply(scope, x, Activation.NONE);
        }
    }

    /** Twice the rows and columns, then a convolution. */
    record Enlarging(Conv2d conv) implements UNetLayer {
        @Override
        public Tensor apply(Scope scope, Tensor x, Tensor time) {
            try (Tensor large =
                    Images.resize2d(scope, x, 2 * x.dim(1), 2 * x.dim(2), ResizeMode.NEAREST, false)) {
                return conv.apply(scope, large, Activation.NONE);
            }
        }
    }
}
