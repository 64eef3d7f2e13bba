// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Shape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TerraFMPreparationTest {
    /** The divisor is the patch's own percentile: two halves of a scene do not fit together as the scene does. */
    @Test
    void aValueOfSentinel1DependsOnItsPatch() {
        float[] scene = new float[200];
        for (int i = 0; i < scene.length; i++) {
            scene[i] = i / 100f;
        }
        float[] half = Arrays.copyOf(scene, 100);
        float whole = TerraFMPreparation.normalisedS1(Raster.of(scene, 2, 1, 100)).values()[50];
        float alone = TerraFMPreparation.normalisedS1(Raster.of(half, 2, 1, 50)).values()[50];
        assertEquals(Math.log1p(0.5) / Math.log1p(1.9701), whole, 1e-4);
        assertTrue(alone > 1.5 * whole, alone + " and " + whole);
    }

    @Test
    void sentinel2IsScaledAndClipped() {
        Raster raw = Raster.of(new float[] {-5, 0, 2500, 10000, 16000}, 1, 1, 5);
        assertArrayEquals(new float[] {0, 0, 0.25f, 1, 1}, TerraFMPreparation.normalisedS2(raw).values());
        assertEquals(-5, raw.values()[0], "what was given stays");
    }

    @Test
    void resizingKeepsConstantsAndImagesOfTheSize() {
        float[] constant = new float[12 * 7 * 9];
        Arrays.fill(constant, 0.3f);
        Raster resized = TerraFMPreparation.resized(Raster.of(constant, 12, 7, 9), 16);
        assertEquals(Shape.of(12, 16, 16), resized.shape());
        for (float value : resized.values()) {
            assertEquals(0.3f, value);
        }
        assertSame(resized, TerraFMPreparation.resized(resized, 16));
        Raster two = TerraFMPreparation.resized(Raster.of(new float[] {0, 1}, 1, 1, 2), 4);
        assertArrayEquals(new float[] {0, 0.25f, 0.75f, 1}, Arrays.copyOf(two.values(), 4));
    }
}
