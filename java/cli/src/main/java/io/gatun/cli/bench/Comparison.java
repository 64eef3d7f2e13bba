// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import io.gatun.core.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What changed since an earlier run. */
public final class Comparison {
    private Comparison() {}

    /** Whether something takes less time than before. */
    public enum Verdict {
        FASTER, SLOWER, NO_DIFFERENCE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /**
     * A row of two runs.
     *
     * @param name of the row
     * @param ratio median time now / then
     * @param low end of its interval
     * @param high end of its interval
     */
    public record Change(String name, double ratio, double low, double high) {
        /** No difference where the interval contains 1. */
        public Verdict verdict() {
            return high < 1 ? Verdict.FASTER : low > 1 ? Verdict.SLOWER : Verdict.NO_DIFFERENCE;
        }
    }

    /** A change for each row that both have, in the order of now. */
    public static List<Change> of(Report then, Report now) {
        List<Change> changes = new ArrayList<>();
        for (Report.Row row : now.rows()) {
            then.row(row.name()).ifPresent(old -> {
                Statistics.Interval interval = Statistics.ratioOfMedians(row.samples(), old.samples());
                changes.add(new Change(row.name(), row.median() / old.median(), interval.low(), interval.high()));
            });
        }
        return changes;
    }

    /**
     * Refuses a result that says nothing about this run.
     *
     * @throws DataException if it is of another shape, model, device, number of threads or precision
     */
    public static void requireComparable(Path file, Report.Setting then, Report.Setting now) {
        List<String> other = new ArrayList<>();
        differ(other, "shape", then.shape(), now.shape());
        differ(other, "model", then.model(), now.model());
        differ(other, "device", then.device(), now.device());
        differ(other, "processor", then.processor(), now.processor());
        differ(other, "threads", then.threads(), now.threads());
        differ(other, "precision", then.precision(), now.precision());
        if (!other.isEmpty()) {
            throw new DataException(file + ": is a result of other conditions: " + String.join("; ", other)
                    + ". Measure both under the same.");
        }
    }

    /** What else is not the same, for a note. */
    public static List<String> differences(Report.Setting then, Report.Setting now) {
        List<String> other = new ArrayList<>();
        differ(other, "Gatun", then.gatun(), now.gatun());
        differ(other, "Java", then.java(), now.java());
        differ(other, "system", then.system(), now.system());
        differ(other, "instruction set", then.instructions(), now.instructions());
        differ(other, "libraries", then.libraries(), now.libraries());
        differ(other, "weights", then.weights(), now.weights());
        return other;
    }

    private static void differ(List<String> found, String what, Object then, Object now) {
        if (!then.equals(now)) {
            found.add(what + " " + then + ", now " + now);
        }
    }
}
