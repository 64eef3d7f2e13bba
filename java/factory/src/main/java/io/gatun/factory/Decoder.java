// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.List;

/**
 * Features to one feature, as TerraTorch's decoders. Immutable; usable from many threads, each with a scope of its own.
 */
public interface Decoder {
    /**
     * Runs the decoder.
     *
     * @param scope owns the result
     * @param features usually maps [B, C, H, W], first layer first; their channels are those it was built for
     * @return usually a map [B, outChannels, H, W]
     */
    Tensor forward(Scope scope, List<Tensor> features);

    /**
     * Channels of the result, upstream's {@code out_channels}.
     *
     * @return at least 1
     */
    int outChannels();
}
