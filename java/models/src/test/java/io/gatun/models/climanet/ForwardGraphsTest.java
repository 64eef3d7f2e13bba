// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ForwardGraphsTest {
    /** The CPU records nothing, which is a failure as good as any. */
    @Test
    void whereRecordingFailsThePassIsLaunchedAndALineSaysSoOnce() {
        List<String> lines = new ArrayList<>();
        try (Scope scope = Scope.open(Device.cpu());
                ForwardGraphs graphs = new ForwardGraphs(Device.cpu(), (_, _, data, _, _) -> data, lines::add)) {
            for (long width = 2; width < 4; width++) {
                Tensor data = scope.zeros(1, 1, 1, 1, 2, width);
                ForwardGraphs.Key key =
                        new ForwardGraphs.Key(Shape.of(1, 1, 1, 1, 2, width), List.of(0), Optional.empty(), false);
                for (int call = 0; call < 3; call++) {
                    assertEquals(width == 2 && call < 2 ? 0 : 1, lines.size());
                    assertEquals(Optional.empty(), graphs.replay(scope, key, data, data, Optional.empty()));
                }
                graphs.prepare(key);
            }
            assertEquals(1, lines.size(), lines.toString());
            assertTrue(lines.getFirst().contains("[1, 1, 1, 1, 2, 2]") && lines.getFirst().contains("no graphs"),
                    lines.toString());
        }
    }
}
