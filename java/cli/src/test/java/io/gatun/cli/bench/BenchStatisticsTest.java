// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BenchStatisticsTest {
    private static List<Double> noisy(double mean, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return Stream.generate(() -> mean * random.nextDouble(0.95, 1.05)).limit(15).toList();
    }

    private static Report report(String name, List<Double> samples) {
        return new Report(Reports.setting("strict"), Reports.RATES,
                List.of(new Report.Row(name, 1, 1, 1, samples)));
    }

    private static Comparison.Change change(List<Double> then, List<Double> now) {
        List<Comparison.Change> changes = Comparison.of(report("add", then), report("add", now));
        assertEquals(1, changes.size());
        return changes.getFirst();
    }

    @Test
    void quantilesLieBetweenSamplesWhateverTheirOrder() {
        List<Double> samples = List.of(4.0, 1.0, 2.0, 3.0);
        assertEquals(2.5, Statistics.median(samples));
        assertEquals(1.75, Statistics.quantile(samples, 0.25));
        assertEquals(1, Statistics.quantile(samples, 0));
        assertEquals(4, Statistics.quantile(samples, 1));
        assertEquals(7, Statistics.median(List.of(7.0)));
    }

    @Test
    void intervalOfFewSamplesIsTheKnownOne() {
        // A resampled median of 1, 2, 3 is 1 in 7 of 27 cases and 3 in as many, more than the half percent of a tail.
        assertEquals(new Statistics.Interval(0.5, 1.5),
                Statistics.ratioOfMedians(List.of(1.0, 2.0, 3.0), List.of(2.0, 2.0, 2.0)));
        assertEquals(new Statistics.Interval(0.25, 0.25),
                Statistics.ratioOfMedians(List.of(1.0, 1.0), List.of(4.0, 4.0, 4.0)));
    }

    @Test
    void intervalIsAsNarrowAsItsConfidenceSays() {
        // One sample in 15 is far away: a median is that only where 8 of 15 draws are, which no tail reaches.
        List<Double> samples = new ArrayList<>(Collections.nCopies(14, 1.0));
        samples.add(100.0);
        assertEquals(new Statistics.Interval(1, 1), Statistics.ratioOfMedians(samples, List.of(1.0)));
    }

    @Test
    void sameSamplesAreNoDifference() {
        List<Double> samples = noisy(1000, 1);
        Comparison.Change change = change(samples, samples);
        assertEquals(1, change.ratio());
        assertTrue(change.low() < 1 && change.high() > 1, change::toString);
        assertEquals(Comparison.Verdict.NO_DIFFERENCE, change.verdict());
        assertEquals(Comparison.Verdict.NO_DIFFERENCE, change(List.of(5.0), List.of(5.0)).verdict());
    }

    @Test
    void noiseIsNoDifference() {
        assertEquals(Comparison.Verdict.NO_DIFFERENCE, change(noisy(1000, 1), noisy(1001, 2)).verdict());
    }

    @Test
    void halfTheTimeIsFasterAndTwiceTheTimeSlower() {
        Comparison.Change faster = change(noisy(1000, 1), noisy(500, 2));
        assertEquals(Comparison.Verdict.FASTER, faster.verdict());
        assertEquals(0.5, faster.ratio(), 0.05);
        assertTrue(faster.low() < 0.5 && faster.high() > 0.5 && faster.high() < 0.6, faster::toString);
        assertEquals(Comparison.Verdict.SLOWER, change(noisy(500, 2), noisy(1000, 1)).verdict());
    }

    @Test
    void comparisonHasTheRowsOfBothRuns() {
        assertEquals(List.of(), Comparison.of(report("add", List.of(1.0)), report("forward", List.of(1.0))));
    }

    @Test
    void boundIsTheLongerOfBytesAndFlops() {
        Report.Rates rates = new Report.Rates(100, List.of(10.0), 1000, List.of(10.0));
        assertEquals(5, rates.bound(new Operation.Cost(50, 100)));
        assertEquals(10, rates.bound(new Operation.Cost(50, 1000)));
        assertEquals(0.25, new Report.Row("add", 50, 1000, 10, List.of(40.0)).share());
    }
}
