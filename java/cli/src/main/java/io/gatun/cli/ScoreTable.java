// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.UnitLabel;
import io.gatun.wrappers.reconstruct.Scores;
import java.util.Locale;

/** Scores as lines for people. */
final class ScoreTable {
    private ScoreTable() {}

    /** A head and four rows. */
    static String of(Scores scores, String units) {
        String difference = UnitLabel.ofDifferences(units);
        return String.format(Locale.ROOT, "%-22s %-22s %9s %9s %9s%n", "", "sea cells", "RMSE [" + difference + "]",
                "MAE [" + difference + "]", "number")
                + row("reconstruction", "all", scores.reconstruction())
                + row("", "never observed", scores.reconstructionUnobserved())
                + row("mean of observations", "all", scores.meanOfObservations())
                + row("", "never observed", scores.meanOfObservationsUnobserved());
    }

    private static String row(String what, String where, Scores.Score score) {
        return String.format(Locale.ROOT, "%-22s %-22s %9.3f %9.3f %9d%n", what, where, score.rmse(), score.mae(),
                score.cells());
    }
}
