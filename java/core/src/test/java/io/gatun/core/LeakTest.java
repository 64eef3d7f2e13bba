// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LeakTest {
    private static String runProbe(String... options) throws IOException, InterruptedException {
        return Jvm.run(LeakProbe.class, Map.of(), options);
    }

    private static void assertEverythingWasReportedAndFreed(String output) {
        assertTrue(output.contains("Leak: a scope on cpu was never closed"), output);
        assertTrue(output.contains("Leak: a float32 tensor of shape [7, 5] that was kept"), output);
        assertTrue(output.contains("Leak: device cpu was never closed"), output);
        assertTrue(output.contains("live 0"), output);
    }

    @Test
    @Timeout(60)
    void whatIsForgottenIsReportedAndFreed() throws IOException, InterruptedException {
        String output = runProbe();
        assertEverythingWasReportedAndFreed(output);
        assertTrue(output.contains("Start with -Dgatun.debug=true to see where"), output);
    }

    @Test
    @Timeout(60)
    void debugModeNamesThePlace() throws IOException, InterruptedException {
        String output = runProbe("-Dgatun.debug=true");
        assertEverythingWasReportedAndFreed(output);
        assertTrue(output.contains("LeakProbe.forget"), output);
    }
}
