// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import io.gatun.core.ArgumentException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names from several sources, upstream's class of the same name: {@code source_name} asks that source alone, a name
 * without the prefix of a source is looked up in all of them, in the order in which they were added. Safe for use by
 * many threads.
 *
 * @param <T> what a name stands for
 */
public final class MultiSourceRegistry<T> {
    private final String what;
    private final Map<String, Source<T>> sources = new LinkedHashMap<>();

    /**
     * A registry without sources.
     *
     * @param what what it holds, for messages: backbone, neck, decoder
     */
    public MultiSourceRegistry(String what) {
        this.what = what;
    }

    /**
     * Adds a source, behind those there are.
     *
     * @param prefix its name, without an underscore
     * @param source the source
     * @throws ArgumentException if there is a source of this name
     */
    public synchronized void registerSource(String prefix, Source<T> source) {
        if (prefix.isEmpty() || prefix.contains("_")) {
            throw new ArgumentException("a source's name is not empty and has no underscore, got \"" + prefix + "\"");
        }
        if (sources.putIfAbsent(prefix, source) != null) {
            throw new ArgumentException("Source for prefix " + prefix + " already exists.");
        }
    }

    /**
     * Adds a name to a source.
     *
     * @param source the source's prefix
     * @param name the name, without it
     * @param entry what it stands for
     * @throws ArgumentException if there is no such source, if names cannot be added to it, or if the name is taken
     */
    public synchronized void register(String source, String name, T entry) {
        if (!(sources.get(source) instanceof Registry<T> registry)) {
            throw new ArgumentException("names of " + what + "s cannot be added to the source \"" + source
                    + "\"; sources: " + String.join(", ", sources.keySet()));
        }
        registry.register(name, entry);
    }

    /**
     * What a name stands for.
     *
     * @param name with or without the prefix of a source
     * @return what was registered
     * @throws ArgumentException if no source has it; the message has each source's reason
     */
    public T get(String name) {
        return find(name).orElseThrow(() -> new ArgumentException(notFound(name)));
    }

    /**
     * What a name stands for, if any source has it.
     *
     * @param name with or without the prefix of a source
     * @return what was registered
     */
    public synchronized Optional<T> find(String name) {
        Optional<String> prefix = prefixOf(name);
        if (prefix.isPresent()) {
            return sources.get(prefix.get()).find(name.substring(prefix.get().length() + 1));
        }
        return sources.values().stream().flatMap(source -> source.find(name).stream()).findFirst();
    }

    /**
     * All names, with their source's prefix.
     *
     * @return in the order of the sources
     */
    public synchronized SequencedSet<String> names() {
        SequencedSet<String> all = new LinkedHashSet<>();
        sources.forEach((prefix, source) -> source.names().forEach(name -> all.add(prefix + "_" + name)));
        return all;
    }

    /**
     * The names that match a pattern, with or without their prefix.
     *
     * @param wildcards * for any characters, ? for one
     * @return with their source's prefix, in the order of the sources
     */
    public List<String> names(String wildcards) {
        String expression = Pattern.compile("[^*?]+").matcher(wildcards).replaceAll(
                part -> Matcher.quoteReplacement(Pattern.quote(part.group())));
        Pattern pattern = Pattern.compile(expression.replace("*", ".*").replace("?", "."));
        return names().stream().filter(name -> pattern.matcher(name).matches()
                || pattern.matcher(name.substring(name.indexOf('_') + 1)).matches()).toList();
    }

    private Optional<String> prefixOf(String name) {
        int at = name.indexOf('_');
        return at > 0 && sources.containsKey(name.substring(0, at)) ? Optional.of(name.substring(0, at))
                : Optional.empty();
    }

    private synchronized String notFound(String name) {
        Optional<String> prefix = prefixOf(name);
        StringBuilder text = new StringBuilder("there is no " + what + " \"" + name + "\"");
        if (prefix.isPresent()) {
            String rest = name.substring(prefix.get().length() + 1);
            return text.append(" in source ").append(prefix.get()).append(": ")
                    .append(sources.get(prefix.get()).whyNot(rest)).append('.').toString();
        }
        sources.forEach((source, entries) -> text.append("\n  ").append(source).append(": ")
                .append(entries.whyNot(name)).append('.'));
        return text.toString();
    }
}
