// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import java.util.List;
import java.util.OptionalInt;

/** Settles the arguments of a neck: what a name in the neck registry stands for. */
@FunctionalInterface
public interface NeckBuilder {
    /**
     * Reads and checks the arguments.
     *
     * @param channels of the features that go in
     * @param patchSize side of the backbone's patch in pixels, where it has one
     * @param arguments upstream's keyword arguments; the caller refuses those that were not read
     * @return what loads the neck
     */
    Loader<? extends Neck> build(List<Integer> channels, OptionalInt patchSize, Arguments arguments);
}
