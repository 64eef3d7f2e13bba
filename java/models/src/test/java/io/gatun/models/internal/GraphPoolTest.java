// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gatun.core.DeviceException;
import io.gatun.core.InterruptedRunException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GraphPoolTest {
    @Test
    void aFailureIsToldOnceAndAnInterruptionEndsTheCall() {
        List<String> told = new ArrayList<>();
        try (GraphPool<String> pool = new GraphPool<>(1, 4, key -> {
            throw key.equals("interrupted") ? new InterruptedRunException("stop") : new DeviceException("no room");
        }, key -> "Work on " + key, told::add)) {
            assertThrows(InterruptedRunException.class, () -> pool.prepare("interrupted"));
            pool.prepare("one");
            pool.prepare("two");
        }
        assertEquals(List.of("Work on one could not be recorded as a graph and is launched kernel by kernel: no room"),
                told);
    }
}
