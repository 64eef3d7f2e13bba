// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MapFrameTest {
    @Test
    void northIsUpWhateverTheOrderOfTheFile() {
        MapFrame southFirst = new MapFrame(new double[] {-1, 1}, new double[] {0, 2}, 100);
        assertEquals(1, southFirst.rowOfPixels()[0]);
        MapFrame northFirst = new MapFrame(new double[] {1, -1}, new double[] {0, 2}, 100);
        assertEquals(0, northFirst.rowOfPixels()[0]);
    }

    @Test
    void everyPixelShowsItsCell() {
        MapFrame frame = new MapFrame(new double[] {0, 1, 2, 3}, new double[] {0, 1, 2, 3}, 8);
        assertArrayEquals(new int[] {0, 0, 1, 1, 2, 2, 3, 3}, frame.columnOfPixels());
        assertArrayEquals(new int[] {3, 3, 2, 2, 1, 1, 0, 0}, frame.rowOfPixels());
    }

    @Test
    void moreCellsThanPixelsStillFit() {
        double[] axis = new double[1000];
        for (int i = 0; i < axis.length; i++) {
            axis[i] = i * 0.01;
        }
        MapFrame frame = new MapFrame(axis, axis, 50);
        int[] columns = frame.columnOfPixels();
        assertEquals(50, columns.length);
        for (int p = 1; p < columns.length; p++) {
            assertTrue(columns[p] > columns[p - 1]);
        }
        assertTrue(columns[0] < 20 && columns[49] > 979);
    }

    @Test
    void longitudesShrinkTowardsThePole() {
        double[] lon = {0, 1, 2, 3};
        MapFrame equator = new MapFrame(new double[] {-1.5, -0.5, 0.5, 1.5}, lon, 400);
        assertEquals(equator.height(), equator.width(), 1);
        MapFrame sixty = new MapFrame(new double[] {58.5, 59.5, 60.5, 61.5}, lon, 400);
        assertEquals(0.5, (double) sixty.width() / sixty.height(), 0.01);
    }

    @Test
    void aRegionAcrossTheDateLineIsOnePiece() {
        MapFrame frame = new MapFrame(new double[] {0, 2}, new double[] {178, 180, -178, -176}, 100);
        assertArrayEquals(new int[] {0, 1, 2, 3},
                Arrays.stream(frame.columnOfPixels()).distinct().toArray());
        assertEquals(List.of(178.0, 180.0, 182.0, 184.0), frame.lonTicks());
    }

    @Test
    void oneCellIsAMap() {
        MapFrame frame = new MapFrame(new double[] {10}, new double[] {20}, 100);
        assertEquals(0, frame.columnOfPixels()[frame.width() - 1]);
    }
}
