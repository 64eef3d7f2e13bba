// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {
    @Test
    void editDistanceCountsInsertionsDeletionsAndSubstitutions() {
        assertEquals(0, NearestName.distance("sst", "sst"));
        assertEquals(3, NearestName.distance("", "sst"));
        assertEquals(3, NearestName.distance("kitten", "sitting"));
        assertEquals(1, NearestName.distance("land_mask", "landmask"));
    }

    @Test
    void letterCaseDoesNotCount() {
        assertEquals("UperNetDecoder", NearestName.of("upernetdecoder", List.of("UNetDecoder", "UperNetDecoder")));
    }
}
