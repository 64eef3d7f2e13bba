// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * A source that TerraTorch takes from another library and Gatun does not build: it has no names, and says what to use
 * in their place.
 *
 * @param <T> what a name would stand for
 * @param library the library
 * @param instead for names of it, what there is in Gatun; the empty name stands for all others
 */
record Elsewhere<T>(String library, Map<String, String> instead) implements Source<T> {
    @Override
    public SequencedSet<String> names() {
        return new LinkedHashSet<>();
    }

    @Override
    public Optional<T> find(String name) {
        return Optional.empty();
    }

    @Override
    public String whyNot(String name) {
        return "names of " + library + " are not built; " + instead.getOrDefault(name, instead.getOrDefault("",
                "there is nothing in their place"));
    }
}
