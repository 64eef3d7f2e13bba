// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of weights for people: those of a model's blocks differ in a number, and there may be hundreds. Names of one
 * shape that differ in their first number alone share a line, {@code blocks.0-11.norm1.weight [768]}.
 */
final class NumberedNames {
    private static final Pattern NUMBER = Pattern.compile("(?<=\\.|^)[0-9]{1,6}(?=\\.|$)");

    private record Group(String before, String after, Shape shape) {}

    private NumberedNames() {}

    /** Lines in the order of their first names. */
    static List<String> grouped(Map<String, Shape> names) {
        Map<Group, List<Integer>> groups = new LinkedHashMap<>();
        names.forEach((name, shape) -> {
            Matcher number = NUMBER.matcher(name);
            if (number.find()) {
                groups.computeIfAbsent(
                        new Group(name.substring(0, number.start()), name.substring(number.end()), shape),
                        _ -> new ArrayList<>()).add(Integer.parseInt(number.group()));
            } else {
                groups.put(new Group(name, "", shape), List.of());
            }
        });
        return groups.entrySet().stream().map(group -> group.getKey().before() + ranges(group.getValue())
                + group.getKey().after() + " " + group.getKey().shape()).toList();
    }

    private static String ranges(List<Integer> numbers) {
        List<Integer> sorted = numbers.stream().sorted().toList();
        List<String> ranges = new ArrayList<>();
        for (int i = 0; i < sorted.size(); i++) {
            int first = i;
            while (i + 1 < sorted.size() && sorted.get(i + 1) == sorted.get(i) + 1) {
                i++;
            }
            ranges.add(i == first ? "" + sorted.get(i) : sorted.get(first) + "-" + sorted.get(i));
        }
        return String.join(",", ranges);
    }
}
