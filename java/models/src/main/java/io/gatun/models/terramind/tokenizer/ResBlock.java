// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.Activation;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.Conv2d;
import io.gatun.models.layers.GroupNorm;
import io.gatun.models.layers.Linear;
import java.util.Optional;

/**
 * A residual block with the timestep, upstream's {@code ResBlock}: {@code h = conv1(silu(norm1(x))) + time}, then
 * {@code skip(x) + conv2(silu(norm2(h)))}.
 *
 * <p>What the timestep adds is one number for each channel, so it goes into the convolution's bias.
 *
 * @param norm1 of the input
 * @param conv1 from the input's channels
 * @param time from the embedding of the timestep, {@code emb_layers.1}
 * @param firstTime where this block's part of the row of all blocks begins
 * @param norm2 of what conv1 gives
 * @param conv2 to the output
 * @param skip 1x1, where the numbers of channels differ
 */
record ResBlock(GroupNorm norm1, Conv2d conv1, Linear time, int firstTime, GroupNorm norm2, Conv2d conv2,
        Optional<Linear> skip) implements UNetLayer {
    static ResBlock load(Scope scope, StateDict state, int inputs, int outputs, int timeWidth, int firstTime) {
        return new ResBlock(GroupNorm.load(scope, state.at("in_layers.0"), inputs, UNetSize.GROUPS),
                Conv2d.load(scope, state.at("in_layers.2"), inputs, outputs, 3),
                Linear.load(scope, state.at("emb_layers.1"), timeWidth, outputs), firstTime,
                GroupNorm.load(scope, state.at("out_layers.0"), outputs, UNetSize.GROUPS),
                Conv2d.load(scope, state.at("out_layers.3"), outputs, outputs, 3),
                inputs == outputs ? Optional.empty()
                        : Optional.of(Linear.loadConv1x1(scope, state.at("skip_connection"), inputs, outputs)));
    }

    int outputs() {
        return (int) conv1.bias().dim(0);
    }

    /** The bias of the first convolution at each timestep, [T, outputs], of activated embeddings [T, width]. */
    Tensor biases(Scope scope, Tensor embeddings) {
        Tensor biases = time.apply(scope, embeddings);
        Kernels.add(scope, biases, conv1.bias(), biases);
        return biases;
    }

    @Override
    public Tensor apply(Scope scope, Tensor x, Tensor times) {
        try (Tensor bias = times.slice(0, firstTime, firstTime + (long) outputs());
                Tensor hidden = convolved(scope, x, norm1, conv1.withBias(bias))) {
            Tensor result = convolved(scope, hidden, norm2, conv2);
            if (skip.isEmpty()) {
                Kernels.add(scope, result, x, result);
                return result;
            }
            try (result) {
                return skip.get().applyTo(scope, x, result);
            }
        }
    }

    private static Tensor convolved(Scope scope, Tensor x, GroupNorm norm, Conv2d conv) {
        try (Tensor normal = norm.apply(scope, x, Activation.SILU)) {
            return conv.apply(scope, normal, Activation.NONE);
        }
    }
}
