// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import io.gatun.models.Model;
import java.util.Map;

/** Models that are built as a whole, by name: TerraTorch's factory of the same name. */
public final class FullModelFactory {
    private static final String NAME = "FullModelFactory";

    private FullModelFactory() {}

    /**
     * A model of the full model registry.
     *
     * @param arguments {@code model}, its name or a {@link Loader} of a {@link Model}; {@code rescale} and
     *     {@code padding}, which have no effect, as upstream; and the model's own, which a loader does not read
     * @return the model without weights
     * @throws ArgumentException if the name is unknown, or an argument unknown, missing or of a wrong value
     */
    public static Blueprint<Model> buildModel(Map<String, ?> arguments) {
        Arguments all = Arguments.of(NAME, arguments);
        all.flag("rescale", true);
        all.text("padding", "reflect");
        EncoderDecoderFactory.refuseAdapters(NAME, all);
        Object model = all.value("model").orElseThrow(() -> new ArgumentException(NAME + ": argument model is missing,"
                + " expected a name; names: " + Registries.fullModels().names()));
        Loader<?> loader = switch (model) {
            case String name -> {
                Loader<?> named = Registries.fullModels().get(name).build(all);
                all.finish();
                yield named;
            }
            case Loader<?> own -> own;
            default -> throw new ArgumentException(NAME + ": model is " + model + ", expected a name or a Loader of a"
                    + " Model");
        };
        return new Blueprint<>((scope, state) -> loaded(loader.load(scope, state)), (_, _) -> { });
    }

    private static Model loaded(Object module) {
        if (module instanceof Model model) {
            return model;
        }
        throw new ArgumentException(NAME + ": the loader gave " + module + ", expected a Model");
    }
}
