// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;

/**
 * A module whose arguments are settled and whose weights are not there yet. The same loader builds it on a device, from
 * a checkpoint, and on {@link io.gatun.core.Device#meta()}, for its structure ({@link io.gatun.core.Structure#of}).
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

    /**
     * Builds the module from a checkpoint of its own, and waits until the weights are on the device. Where that fails,
     * what was loaded so far stays in the scope.
     *
     * @param scope owns the weights; its precision is that of the products
     * @param checkpoint the module's weights, by upstream's names, and no others
     * @return the module, which lives as long as the scope
     * @throws io.gatun.core.CheckpointException if weights are missing, of another shape, or not the module's
     */
    default M load(Scope scope, Checkpoint checkpoint) {
        StateDict state = StateDict.of(checkpoint);
        M module = load(scope, state);
        state.finish();
        scope.sync();
        return module;
    }

    /**
     * Builds a model in a scope of its own, which the model closes.
     *
     * @param <M> the model
     * @param loader builds it
     * @param checkpoint its weights, by upstream's names, and no others
     * @param device where they go
     * @param precision arithmetic of the products
     * @return the model; its caller closes it
     * @throws io.gatun.core.CheckpointException if weights are missing, of another shape, or not the model's; nothing
     *     stays on the device then
     */
    static <M extends Model> M open(Loader<M> loader, Checkpoint checkpoint, Device device, Precision precision) {
        Scope scope = Scope.open(device, precision);
        try {
            return loader.load(scope, checkpoint);
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }
}
