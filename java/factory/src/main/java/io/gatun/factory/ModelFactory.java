// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.models.Model;
import java.util.Map;

/** Builds models by upstream's arguments: what a name in the model factory registry stands for. */
@FunctionalInterface
public interface ModelFactory {
    /**
     * Settles the arguments of a model.
     *
     * @param arguments upstream's keyword arguments of {@code build_model}
     * @return the model without weights
     * @throws io.gatun.core.ArgumentException if an argument is unknown, missing or of a wrong value
     */
    Blueprint<? extends Model> buildModel(Map<String, ?> arguments);
}
