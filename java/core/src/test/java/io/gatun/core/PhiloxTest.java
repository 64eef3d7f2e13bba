// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /** The known answers that Random123 comes with. */
    @Test
    void givesTheNumbersOfRandom123() {
        assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, Philox.block(0, 0, 0));
        assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, Philox.block(-1, -1, -1));
        assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
                Philox.block(0x299f31d0a4093822L, 0x85a308d3243f6a88L, 0x0370734413198a2eL));
    }

    @Test
    void uniformIsTheUpperPartOfTheFirstWord() {
        assertEquals((0x6627e8d5 >>> 8) / (float) (1 << 24), Philox.uniform(0, 0));
        double sum = 0;
        for (long counter = 0; counter < 100_000; counter++) {
            float number = Philox.uniform(7, counter);
            assertTrue(number >= 0 && number < 1, () -> "number " + number);
            sum += number;
        }
        assertEquals(0.5, sum / 100_000, 4 * Math.sqrt(1.0 / 12 / 100_000));
    }

    @Test
    void normalsHaveTheirMomentsAndShares() {
        float[] numbers = new float[400_000];
        Philox.normals(11, 0, numbers);
        double mean = 0;
        double square = 0;
        double neighbours = 0;
        int within = 0;
        for (int i = 0; i < numbers.length; i++) {
            mean += numbers[i];
            square += numbers[i] * numbers[i];
            neighbours += i > 0 ? numbers[i] * numbers[i - 1] : 0;
            within += Math.abs(numbers[i]) < 1 ? 1 : 0;
        }
        double error = 4 / Math.sqrt(numbers.length);
        assertEquals(0, mean / numbers.length, error);
        assertEquals(1, square / numbers.length, error * Math.sqrt(2));
        assertEquals(0, neighbours / numbers.length, error);
        assertEquals(0.6826895, (double) within / numbers.length, error * 0.47);
    }

    /** However the counters are split, each has its four numbers. */
    @Test
    void normalsDependOnTheirCounterAlone() {
        float[] all = new float[41];
        Philox.normals(3, -2, all);
        for (int counter = 0; counter < 11; counter++) {
            float[] some = new float[Math.min(4, all.length - 4 * counter)];
            Philox.normals(3, counter - 2, some);
            assertArrayEquals(Arrays.copyOfRange(all, 4 * counter, 4 * counter + some.length), some);
        }
        float[] others = new float[41];
        Philox.normals(4, -2, others);
        for (int i = 0; i < all.length; i++) {
            assertTrue(all[i] != others[i], "another seed has other numbers");
        }
    }
}
