// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BFloat16Test {
    @Test
    void everyValueSurvivesTheRoundTrip() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = BFloat16.toFloat((short) bits);
            short back = BFloat16.fromFloat(value);
            if (Float.isNaN(value)) {
                assertTrue(Float.isNaN(BFloat16.toFloat(back)));
            } else {
                assertEquals((short) bits, back);
            }
        }
    }

    @Test
    void roundsToNearestAndTiesToEven() {
        assertEquals((short) 0x3f80, BFloat16.fromFloat(Float.intBitsToFloat(0x3f808000)), "tie, even below");
        assertEquals((short) 0x3f82, BFloat16.fromFloat(Float.intBitsToFloat(0x3f818000)), "tie, even above");
        assertEquals((short) 0x3f81, BFloat16.fromFloat(Float.intBitsToFloat(0x3f808001)));
        assertEquals((short) 0x7f80, BFloat16.fromFloat(Float.MAX_VALUE), "overflow");
        assertTrue(Float.isNaN(BFloat16.toFloat(BFloat16.fromFloat(Float.intBitsToFloat(0x7f800001)))));
    }
}
