// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import java.util.List;

/**
 * What stands between a backbone and a decoder: features to features, as TerraTorch's {@code Neck}. Immutable; usable
 * from many threads, each with a scope of its own.
 */
public interface Neck {
    /**
     * Changes the features.
     *
     * @param scope owns the result
     * @param features tokens [B, L, C] or maps [B, C, H, W], first layer first
     * @param image size of the image the backbone read, in pixels
     * @return the changed features; some may be those given
     */
    List<Tensor> forward(Scope scope, List<Tensor> features, ImageSize image);

    /**
     * Channels of the features that come out, upstream's {@code process_channel_list}.
     *
     * @param channels those of the features that go in
     * @return as many as features
     */
    List<Integer> processChannelList(List<Integer> channels);
}
