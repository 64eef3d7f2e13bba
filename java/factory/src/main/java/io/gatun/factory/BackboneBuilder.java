// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Loader;

/** Settles the arguments of a backbone: what a name in the backbone registry stands for. */
@FunctionalInterface
public interface BackboneBuilder {
    /**
     * Reads and checks the arguments.
     *
     * @param arguments upstream's keyword arguments; the caller refuses those that were not read
     * @return what loads the backbone
     */
    Loader<? extends Backbone> build(Arguments arguments);
}
