// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gatun.core.ArgumentException;
import java.awt.image.BufferedImage;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {
    private static final int CELLS = 40;
    private static final int DIMENSIONS = 12;

    /** Three known sources of variances 9, 4 and 1 along orthonormal axes, on a mean of 5. */
    private static float[] mixed(double[][] sources, double[][] axes) {
        float[] data = new float[DIMENSIONS * CELLS];
        for (int d = 0; d < DIMENSIONS; d++) {
            for (int cell = 0; cell < CELLS; cell++) {
                double value = 5;
                for (int i = 0; i < axes.length; i++) {
                    value += axes[i][d] * sources[i][cell];
                }
                data[d * CELLS + cell] = (float) value;
            }
        }
        return data;
    }

    private static double[][] orthonormal(int count, int length, long seed, boolean centred) {
        Random random = new Random(seed);
        double[][] rows = new double[count][length];
        for (int i = 0; i < count; i++) {
            Arrays.setAll(rows[i], _ -> random.nextGaussian());
            double mean = Arrays.stream(rows[i]).average().orElseThrow();
            for (int j = 0; j < length && centred; j++) {
                rows[i][j] -= mean;
            }
            for (int before = 0; before < i; before++) {
                double share = dot(rows[before], rows[i]);
                for (int j = 0; j < length; j++) {
                    rows[i][j] -= share * rows[before][j];
                }
            }
            double norm = Math.sqrt(dot(rows[i], rows[i]));
            for (int j = 0; j < length; j++) {
                rows[i][j] /= norm;
            }
        }
        return rows;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Test
    void knownSourcesComeBackInTheOrderOfTheirVariance() {
        double[][] axes = orthonormal(3, DIMENSIONS, 1, false);
        double[][] sources = orthonormal(3, CELLS, 2, true);
        for (int i = 0; i < 3; i++) {
            int scale = 3 - i;
            sources[i] = Arrays.stream(sources[i]).map(v -> v * scale).toArray();
        }
        double[][] scores = PrincipalComponents.scores(mixed(sources, axes), CELLS, 4);
        for (int i = 0; i < 3; i++) {
            double largest = Arrays.stream(axes[i]).reduce(0, (a, b) -> Math.abs(b) > Math.abs(a) ? b : a);
            double sign = Math.signum(largest);
            assertArrayEquals(Arrays.stream(sources[i]).map(v -> sign * v).toArray(), scores[i], 1e-4);
        }
        assertArrayEquals(new double[CELLS], scores[3], "a fourth component is rounding of the data");
    }

    @Test
    void equalCellsHaveNoComponents() {
        float[] data = new float[DIMENSIONS * CELLS];
        Arrays.fill(data, 3);
        assertArrayEquals(new double[3][CELLS], PrincipalComponents.scores(data, CELLS, 3));
        assertEquals(0xff808080, ComponentPicture.draw(data, 5, 8).getRGB(3, 3));
    }

    @Test
    void colourIsTheFirstComponentAndCellsAreSquares() {
        // One ramp along the columns: red rises from left to right, green and blue have nothing to show.
        float[] data = new float[2 * 4 * 8];
        for (int cell = 0; cell < 32; cell++) {
            data[cell] = cell % 8;
            data[32 + cell] = 0;
        }
        BufferedImage image = ComponentPicture.draw(data, 4, 8);
        assertEquals(448, image.getWidth());
        assertEquals(224, image.getHeight());
        assertEquals(0xff008080, image.getRGB(0, 223));
        assertEquals(0xffff8080, image.getRGB(447, 0));
        assertEquals(image.getRGB(56, 0), image.getRGB(111, 55));
        assertThrows(ArgumentException.class, () -> ComponentPicture.draw(data, 5, 8));
    }
}
