// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.Model;

/** Settles the arguments of a whole model: what a name in the full model registry stands for. */
@FunctionalInterface
public interface FullModelBuilder {
    /**
     * Reads and checks the arguments.
     *
     * @param arguments upstream's keyword arguments; the caller refuses those that were not read
     * @return what loads the model, which owns the scope that it is loaded in
     */
    Loader<? extends Model> build(Arguments arguments);
}
