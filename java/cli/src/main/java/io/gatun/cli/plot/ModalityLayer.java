// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.models.terramind.TerraMindModality;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * One modality of a scene, to be drawn: reflectance and RGB in true colour, radar in false colour, elevation and
 * vegetation index with a colour bar, classes with a legend, all else in grey.
 *
 * @param modality its name
 * @param generated whether a model made it
 * @param bands names of its bands, or of its classes
 * @param values [bands, height, width], NaN where there is none; of classes their numbers, [height, width]
 * @param classes whether they are classes
 * @param standardised whether the values are, and so have no unit
 */
public record ModalityLayer(String modality, boolean generated, List<String> bands, float[] values, boolean classes,
        boolean standardised) {
    private static final int MISSING = 0xd8d8d8;
    private static final List<String> TRUE_COLOUR = List.of("B4", "B3", "B2");
    /** Of 0 to 9 as in TerraMesh, and chosen so that people of all colour visions tell them apart. */
    private static final int[] CLASS_COLOURS = {0x3c3c3c, 0x2f6fb0, 0x2f8a5b, 0x8cc874, 0xe9dc60, 0xb866a8, 0xb38a5f,
        0x7fc0ea, 0xf6f6f6, 0xd2702a};

    /** Copies the list. */
    public ModalityLayer {
        bands = List.copyOf(bands);
    }

    /**
     * Which bands of a modality are drawn: the others need not be read.
     *
     * @param bands all of them
     * @return some of them
     */
    public static List<String> drawn(List<String> bands) {
        return bands.containsAll(TRUE_COLOUR) ? TRUE_COLOUR : bands;
    }

    private String key() {
        return TerraMindModality.pretrained(modality).key();
    }

    /** How it is drawn, in words. */
    String subtitle() {
        String how = classes ? "classes" : switch (kind()) {
            case "sen2", "rgb" -> "true colour";
            case "sen1" -> "VV, VH, VV - VH";
            case "dem" -> "elevation";
            case "ndvi" -> "vegetation index";
            default -> bands.getFirst();
        };
        return (generated ? "generated, " : "input, ") + how;
    }

    /** Standardised colours are stretched as reflectance is, standardised radar has no false colour. */
    private String kind() {
        String key = key();
        String kind = Stream.of("rgb", "sen2", "sen1", "dem", "ndvi").filter(key::contains).findFirst().orElse("other");
        return !standardised ? kind : switch (kind) {
            case "rgb" -> "sen2";
            case "sen1" -> "other";
            default -> kind;
        };
    }

    /** The colour bar, where one number has one colour. */
    Optional<ColorScale> scale() {
        if (classes) {
            return Optional.empty();
        }
        return switch (kind()) {
            case "dem" -> Optional.of(
                    ColorScale.values(ColorMap.TERRAIN, standardised ? "" : "m", List.of(values)));
            case "ndvi" -> Optional.of(standardised ? ColorScale.values(ColorMap.VEGETATION, "", List.of(values))
                    : new ColorScale(ColorMap.VEGETATION, -1, 1, ""));
            case "other" -> Optional.of(ColorScale.values("", List.of(values)));
            default -> Optional.empty();
        };
    }

    /** Colour of a class; of other classes than TerraMesh's one that tells nothing but them apart. */
    int colour(int label) {
        return bands.size() == CLASS_COLOURS.length ? CLASS_COLOURS[Math.floorMod(label, CLASS_COLOURS.length)]
                : ColorMap.VIRIDIS.rgb((label + 0.5) / bands.size());
    }

    /** Colour of each pixel, 0xRRGGBB. */
    int[] colours(int pixels) {
        IntUnaryOperator colour = classes ? i -> colour((int) values[i]) : switch (kind()) {
            case "rgb" -> i -> rgb(values[i] / 255, values[pixels + i] / 255, values[2 * pixels + i] / 255);
            case "sen2" -> trueColour(pixels);
            case "sen1" -> i -> rgb((values[i] + 25) / 25, (values[pixels + i] + 32) / 25,
                    (values[i] - values[pixels + i]) / 15);
            default -> {
                ColorScale scale = scale().orElseThrow();
                yield i -> scale.rgb(values[i]);
            }
        };
        int[] result = new int[pixels];
        for (int i = 0; i < pixels; i++) {
            boolean missing = Float.isNaN(values[i]) || classes && values[i] < 0;
            result[i] = missing ? MISSING : colour.applyAsInt(i);
        }
        return result;
    }

    /** From the 1st to the 99th percentile of all three, brightened. */
    private IntUnaryOperator trueColour(int pixels) {
        int[] from = TRUE_COLOUR.stream().mapToInt(band -> Math.max(0, bands.indexOf(band)) * pixels).toArray();
        float[] all = new float[3 * pixels];
        for (int c = 0; c < from.length; c++) {
            System.arraycopy(values, from[c], all, c * pixels, pixels);
        }
        Arrays.sort(all); // NaN goes last
        int count = all.length;
        while (count > 1 && Float.isNaN(all[count - 1])) {
            count--;
        }
        float low = all[(int) (0.01 * (count - 1))];
        float span = Math.max(1e-6f, all[(int) (0.99 * (count - 1))] - low);
        return i -> rgb(Math.pow(Math.max(0, (values[from[0] + i] - low) / span), 0.7),
                Math.pow(Math.max(0, (values[from[1] + i] - low) / span), 0.7),
                Math.pow(Math.max(0, (values[from[2] + i] - low) / span), 0.7));
    }

    private static int rgb(double red, double green, double blue) {
        return level(red) << 16 | level(green) << 8 | level(blue);
    }

    private static int level(double share) {
        return (int) Math.round(255 * Math.clamp(share, 0, 1));
    }
}
