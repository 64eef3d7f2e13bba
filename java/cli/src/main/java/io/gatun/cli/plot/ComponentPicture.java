// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A grid of embeddings as a picture: red, green and blue are its first three principal components, each stretched from
 * its 2nd to its 98th percentile. Components without variance are grey.
 */
public final class ComponentPicture {
    private static final int COLOURS = 3;
    /** Pixels of the picture's longer side, at least. */
    private static final int SIDE = 448;

    private ComponentPicture() {}

    /**
     * Draws it.
     *
     * @param data [D, height, width]
     * @param height rows
     * @param width columns
     * @return the picture, each cell a square
     * @throws ArgumentException if the data are not of that size
     */
    public static BufferedImage draw(float[] data, int height, int width) {
        int cells = height * width;
        if (cells < 1 || data.length < cells || data.length % cells != 0) {
            throw new ArgumentException("a picture of " + data.length + " values as " + height + " x " + width
                    + " cells; expected a multiple of the cells");
        }
        double[][] scores = PrincipalComponents.scores(data, cells, COLOURS);
        int[][] levels = Arrays.stream(scores).map(ComponentPicture::levels).toArray(int[][]::new);
        int zoom = Math.max(1, (SIDE + Math.max(height, width) - 1) / Math.max(height, width));
        BufferedImage image = new BufferedImage(width * zoom, height * zoom, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int cell = y / zoom * width + x / zoom;
                image.setRGB(x, y, levels[0][cell] << 16 | levels[1][cell] << 8 | levels[2][cell]);
            }
        }
        return image;
    }

    /**
     * Draws it and writes it as PNG, beside the target first.
     *
     * @param target replaced when the file is complete
     * @param data [D, height, width]
     * @param height rows
     * @param width columns
     * @throws OutputException if it cannot be written; nothing changes under the target's name then
     * @throws InterruptedRunException if the thread was interrupted; likewise
     */
    public static void write(Path target, float[] data, int height, int width) {
        PngFile.write(target, draw(data, height, width));
    }

    private static int[] levels(double[] scores) {
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        double low = sorted[(int) Math.round(0.02 * (sorted.length - 1))];
        double high = sorted[(int) Math.round(0.98 * (sorted.length - 1))];
        return Arrays.stream(scores).mapToInt(score -> high > low
                ? (int) Math.round(255 * Math.clamp((score - low) / (high - low), 0, 1)) : 128).toArray();
    }
}
