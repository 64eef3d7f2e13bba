// SPDX-License-Identifier: Apache-2.0
package io.gatun.models;

import io.gatun.core.ArgumentException;
import io.gatun.core.NearestName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Keyword arguments as upstream's constructors take them, in snake_case, from a YAML file, a checkpoint or Java. What
 * is read is remembered, so that {@link #finish()} can refuse what nobody wanted. A null value is as good as none, but
 * for the few arguments that ask {@link #isNull}.
 *
 * <p>All methods that read a value throw {@link ArgumentException} if it has another type, or if it is absent and there
 * is nothing to take instead. For one thread.
 */
public final class Arguments {
    private final String owner;
    private final Map<String, Object> values;
    private final Set<String> nulls;
    private final Set<String> known;

    private Arguments(String owner, Map<String, Object> values, Set<String> nulls, Set<String> known) {
        this.owner = owner;
        this.values = values;
        this.nulls = nulls;
        this.known = known;
    }

    /**
     * Arguments of a constructor.
     *
     * @param owner its name, for messages
     * @param values by snake_case key: Boolean, Number, String, List, Map, or an object of the constructor's own types
     * @return the arguments, none of them read
     */
    public static Arguments of(String owner, Map<String, ?> values) {
        Map<String, Object> present = new LinkedHashMap<>();
        Set<String> nulls = new LinkedHashSet<>();
        values.forEach((key, value) -> {
            if (value != null) {
                present.put(key, value);
            } else {
                nulls.add(key);
            }
        });
        return new Arguments(owner, present, nulls, new LinkedHashSet<>());
    }

    /**
     * The same with another value of an argument; what is read of these is read of the given ones too.
     *
     * @param key name of an argument that is given
     * @param value in its place
     * @return the changed arguments
     */
    public Arguments with(String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(values);
        changed.put(key, value);
        return new Arguments(owner, changed, nulls, known);
    }

    /**
     * Whether an argument is given. Asking does not read it.
     *
     * @param key its name
     * @return false if it is absent or null
     */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    /**
     * Whether an argument is given as null, for those whose default is something else. Asking does not read it.
     *
     * @param key its name
     * @return false if it is absent or has a value
     */
    public boolean isNull(String key) {
        return nulls.contains(key);
    }

    /**
     * An argument as it is.
     *
     * @param key its name
     * @return the value, if given
     */
    public Optional<Object> value(String key) {
        known.add(key);
        return Optional.ofNullable(values.get(key));
    }

    /**
     * An integer.
     *
     * @param key its name
     * @param otherwise what it is if absent
     * @return the value
     */
    public int integer(String key, int otherwise) {
        return read(key, "an integer", Arguments::asInteger).orElse(otherwise);
    }

    /**
     * An integer that must be there.
     *
     * @param key its name
     * @return the value
     */
    public int integer(String key) {
        return required(key, "an integer", Arguments::asInteger);
    }

    /**
     * A number.
     *
     * @param key its name
     * @param otherwise what it is if absent
     * @return the value
     */
    public double number(String key, double otherwise) {
        return read(key, "a number", Arguments::asNumber).orElse(otherwise);
    }

    /**
     * True or false.
     *
     * @param key its name
     * @param otherwise what it is if absent
     * @return the value
     */
    public boolean flag(String key, boolean otherwise) {
        return read(key, "true or false", value -> value instanceof Boolean b ? Optional.of(b) : Optional.empty())
                .orElse(otherwise);
    }

    /**
     * A string.
     *
     * @param key its name
     * @param otherwise what it is if absent
     * @return the value
     */
    public String text(String key, String otherwise) {
        return read(key, "a string", Arguments::asText).orElse(otherwise);
    }

    /**
     * A string that must be there.
     *
     * @param key its name
     * @return the value
     */
    public String text(String key) {
        return required(key, "a string", Arguments::asText);
    }

    /**
     * One of several words, letter case aside.
     *
     * @param key its name
     * @param type the words, in Java's spelling
     * @param otherwise what it is if absent
     * @param <E> the words
     * @return the value
     */
    public <E extends Enum<E>> E choice(String key, Class<E> type, E otherwise) {
        List<E> all = List.of(type.getEnumConstants());
        List<String> words = all.stream().map(e -> e.name().toLowerCase(Locale.ROOT)).toList();
        return read(key, "one of " + String.join(", ", words), value -> value instanceof String s
                ? all.stream().filter(e -> e.name().equalsIgnoreCase(s)).findFirst()
                : Optional.<E>empty()).orElse(otherwise);
    }

    /**
     * A list of integers; one integer is a list of one.
     *
     * @param key its name
     * @return the values, if given
     */
    public Optional<List<Integer>> integers(String key) {
        return read(key, "a list of integers", value -> all(value, Arguments::asInteger));
    }

    /**
     * A list of numbers; one number is a list of one.
     *
     * @param key its name
     * @return the values, if given
     */
    public Optional<List<Double>> numbers(String key) {
        return read(key, "a list of numbers", value -> all(value, Arguments::asNumber));
    }

    /**
     * A list of strings; one string is a list of one.
     *
     * @param key its name
     * @return the values, if given
     */
    public Optional<List<String>> texts(String key) {
        return read(key, "a list of strings", value -> all(value, Arguments::asText));
    }

    /**
     * A dictionary.
     *
     * @param key its name
     * @return its entries, if given
     */
    public Optional<Map<String, Object>> dictionary(String key) {
        return read(key, "a dictionary", Arguments::asDictionary);
    }

    /**
     * A list of dictionaries.
     *
     * @param key its name
     * @return the entries of each, if given
     */
    public Optional<List<Map<String, Object>>> dictionaries(String key) {
        return read(key, "a list of dictionaries", value -> all(value, Arguments::asDictionary));
    }

    /**
     * Reads all arguments whose names begin with a prefix.
     *
     * @param prefix for example {@code decoder_}
     * @param except names that are not taken although they begin so
     * @return their values by the rest of their names, nulls included
     */
    public Map<String, Object> takePrefixed(String prefix, String... except) {
        Map<String, Object> taken = new LinkedHashMap<>();
        Predicate<String> wanted = key ->
                key.startsWith(prefix) && key.length() > prefix.length() && !List.of(except).contains(key);
        values.keySet().stream().filter(wanted).forEach(key -> {
            taken.put(key.substring(prefix.length()), values.get(key));
            known.add(key);
        });
        nulls.stream().filter(wanted).forEach(key -> taken.put(key.substring(prefix.length()), null));
        return taken;
    }

    /**
     * Names of the arguments that nobody has read.
     *
     * @return in the order given
     */
    public List<String> unused() {
        return values.keySet().stream().filter(key -> !known.contains(key)).toList();
    }

    /**
     * Ends the reading.
     *
     * @throws ArgumentException if an argument was given that nobody has read; it names the nearest ones there are
     */
    public void finish() {
        List<String> unused = unused();
        if (unused.isEmpty()) {
            return;
        }
        List<String> each = new ArrayList<>();
        for (String key : unused) {
            each.add(known.isEmpty() ? key : key + " (did you mean " + NearestName.of(key, known) + "?)");
        }
        throw new ArgumentException(owner + ": arguments " + String.join(", ", each)
                + " were passed but not used. It has: "
                + (known.isEmpty() ? "none" : String.join(", ", known.stream().sorted().toList())));
    }

    private <T> Optional<T> read(String key, String wanted, Function<Object, Optional<T>> convert) {
        known.add(key);
        Object value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        return Optional.of(convert.apply(value).orElseThrow(() -> new ArgumentException(
                owner + ": " + key + " is " + value + ", expected " + wanted)));
    }

    private <T> T required(String key, String wanted, Function<Object, Optional<T>> convert) {
        return read(key, wanted, convert).orElseThrow(
                () -> new ArgumentException(owner + ": argument " + key + " is missing, expected " + wanted));
    }

    private static Optional<Integer> asInteger(Object value) {
        return value instanceof Number n && n.doubleValue() == n.intValue() ? Optional.of(n.intValue())
                : Optional.empty();
    }

    private static Optional<Double> asNumber(Object value) {
        return value instanceof Number n ? Optional.of(n.doubleValue()) : Optional.empty();
    }

    private static Optional<String> asText(Object value) {
        return value instanceof String s ? Optional.of(s) : Optional.empty();
    }

    private static Optional<Map<String, Object>> asDictionary(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return Optional.empty();
        }
        Map<String, Object> entries = new LinkedHashMap<>();
        map.forEach((key, each) -> entries.put(String.valueOf(key), each));
        return Optional.of(entries);
    }

    private static <T> Optional<List<T>> all(Object value, Function<Object, Optional<T>> convert) {
        List<T> converted = new ArrayList<>();
        for (Object each : value instanceof List<?> list ? list : List.of(value)) {
            Optional<T> one = convert.apply(each);
            if (one.isEmpty()) {
                return Optional.empty();
            }
            converted.add(one.get());
        }
        return Optional.of(Collections.unmodifiableList(converted));
    }
}
