// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.ArgumentException;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Arguments;
import io.gatun.models.Loader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A neck with its arguments.
 *
 * @param name for messages
 */
record NeckChoice(String name, NeckBuilder builder, Map<String, Object> arguments) {
    /** By upstream's dictionaries. */
    static List<NeckChoice> all(List<Map<String, Object>> necks) {
        return necks.stream().map(NeckChoice::of).toList();
    }

    private static NeckChoice of(Map<String, Object> neck) {
        if (!(neck.get("name") instanceof String name)) {
            throw new ArgumentException("necks: " + neck + " has no name; each neck is a dictionary with a name and its"
                    + " arguments. Names: " + Registries.necks().names());
        }
        Map<String, Object> arguments = new LinkedHashMap<>(neck);
        arguments.remove("name");
        return new NeckChoice(name, Registries.necks().get(name), arguments);
    }

    Loader<? extends Neck> loader(List<Integer> channels, OptionalInt patchSize) {
        Arguments given = Arguments.of(name, arguments);
        Loader<? extends Neck> loader = builder.build(channels, patchSize, given);
        given.finish();
        return loader;
    }
}
