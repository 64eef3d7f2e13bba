// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is said about inputs that a checkpoint was not trained for. */
class TrainingDomainTest {
    private static TrainingDomain domain(Map<String, Object> training) {
        Map<String, Object> configuration = new LinkedHashMap<>(SmallCheckpoint.configuration());
        configuration.put("training", training);
        return TrainingDomain.of(SmallCheckpoint.of(configuration));
    }

    private static final TrainingDomain TASMAN = domain(Map.of("region",
            Map.of("lat", List.of(-44.875, -37.125), "lon", List.of(147.125, 154.875)), "training_years",
            List.of(1982L, 2011L), "grid_degrees", 0.25, "value_range_degC", List.of(7.72, 25.83)));

    private static Grid grid(double south, double west, double cell) {
        return new Grid(GridFixture.axis(south, cell, 32), GridFixture.axis(west, cell, 32));
    }

    private static String warning(Grid grid, double lowest, double highest) {
        return TASMAN.warning(grid, lowest, highest).orElse("");
    }

    @Test
    void whatTheCheckpointStatesIsRead() {
        assertEquals(Optional.of(new TrainingDomain.Range(-44.875, -37.125)), TASMAN.latitudes());
        assertEquals(Optional.of(new TrainingDomain.Range(147.125, 154.875)), TASMAN.longitudes());
        assertEquals(Optional.of(new TrainingDomain.Range(1982, 2011)), TASMAN.years());
        assertEquals(Optional.of(0.25), TASMAN.gridDegrees());
        assertEquals("7.720 to 25.83", TASMAN.values().orElseThrow().toString());
        TrainingDomain silent = domain(Map.of());
        assertEquals(new TrainingDomain(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(),
                Optional.empty()), silent);
        assertTrue(silent.warning(grid(80, 0, 1), -100, 100).isEmpty());
    }

    @Test
    void inputLikeTheTrainingDrawsNoWarning() {
        assertEquals("", warning(grid(-44.875, 147.125, 0.25), 8, 25));
        assertEquals("", warning(new Grid(GridFixture.reversed(GridFixture.axis(-44.875, 0.25, 32)),
                GridFixture.reversed(GridFixture.axis(147.125, 0.25, 32))), 8, 25), "in any order");
        assertEquals("", warning(grid(-44.875, 147.125 - 360, 0.25), 8, 25), "longitudes count from any origin");
        assertEquals("", warning(grid(-45.1, 147.3, 0.25), 7.3, 26.2), "a cell and half a degree are within");
    }

    @Test
    void whatLiesOutsideIsSaidWithNumbersInOneSentence() {
        String intro = "the input is outside of what the checkpoint was trained for: ";
        assertEquals(intro + "latitude is 10 to 17.75, in training -44.88 to -37.13",
                warning(grid(10, 147.125, 0.25), 8, 25));
        assertEquals(intro + "longitude is 0 to 7.750, in training 147.1 to 154.9",
                warning(grid(-44.875, 0, 0.25), 8, 25));
        assertEquals(intro + "values are 8 to 31, in training 7.720 to 25.83",
                warning(grid(-44.875, 147.125, 0.25), 8, 31));
        assertEquals(intro + "a cell has 0.1250 degrees, in training 0.2500",
                warning(grid(-44.875, 147.125, 0.125), 8, 25));
        String all = warning(grid(0, 0, 1), -2, 31);
        assertEquals(3, all.chars().filter(c -> c == ';').count(), all);
    }

    @Test
    void aRegionAcross180DegreesIsNotTakenForTheWholeGlobe() {
        double[] lon = GridFixture.axis(175, 0.25, 40);
        for (int i = 0; i < lon.length; i++) {
            lon[i] = lon[i] >= 180 ? lon[i] - 360 : lon[i];
        }
        String text = warning(new Grid(GridFixture.axis(-44.875, 0.25, 32), lon), 8, 25);
        assertTrue(text.contains("longitude is 175 to 184.8"), text);
    }
}
