// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.Device;
import io.gatun.core.Precision;

/**
 * A network with its weights on a device. Immutable after loading; its forward methods may be called from many threads,
 * each with a scope of its own. Closing frees the weights.
 */
public interface Model extends AutoCloseable {
    /**
     * Where the weights are and where the scopes given to forward methods must be.
     *
     * @return the device
     */
    Device device();

    /**
     * The arithmetic of the model's products.
     *
     * @return as asked for when it was loaded
     */
    Precision precision();

    @Override
    void close();
}
