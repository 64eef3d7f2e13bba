// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import io.gatun.models.Arguments;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the sections of one configuration. A key that is neither read nor known to have no say is an error, or a note
 * where such keys are to be ignored.
 */
final class ConfigReader {
    private final String source;
    private final boolean ignoreKeys;
    private final List<String> notes = new ArrayList<>();

    ConfigReader(String source, boolean ignoreKeys) {
        this.source = source;
        this.ignoreKeys = ignoreKeys;
    }

    /** The keys of a section that are read. */
    Arguments section(String path, Map<String, Object> given, Collection<String> read, Collection<String> skipped) {
        Set<String> known = new LinkedHashSet<>(read);
        known.addAll(skipped);
        Map<String, Object> kept = new LinkedHashMap<>();
        given.forEach((key, value) -> {
            if (read.contains(key)) {
                kept.put(key, value);
            } else if (!skipped.contains(key)) {
                refuseUnlessIgnored(path.isEmpty() ? key : path + "." + key,
                        "is unknown; did you mean " + NearestName.of(key, known) + "?");
            }
        });
        return Arguments.of(path.isEmpty() ? source : source + ": " + path, kept);
    }

    /** An error that {@code --ignore-keys} makes a note of. */
    void refuseUnlessIgnored(String key, String why) {
        if (!ignoreKeys) {
            throw new ArgumentException(source + ": " + key + " " + why + " Correct it, or leave such keys out of"
                    + " account with --ignore-keys.");
        }
        notes.add(key + " is ignored");
    }

    void note(String text) {
        notes.add(text);
    }

    ArgumentException error(String text) {
        return new ArgumentException(source + ": " + text);
    }

    List<String> notes() {
        return notes;
    }

    /**
     * The last part of a class path of TerraTorch, in its short or dotted form.
     *
     * @param known the names there are
     */
    String terratorchClass(String key, String classPath, Collection<String> known) {
        String name = classPath.strip();
        String last = name.substring(name.lastIndexOf('.') + 1);
        if (!known.contains(last) || !name.equals(last) && !name.startsWith("terratorch.")) {
            throw error(key + " " + name + " is unknown; did you mean " + NearestName.of(last, known)
                    + "? There are " + String.join(", ", known) + ", of the package terratorch or without it.");
        }
        return last;
    }
}
