// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Names the golden families that nothing here implements yet, one skipped test each. */
class PendingFamiliesGoldenTest {
    @TestFactory
    Stream<DynamicTest> families() throws IOException {
        return GoldenFolder.pending().stream()
                .map(family -> dynamicTest(family, () -> abort("golden family " + family + " is not implemented yet")));
    }

    @Test
    void aRunnerOfAnUnlistedFamilyFails() {
        assertThrows(AssertionError.class, () -> GoldenFolder.find("a family that nobody lists"));
    }
}
