// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import java.util.List;

/** Settles the arguments of a decoder: what a name in the decoder registry stands for. */
@FunctionalInterface
public interface DecoderBuilder {
    /**
     * Reads and checks the arguments.
     *
     * @param channels of the features that go in, upstream's {@code embed_dim}
     * @param arguments upstream's keyword arguments; the caller refuses those that were not read
     * @return what loads the decoder
     */
    Loader<? extends Decoder> build(List<Integer> channels, Arguments arguments);

    /**
     * Whether the decoder ends in classes itself, upstream's {@code includes_head}: it is then given
     * {@code num_classes}, and no head follows.
     *
     * @return false for most
     */
    default boolean includesHead() {
        return false;
    }

    /**
     * A decoder that ends in classes.
     *
     * @param builder settles its arguments
     * @return the same, with {@link #includesHead} true
     */
    static DecoderBuilder withHead(DecoderBuilder builder) {
        return new DecoderBuilder() {
            @Override
            public Loader<? extends Decoder> build(List<Integer> channels, Arguments arguments) {
                return builder.build(channels, arguments);
            }

            @Override
            public boolean includesHead() {
                return true;
            }
        };
    }
}
