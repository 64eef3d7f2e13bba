// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import java.util.function.BiConsumer;

/**
 * A model whose parts and arguments are settled and checked, and whose weights are not there yet. Immutable.
 *
 * @param <M> the model
 */
public final class Blueprint<M extends Model> {
    private final Loader<M> loader;
    private final Structure structure;

    /** Builds it once on the meta device and runs it there, which refuses what does not fit together. */
    Blueprint(Loader<M> loader, BiConsumer<Scope, M> dryRun) {
        this.loader = loader;
        this.structure = Structure.of((scope, state) -> {
            M model = loader.load(scope, state);
            dryRun.accept(scope, model);
            return model;
        });
    }

    /**
     * Names and shapes of the model's weights, as in upstream's state dict.
     *
     * @return the structure
     */
    public Structure structure() {
        return structure;
    }

    /**
     * Puts the model with its weights onto a device.
     *
     * @param checkpoint the weights, by the names of {@link #structure()}
     * @param device where to
     * @param precision arithmetic of the products
     * @return the model; its caller closes it
     * @throws io.gatun.core.CheckpointException if weights are missing, of another shape, or not the model's
     */
    public M load(Checkpoint checkpoint, Device device, Precision precision) {
        return Loader.open(loader, checkpoint, device, precision);
    }

    /**
     * {@link #load(Checkpoint, Device, Precision)} in {@link Precision#STRICT}.
     *
     * @param checkpoint the weights
     * @param device where to
     * @return the model; its caller closes it
     */
    public M load(Checkpoint checkpoint, Device device) {
        return load(checkpoint, device, Precision.STRICT);
    }
}
