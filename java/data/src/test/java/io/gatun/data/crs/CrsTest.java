// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.crs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DataException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CrsTest {
    private static final double SEMI_MAJOR = 6_378_137;
    private static final double SQUARED_ECCENTRICITY = 0.00669437999014;

    /** The CN tower as commonly published to the metre, the poles' and the equator's distances from the tables. */
    @ParameterizedTest
    @CsvSource({"32617, -79.3871389, 43.6425667, 630084, 4833438, 1.5", "32631, 3, 0, 500000, 0, 1e-6",
        "32631, 3, 90, 500000, 9997964.943, 1e-3", "32731, 3, 0, 500000, 10000000, 1e-6",
        "32760, 177, -90, 500000, 2035.057, 1e-3"})
    void utmOfKnownPoints(int epsg, double lon, double lat, double easting, double northing, double tolerance) {
        assertArrayEquals(new double[] {easting, northing}, new Crs(epsg).fromDegrees(lon, lat), tolerance);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 10, 31.2, 45, 60, 84, -33.9})
    void northingOnTheCentralMeridianIsItsLength(double lat) {
        // Simpson's rule on the meridian's radius of curvature, which shares nothing with the series.
        int steps = 2000;
        double width = Math.toRadians(lat) / steps;
        double sum = 0;
        for (int i = 0; i <= steps; i++) {
            double sin = Math.sin(i * width);
            double radius = SEMI_MAJOR * (1 - SQUARED_ECCENTRICITY)
                    / Math.pow(1 - SQUARED_ECCENTRICITY * sin * sin, 1.5);
            sum += radius * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2);
        }
        assertEquals(0.9996 * sum * width / 3, new Crs(32651).fromDegrees(123, lat)[1], 1e-5);
    }

    @ParameterizedTest
    @CsvSource({"32651, 121.5, 31.2", "32651, 128, 60", "32760, -179.5, -45", "32601, 179.9, 10", "32701, -177, -0.1",
        "4326, 12, 34"})
    void degreesComeBack(int epsg, double lon, double lat) {
        Crs crs = new Crs(epsg);
        double[] projected = crs.fromDegrees(lon, lat);
        assertArrayEquals(new double[] {lon, lat}, crs.toDegrees(projected[0], projected[1]), 1e-9);
    }

    @Test
    void anglesAreKeptInAUtmZone() {
        Crs crs = new Crs(32633);
        double[] at = crs.fromDegrees(17.3, 52);
        double[] north = crs.fromDegrees(17.3, 52 + 1e-5);
        // A parallel's degree is shorter than a meridian's by cosine and curvature.
        double squash = Math.cos(Math.toRadians(52)) * (1 - SQUARED_ECCENTRICITY * Math.pow(
                Math.sin(Math.toRadians(52)), 2)) / (1 - SQUARED_ECCENTRICITY);
        double[] east = crs.fromDegrees(17.3 + 1e-5 / squash, 52);
        assertEquals(north[1] - at[1], east[0] - at[0], 1e-5);
        assertEquals(north[0] - at[0], at[1] - east[1], 1e-5);
    }

    @Test
    void farFromTheZoneThereAreNoCoordinates() {
        assertTrue(Double.isNaN(new Crs(32633).fromDegrees(100, 10)[0]));
    }

    @ParameterizedTest
    @ValueSource(ints = {3857, 32600, 32661, 32700, 32761, 25832, 0, -4326})
    void otherSystemsAreRefusedByName(int epsg) {
        DataException e = assertThrows(DataException.class, () -> new Crs(epsg));
        assertTrue(e.getMessage().contains("EPSG:" + epsg) && e.getMessage().contains("gdalwarp"), e::getMessage);
    }
}
