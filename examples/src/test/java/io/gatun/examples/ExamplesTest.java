// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each example prints what its comments say. */
class ExamplesTest {
    private static List<String> printed(Runnable example) {
        PrintStream before = System.out;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (PrintStream caught = new PrintStream(text, true, StandardCharsets.UTF_8)) {
            System.setOut(caught);
            example.run();
        } finally {
            System.setOut(before);
        }
        return text.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void buildByName() {
        List<String> lines = printed(() -> BuildByName.main(new String[0]));
        assertEquals(List.of("logits [1, 5, 100, 120]", "aux [1, 5, 100, 120]"), lines.subList(1, 3));
    }

    @Test
    void buildByType() {
        List<String> lines = printed(() -> BuildByType.main(new String[0]));
        assertEquals("decoder.convs.0.0.weight [192, 32, 2, 2]", lines.getFirst());
        assertEquals("head.head.1.bias [1]", lines.getLast());
    }

    @Test
    void ownParts() {
        assertEquals(List.of("[1, 4, 32, 32]", "[1, 4, 32, 32]"), printed(() -> OwnParts.main(new String[0])));
    }

    @Test
    void wrapInTime() {
        assertEquals(List.of("MEAN: 12 features of [1, 17, 192], channels 192",
                "CONCAT: 12 features of [1, 17, 1152], channels 1152", "[1, 3, 64, 64]", "[1, 3, 64, 64]"),
                printed(() -> WrapInTime.main(new String[0])));
    }

    @Test
    void terraMindModalities() {
        assertEquals(List.of("both: 12 features of [1, 16, 384]", "one: 12 features of [1, 16, 384]",
                "encoder_embeddings.untok_sen2l1c@224.proj.weight: bands THERMAL_1, not among the pretrained ["
                        + "COASTAL_AEROSOL, BLUE, GREEN, RED, RED_EDGE_1, RED_EDGE_2, RED_EDGE_3, NIR_BROAD,"
                        + " NIR_NARROW, WATER_VAPOR, CIRRUS, SWIR_1, SWIR_2]",
                "new: 12 features of [S2L2A, NDVI, PLANET]", "image: 12 features of [1, 16, 192]",
                "logits [1, 3, 64, 64]"), printed(() -> TerraMindModalities.main(new String[0])));
    }

    @Test
    void runConfiguration() {
        Path file = Path.of(System.getProperty("gatun.root"), "examples", "temporal.yaml");
        assertEquals(List.of("SEGMENTATION [1, 3, 64, 64]"),
                printed(() -> RunConfiguration.main(new String[] {file.toString()})));
    }
}
