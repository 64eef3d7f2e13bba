// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import java.util.List;

/** Made-up reports. */
final class Reports {
    static final Report.Rates RATES = new Report.Rates(256e6, List.of(1e7, 1.5e7), 2e9, List.of(2.5e7));

    private Reports() {}

    static Report.Setting setting(String precision) {
        return new Report.Setting("2026-02-27T12:00:00Z", "0.1.0", "25", "Linux amd64", "cpu", "a \"processor\"", 2,
                "AVX2", "none", precision, "1x1x31x128x128", "SpatioTemporalConfig[...]", "random");
    }

    static Report of(String precision) {
        return new Report(setting(precision), RATES, List.of(
                new Report.Row("add", 1e6, 0, 2e4, List.of(3e4, 3.125e4)),
                new Report.Row("forward", 1e8, 1e10, 1.25e8, List.of(2e8))));
    }
}
