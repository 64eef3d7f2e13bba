// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.Scope;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An encoder: images in, a feature for each of its layers out. Immutable; usable from many threads, each with a scope
 * of its own. Shapes are PyTorch's; a map [B, C, H, W] that a backbone gives is usually a view of channels-last memory.
 */
public interface Backbone {
    /**
     * Runs the backbone.
     *
     * @param scope owns the result
     * @param input the images, f32, dense
     * @return one feature for each layer that the backbone gives, first layer first
     */
    List<Feature> forward(Scope scope, Input input);

    /**
     * Channels of each feature, upstream's {@code out_channels}.
     *
     * @return as many as features
     */
    List<Integer> outChannels();

    /**
     * Rows of a patch in pixels, upstream's {@code patch_size}, to whose multiples images are padded.
     *
     * @return empty where the backbone has none
     */
    default OptionalInt patchSize() {
        return OptionalInt.empty();
    }

    /**
     * Columns of a patch in pixels.
     *
     * @return as many as rows, unless the backbone says otherwise
     */
    default OptionalInt patchColumns() {
        return patchSize();
    }

    /**
     * Days or steps of a temporal patch, for images [B, C, T, H, W].
     *
     * @return 1 where time is not patched
     */
    default int temporalPatchSize() {
        return 1;
    }

    /**
     * The features as a decoder of images takes them, where no neck says how: upstream's method of the same name.
     *
     * @param scope owns the result
     * @param features of {@link #forward}
     * @return the same, unless the backbone knows better
     */
    default List<Feature> prepareFeaturesForImageModel(Scope scope, List<Feature> features) {
        return features;
    }

    /**
     * An input of one image that the backbone takes, for a run on shapes alone.
     *
     * @param scope owns the input
     * @return empty where any size and number of channels will do, or none is known
     */
    default Optional<Input> example(Scope scope) {
        return Optional.empty();
    }
}
