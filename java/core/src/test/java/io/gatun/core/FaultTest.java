// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Every status of a backend, from a call, a wait, a read, a recording and a close, becomes its exception. */
class FaultTest {
    @Test
    void everyStatusOfABackendIsATypedExceptionAndLeavesTheScopeUsable() throws Exception {
        Path plugin = Path.of(System.getProperty("gatun.library.path"), "test", "libgatun_fault.so");
        assumeTrue(Files.exists(plugin), plugin + " is not built (GATUN_TESTS)");
        List<String> types = List.of("ArgumentException", "ShapeException", "DTypeException", "DeviceException",
                "DeviceMemoryException", "DeviceException", "DeviceException", "DeviceException", "NativeException",
                "NativeException");
        assertEquals(FaultProbe.CODES, types.size());
        List<String> expected = new ArrayList<>();
        for (int code = 1; code <= types.size(); code++) {
            String failure = " " + code + " " + types.get(code - 1) + ": "
                    + (code == types.size() ? "unknown status " + code + ": " : "") + "injected " + code;
            expected.addAll(List.of("call" + failure, "wait" + failure, "read" + failure, "graph" + failure,
                    "after " + code + " nothing", "close" + failure));
        }
        expected.addAll(
                List.of("large DeviceMemoryException: 4194304 bytes were asked for", "small nothing", "left 0"));
        assertEquals(expected, Jvm.run(FaultProbe.class, Map.of("GATUN_CUDA_PLUGIN", plugin.toString())).lines()
                .toList());
    }
}
