// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;

/**
 * A module whose arguments are settled and whose weights are not there yet. The same loader builds it on a device, from a
 * checkpoint, and on {@link io.gatun.core.Device#meta()}, for its structure ({@link io.gatun.core.Structure#of}).
 *
 * @param <M> what is built
 */
@FunctionalInterface
public interface Loader<M> {
    /**
     * Builds the module. It takes all its weights from {@code state} and does not call {@link StateDict#finish()}.
     *
     * @param scope owns the weights; its precision is that of the products
     * @param state the module's weights, by upstream's names
     * @return the module, which lives as long as the scope
     */
    M load(Scope scope, StateDict state);
}
