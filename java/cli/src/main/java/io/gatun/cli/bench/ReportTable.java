// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A report as lines for people. */
public final class ReportTable {
    private static final double NANOS_PER_MILLI = 1e6;

    private ReportTable() {}

    /** Two lines about the run, a head and the rows. */
    public static String of(Report report) {
        Report.Setting setting = report.setting();
        String threads = setting.threads() > 0
                ? ", " + setting.threads() + (setting.threads() == 1 ? " thread" : " threads") : "";
        return String.format(Locale.ROOT, "%s, %s%s, precision %s, shape %s, weights: %s%n", setting.device(),
                        setting.processor(), threads, setting.precision(), setting.shape(), setting.weights())
                + String.format(Locale.ROOT, "copy %.1f GB/s, product %.1f GFLOP/s%n",
                        report.rates().bytesPerNanosecond(), report.rates().flopsPerNanosecond())
                + String.format(Locale.ROOT, "%-17s %12s %23s %12s %9s%n", "", "median [ms]", "quartiles [ms]",
                        "bound [ms]", "share")
                + report.rows().stream().map(ReportTable::row).collect(Collectors.joining());
    }

    /** A head and a line for each change. */
    public static String of(List<Comparison.Change> changes) {
        return String.format(Locale.ROOT, "%-17s %12s %23s%n", "", "now / then",
                        Math.round(100 * Statistics.CONFIDENCE) + " % interval")
                + changes.stream().map(change -> String.format(Locale.ROOT, "%-17s %12.3f %11.3f %11.3f  %s%n",
                        change.name(), change.ratio(), change.low(), change.high(), change.verdict()))
                .collect(Collectors.joining());
    }

    private static String row(Report.Row row) {
        return String.format(Locale.ROOT, "%-17s %12.4f %11.4f %11.4f %12.4f %7.0f %%%n", row.name(),
                row.median() / NANOS_PER_MILLI, Statistics.quantile(row.samples(), 0.25) / NANOS_PER_MILLI,
                Statistics.quantile(row.samples(), 0.75) / NANOS_PER_MILLI, row.bound() / NANOS_PER_MILLI,
                100 * row.share());
    }
}
