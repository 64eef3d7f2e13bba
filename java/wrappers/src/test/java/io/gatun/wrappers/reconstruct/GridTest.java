// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Which way round a grid lies on the globe. */
class GridTest {
    private static Grid columns(double... lon) {
        return new Grid(new double[] {1, 2}, lon);
    }

    @Test
    void directionsGoByNeighboursNotByTheEnds() {
        assertFalse(columns(178, 179, -180, -179).lonDescends());
        assertFalse(columns(358, 359, 0, 1).lonDescends());
        assertTrue(columns(1, 0, 359, 358).lonDescends());
        assertTrue(columns(-179, -180, 179).lonDescends());
        assertFalse(columns(5).lonDescends());
        assertTrue(new Grid(new double[] {2, 1}, new double[] {0, 1}).latDescends());
        assertFalse(new Grid(new double[] {1}, new double[] {0, 1}).latDescends());
    }

    @Test
    void aFullCircleWrapsWhereverItStarts() {
        for (double first : new double[] {-180, 0, -179.5, 0.5, 20}) {
            for (double step : new double[] {1, -1}) {
                double[] lon = GridFixture.axis(first, step, 360);
                assertTrue(columns(lon).wraps(), first + " by " + step);
                for (int i = 0; i < 360; i++) {
                    lon[i] = lon[i] >= 180 ? lon[i] - 360 : lon[i];
                }
                assertTrue(columns(lon).wraps(), first + " by " + step + ", from -180 to 180");
                assertFalse(columns(java.util.Arrays.copyOf(lon, 358)).wraps(), "358 degrees");
            }
        }
        assertTrue(columns(GridFixture.axis(0.125f, 0.25f, 1440)).wraps());
        assertFalse(columns(10).wraps());
    }

    @Test
    void theWesternmostColumnComesAfter180Degrees() {
        assertEquals(2, columns(0, 90, 180, 270).westernmostColumn());
        assertEquals(0, columns(-180, -90, 0, 90).westernmostColumn());
        assertEquals(1, columns(270, 540, 450, 360).westernmostColumn());
    }
}
