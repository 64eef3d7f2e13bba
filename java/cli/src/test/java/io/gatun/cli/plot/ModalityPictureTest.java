// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.wrappers.generate.LandCover;
import io.gatun.wrappers.generate.SceneModality;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModalityPictureTest {
    private static final int MISSING = 0xd8d8d8;

    private static ModalityLayer layer(String modality, float... values) {
        SceneModality known = SceneModality.of(modality);
        return new ModalityLayer(modality, true, known.bands(), values, known.classes(), false);
    }

    private static ModalityLayer standardised(String modality, float... values) {
        return new ModalityLayer(modality, true, SceneModality.of(modality).bands(), values, false, true);
    }

    @Test
    void eachClassHasAColourOfItsOwn() {
        float[] labels = new float[11];
        Set<Integer> colours = new HashSet<>();
        for (int i = 0; i < 11; i++) {
            labels[i] = i - 1;
        }
        int[] drawn = layer("LULC", labels).colours(11);
        Arrays.stream(drawn).forEach(colours::add);
        assertEquals(11, colours.size());
        assertEquals(MISSING, drawn[0]);
        assertEquals("generated, classes", layer("LULC", labels).subtitle());
        assertTrue(layer("LULC", labels).scale().isEmpty());
    }

    /** Band B4 is red, B3 green and B2 blue: the first pixel is bright in B4 alone. */
    @Test
    void reflectanceIsTrueColour() {
        float[] values = new float[12 * 3];
        values[3 * 3] = 3000;
        values[2 * 3 + 1] = 3000;
        for (int band = 0; band < 12; band++) {
            values[band * 3 + 2] = Float.NaN;
        }
        assertArrayEquals(new int[] {0xff0000, 0x00ff00, MISSING}, layer("S2L2A", values).colours(3));
        float[] rgb = {255, 0, 0, 128, 0, 0};
        assertArrayEquals(new int[] {0xff0000, 0x008000}, layer("RGB", rgb).colours(2));
    }

    @Test
    void radarElevationAndVegetationHaveTheirColours() {
        int[] radar = layer("S1GRD", -5, -20, -12, -25).colours(2);
        assertTrue((radar[0] >> 16) > (radar[1] >> 16), "stronger VV is redder");
        ModalityLayer height = layer("DEM", 12, 950, Float.NaN);
        assertEquals("generated, elevation", height.subtitle());
        assertEquals(ColorMap.TERRAIN, height.scale().orElseThrow().map());
        assertTrue(height.scale().orElseThrow().low() <= 12 && height.scale().orElseThrow().high() >= 950);
        assertEquals(MISSING, height.colours(3)[2]);
        int[] plants = layer("NDVI", -0.9f, 0.9f).colours(2);
        assertTrue((plants[0] >> 16) > (plants[0] >> 8 & 255) && (plants[1] >> 16) < (plants[1] >> 8 & 255));
    }

    /** Without units there are no fixed ranges of colours either. */
    @Test
    void standardisedValuesHaveNoUnit() {
        assertEquals("m", layer("DEM", -1, 1).scale().orElseThrow().units());
        assertEquals("", standardised("DEM", -1, 1).scale().orElseThrow().units());
        ModalityLayer plants = standardised("NDVI", -3, 3);
        assertEquals(-3, plants.scale().orElseThrow().low());
        ModalityLayer radar = standardised("S1GRD", -1, 1, 0, 0);
        assertEquals("generated, VV", radar.subtitle());
        assertEquals(2, Arrays.stream(radar.colours(2)).distinct().count());
        assertArrayEquals(new int[] {0xff0000, 0x00ff00}, standardised("RGB", 2, -2, -2, 2, -2, -2).colours(2));
    }

    /** TerraMesh's colours would say something else. */
    @Test
    void otherClassesHaveOtherColours() {
        float[] labels = {0, 1, 2, 3, 4, 5, 6, 7, 8};
        ModalityLayer nine = new ModalityLayer("LULC", true, LandCover.names(9), labels, true, false);
        assertEquals(9, Arrays.stream(nine.colours(9)).distinct().count());
        assertFalse(nine.colour(1) == layer("LULC", labels).colour(1));
    }

    @Test
    void theLegendOfAFlatSceneIsWhole() {
        ModalityLayer cover = layer("LULC", new float[2 * 400]);
        BufferedImage image = ModalityPicture.draw("Here", List.of(cover), 2, 400);
        int y = 64 + 72 + 28 * 9 + 9;
        assertEquals(cover.colour(9), image.getRGB(24 + 400 + 24 + 9, y) & 0xffffff);
        assertTrue(image.getHeight() > 64 + 72 + 28 * 10, "the last line has room");
    }

    @Test
    void thePictureShowsAllLayersAndTheLegend(@TempDir Path folder) {
        float[] labels = {1, 2, 9, -1};
        ModalityLayer cover = layer("LULC", labels);
        ModalityLayer height = layer("DEM", 0, 1, 2, 3);
        BufferedImage image = ModalityPicture.draw("Here", List.of(height, cover), 2, 2);
        int panel = 400 + 210 + 24;
        assertEquals(24 + 2 * panel, image.getWidth());
        int[] drawn = cover.colours(4);
        for (int i = 0; i < 4; i++) {
            int x = 24 + panel + 100 + 200 * (i % 2);
            int y = 64 + 72 + 100 + 200 * (i / 2);
            assertEquals(drawn[i], image.getRGB(x, y) & 0xffffff, "pixel " + i);
        }
        // The first swatches of the legend, one below the other.
        int left = 24 + panel + 400 + 24 + 9;
        for (int label = 0; label < LandCover.values().length; label++) {
            assertEquals(cover.colour(label), image.getRGB(left, 64 + 72 + 28 * label + 9) & 0xffffff);
        }
        Path target = folder.resolve("out.png");
        ModalityPicture.write(target, "Here", List.of(height, cover), 2, 2);
        assertTrue(Files.exists(target));
        assertFalse(Arrays.equals(height.colours(4), drawn));
    }
}
