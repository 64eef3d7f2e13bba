// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.BinaryOp;
import io.gatun.core.Kernels;
import io.gatun.core.Reduction;
import io.gatun.core.Reductions;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.Conv2d;

/**
 * Concurrent spatial and channel squeeze and excitation (Roy et al. 2018): an image times the sum of a gate for each
 * channel and one for each pixel.
 */
record ScseAttention(Conv2d squeeze, Conv2d excite, Conv2d pixel) {
    private static final int REDUCTION = 16;

    /** {@code cSE.1} and {@code cSE.3} are the gate of the channels, {@code sSE.0} that of the pixels. */
    static ScseAttention load(Scope scope, StateDict state, int channels) {
        int few = channels / REDUCTION;
        return new ScseAttention(Conv2d.load(scope, state.at("cSE.1"), channels, few, 1),
                Conv2d.load(scope, state.at("cSE.3"), few, channels, 1),
                Conv2d.load(scope, state.at("sSE.0"), channels, 1, 1));
    }

    /** Upstream keeps the attention of the last block's skip connection, which is not there. */
    static void skip(StateDict state) {
        for (String layer : new String[] {"cSE.1", "cSE.3", "sSE.0"}) {
            state.at(layer).skip("weight");
            state.at(layer).skip("bias");
        }
    }

    static void requireChannels(int channels) {
        if (channels < REDUCTION) {
            throw new ShapeException("UNetDecoder: scse attention of " + channels
                    + " channels; it divides them by 16, so each of channels must be at least 16");
        }
    }

    /** x [B, H, W, C], closed. */
    Tensor apply(Scope scope, Tensor x) {
        try (x; Tensor channels = ofChannels(scope, x); Tensor pixels = gate(scope, x, pixel);
                Tensor gates = Kernels.binary(scope, BinaryOp.ADD, channels, pixels)) {
            Kernels.binary(scope, BinaryOp.MULTIPLY, x, gates, gates);
            return gates.reshape(x.shape().toArray());
        }
    }

    /** [B, 1, 1, C]. */
    private Tensor ofChannels(Scope scope, Tensor x) {
        try (Tensor places = x.reshape(x.dim(0), -1, x.dim(3));
                Tensor mean = Reductions.reduce(scope, places, 1, Reduction.MEAN);
                Tensor image = mean.reshape(x.dim(0), 1, 1, x.dim(3));
                Tensor few = squeeze.apply(scope, image, Activation.RELU)) {
            return gate(scope, few, excite);
        }
    }

    private static Tensor gate(Scope scope, Tensor x, Conv2d conv) {
        return conv.apply(scope, x, Activation.SIGMOID);
    }
}
