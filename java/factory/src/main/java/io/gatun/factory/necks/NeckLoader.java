// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.necks;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.factory.Neck;
import io.gatun.models.Loader;
import java.util.List;

/**
 * A neck whose arguments are settled and whose weights are not there yet.
 *
 * @param outChannels channels of the features that will come out, as its {@link Neck#processChannelList} says
 * @param loader builds it
 */
public record NeckLoader(List<Integer> outChannels, Loader<Neck> loader) implements Loader<Neck> {
    /** Copies the channels. */
    public NeckLoader {
        outChannels = List.copyOf(outChannels);
    }

    /** Of a neck without weights. */
    static NeckLoader of(List<Integer> channels, Neck neck) {
        return new NeckLoader(neck.processChannelList(channels), (_, _) -> neck);
    }

    @Override
    public Neck load(Scope scope, StateDict state) {
        return loader.load(scope, state);
    }
}
