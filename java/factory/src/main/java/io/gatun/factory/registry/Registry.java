// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/**
 * Names that can be added to: upstream's {@code Registry}. Safe for use by many threads.
 *
 * @param <T> what a name stands for
 */
public final class Registry<T> implements Source<T> {
    private final Map<String, T> entries = new LinkedHashMap<>();

    /** An empty registry. */
    public Registry() {}

    /**
     * Adds a name.
     *
     * @param name its name, without a prefix
     * @param entry what it stands for
     * @throws ArgumentException if the name is taken
     */
    public synchronized void register(String name, T entry) {
        if (entries.putIfAbsent(name, entry) != null) {
            throw new ArgumentException("the name \"" + name + "\" is registered already; choose another");
        }
    }

    @Override
    public synchronized SequencedSet<String> names() {
        return new LinkedHashSet<>(entries.keySet());
    }

    @Override
    public synchronized Optional<T> find(String name) {
        return Optional.ofNullable(entries.get(name));
    }

    @Override
    public synchronized String whyNot(String name) {
        return entries.isEmpty() ? "it has no names"
                : "not there; the nearest is " + NearestName.of(name, entries.keySet());
    }
}
