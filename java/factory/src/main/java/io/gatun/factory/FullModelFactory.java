// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import java.util.Map;

/** Models that are built as a whole, by name: TerraTorch's factory of the same name. */
public final class FullModelFactory {
    private FullModelFactory() {}

    /**
     * A model of the full model registry.
     *
     * @param arguments {@code model}, its name, and the model's own
     * @return the model without weights
     * @throws io.gatun.core.ArgumentException if the name is unknown, or an argument unknown, missing or of a wrong
     *     value
     */
    public static Blueprint<Model> buildModel(Map<String, ?> arguments) {
        Arguments all = Arguments.of("FullModelFactory", arguments);
        Loader<? extends Model> loader = Registries.fullModels().get(all.text("model")).build(all);
        all.finish();
        return new Blueprint<>(loader::load, (_, _) -> { });
    }
}
