// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import java.util.Map;
import java.util.TreeMap;

/** Which elements of a variable were written: intervals that neither overlap nor touch. */
final class Coverage {
    /** First element to the one after the last. */
    private final TreeMap<Long, Long> intervals = new TreeMap<>();

    /** Whether one of the elements is covered. */
    boolean overlaps(long first, long end) {
        Map.Entry<Long, Long> before = intervals.lowerEntry(end);
        return first < end && before != null && before.getValue() > first;
    }

    /** Adds elements that are not covered yet. */
    void add(long first, long end) {
        if (first == end) {
            return;
        }
        Long after = intervals.remove(end);
        long newEnd = after == null ? end : after;
        Map.Entry<Long, Long> before = intervals.lowerEntry(first);
        intervals.put(before != null && before.getValue() == first ? before.getKey() : first, newEnd);
    }

    /** Number of covered elements. */
    long count() {
        return intervals.entrySet().stream().mapToLong(interval -> interval.getValue() - interval.getKey()).sum();
    }

    /** The first element that is not covered. */
    long firstGap() {
        Map.Entry<Long, Long> start = intervals.firstEntry();
        return start == null || start.getKey() > 0 ? 0 : start.getValue();
    }
}
