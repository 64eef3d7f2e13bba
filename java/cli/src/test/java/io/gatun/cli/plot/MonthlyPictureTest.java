// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import io.gatun.wrappers.reconstruct.MonthlyReconstruction;
import io.gatun.wrappers.reconstruct.ProgressListener;
import io.gatun.wrappers.reconstruct.Scores;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MonthlyPictureTest {
    private static final Path SAMPLE = Path.of(System.getProperty("gatun.root"), "sample");
    private static MonthlyMaps maps;
    private static Optional<Scores.Truth> truth;

    @TempDir
    private Path folder;

    @BeforeAll
    static void reconstruct() {
        try (var reconstruction = MonthlyReconstruction.open(SAMPLE.resolve("model.safetensors"), Device.cpu());
                var input = DailyFiles.open(
                        List.of(SAMPLE.resolve("tasman_daily_gappy_2014.nc")), DailyFiles.Options.none())) {
            maps = reconstruction.reconstruct(input, ProgressListener.none());
        }
        truth = Optional.of(Scores.Truth.read(List.of(SAMPLE.resolve("tasman_monthly_truth_2014.nc")), maps));
    }

    private BufferedImage draw(Optional<Scores.Truth> known, Optional<YearMonth> month) throws Exception {
        Path file = folder.resolve("picture.png");
        MonthlyPicture.draw(maps, known, month).write(file);
        return ImageIO.read(file.toFile());
    }

    private static long count(BufferedImage image, int rgb) {
        return Arrays.stream(image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0,
                image.getWidth())).filter(pixel -> (pixel & 0xffffff) == rgb).count();
    }

    @Test
    void sixMapsWithTruthThreeWithout() throws Exception {
        BufferedImage six = draw(truth, Optional.empty());
        BufferedImage three = draw(Optional.empty(), Optional.empty());
        assertEquals(six.getWidth(), three.getWidth());
        assertTrue(six.getWidth() > 1200 && six.getWidth() < 2400, "width " + six.getWidth());
        assertTrue(three.getHeight() > six.getHeight() / 2 && three.getHeight() < six.getHeight() * 0.6);
    }

    @Test
    void landIsGreyInEveryMap() throws Exception {
        MapFrame frame = new MapFrame(maps.grid().lat(), maps.grid().lon(), 460);
        int cells = 0;
        for (boolean cell : maps.land()) {
            cells += cell ? 1 : 0;
        }
        double area = (double) cells / maps.land().length * frame.width() * frame.height();
        int grey = MapPanel.LAND.getRGB() & 0xffffff;
        // The coast line and the frame cover a part of it.
        assertEquals(0.93, count(draw(truth, Optional.empty()), grey) / (6 * area), 0.07);
        assertEquals(0.93, count(draw(Optional.empty(), Optional.empty()), grey) / (3 * area), 0.07);
    }

    @Test
    void everyColourBarIsThere() throws Exception {
        BufferedImage image = draw(truth, Optional.empty());
        for (ColorMap map : List.of(ColorMap.VIRIDIS, ColorMap.COUNTS, ColorMap.DIFFERENCES)) {
            Set<Integer> missing = new HashSet<>();
            // The frame covers the ends.
            for (int i = 1; i < 20; i++) {
                missing.add(map.rgb(i / 20.0));
            }
            for (int x = 0; x < image.getWidth() && !missing.isEmpty(); x++) {
                for (int y = 0; y < image.getHeight(); y++) {
                    missing.remove(image.getRGB(x, y) & 0xffffff);
                }
            }
            assertEquals(Set.of(), missing, map + " is not shown from end to end");
        }
    }

    @Test
    void monthsDiffer() throws Exception {
        BufferedImage chosen = draw(truth, Optional.empty());
        BufferedImage february = draw(truth, Optional.of(YearMonth.of(2014, 2)));
        BufferedImage august = draw(truth, Optional.of(YearMonth.of(2014, 8)));
        // February 2014 has the most cells that were never observed.
        assertEquals(0, differences(chosen, february));
        assertTrue(differences(february, august) > 100_000);
    }

    private static long differences(BufferedImage a, BufferedImage b) {
        long count = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                count += a.getRGB(x, y) == b.getRGB(x, y) ? 0 : 1;
            }
        }
        return count;
    }

    @Test
    void nothingElseIsLeftInTheFolder() throws Exception {
        draw(truth, Optional.empty());
        try (var files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
    }
}
