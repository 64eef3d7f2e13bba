// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.factory.Decoder;
import io.gatun.models.Loader;

/**
 * A decoder whose arguments are settled and whose weights are not there yet.
 *
 * @param outChannels channels of its result
 * @param includesHead whether its result is the model's, so that no head follows
 * @param loader builds it
 */
public record DecoderLoader(int outChannels, boolean includesHead, Loader<Decoder> loader) implements Loader<Decoder> {
    static DecoderLoader of(int outChannels, Loader<Decoder> loader) {
        return new DecoderLoader(outChannels, false, loader);
    }

    @Override
    public Decoder load(Scope scope, StateDict state) {
        return loader.load(scope, state);
    }
}
