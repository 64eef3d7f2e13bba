// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.plot;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import io.gatun.wrappers.reconstruct.Scores;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.time.YearMonth;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The picture of one month of a run: observed days, mean of observations and reconstruction; below, where the truth is
 * known, the truth and both errors.
 */
public final class MonthlyPicture {
    private final BufferedImage image;

    private MonthlyPicture(BufferedImage image) {
        this.image = image;
    }

    /**
     * Draws it.
     *
     * @param maps of the run
     * @param truth where known
     * @param wanted the month; empty: the one with most cells that were never observed
     * @return the picture
     * @throws ArgumentException if the run has no such month
     * @throws OutputException if this machine has no font
     */
    public static MonthlyPicture draw(
            MonthlyMaps maps, Optional<Scores.Truth> truth, Optional<YearMonth> wanted) {
        int month = wanted.map(m -> indexOf(maps, m)).orElseGet(() -> leastObserved(maps));
        YearMonth date = maps.months().get(month);
        int days = maps.inputDays(month);
        float[] mean = maps.meanOfObservations(month);
        float[] reconstruction = maps.reconstruction(month);
        Optional<float[]> known = truth.flatMap(t -> t.of(date));
        List<float[]> fields = new ArrayList<>(List.of(mean, reconstruction));
        known.ifPresent(fields::add);
        ColorScale values = ColorScale.values(UnitLabel.ofValues(maps.units()), fields);
        List<MapPanel> panels = new ArrayList<>(List.of(
                new MapPanel("Observed days", "of " + days + (days == 1 ? " day" : " days") + " in the input",
                        asFloats(maps.observedDays(month)), ColorScale.days(days)),
                new MapPanel("Mean of observations", "unobserved cells: filled", mean, values),
                new MapPanel("Reconstruction", "", reconstruction, values)));
        known.ifPresent(t -> {
            String units = UnitLabel.ofDifferences(maps.units());
            float[] meanError = difference(mean, t, maps.land());
            float[] error = difference(reconstruction, t, maps.land());
            ColorScale differences = ColorScale.differences(units, List.of(meanError, error));
            panels.add(new MapPanel("Truth", "mean of all days", t, values));
            panels.add(new MapPanel("Error of the mean", rms(meanError, units), meanError, differences));
            panels.add(new MapPanel("Error of reconstruction", rms(error, units), error, differences));
        });
        String name = maps.longName();
        String title = name.substring(0, 1).toUpperCase(Locale.ENGLISH) + name.substring(1) + ": mean of "
                + date.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH) + " " + date.getYear();
        return new MonthlyPicture(new MapFigure(title, maps.grid().lat(), maps.grid().lon(), maps.land(),
                unobserved(maps, month), "sea cells that were never observed in this month", panels).render());
    }

    /**
     * Writes it as PNG, beside the target first.
     *
     * @param target replaced when the file is complete
     * @throws OutputException if it cannot be written; nothing changes under the target's name then
     * @throws InterruptedRunException if the thread was interrupted; likewise
     */
    public void write(Path target) {
        PngFile.write(target, image);
    }

    private static int indexOf(MonthlyMaps maps, YearMonth month) {
        int index = maps.months().indexOf(month);
        if (index < 0) {
            throw new ArgumentException("there is no " + month + " to draw; the run has " + maps.months());
        }
        return index;
    }

    private static int leastObserved(MonthlyMaps maps) {
        int chosen = 0;
        int most = -1;
        for (int month = 0; month < maps.months().size(); month++) {
            int count = 0;
            for (boolean cell : unobserved(maps, month)) {
                count += cell ? 1 : 0;
            }
            if (count > most) {
                most = count;
                chosen = month;
            }
        }
        return chosen;
    }

    private static boolean[] unobserved(MonthlyMaps maps, int month) {
        boolean[] result = maps.land();
        int[] days = maps.observedDays(month);
        for (int cell = 0; cell < result.length; cell++) {
            result[cell] = !result[cell] && days[cell] == 0;
        }
        return result;
    }

    private static float[] asFloats(int[] counts) {
        float[] result = new float[counts.length];
        for (int i = 0; i < counts.length; i++) {
            result[i] = counts[i];
        }
        return result;
    }

    private static float[] difference(float[] map, float[] truth, boolean[] land) {
        float[] result = new float[map.length];
        for (int cell = 0; cell < map.length; cell++) {
            result[cell] = land[cell] ? Float.NaN : map[cell] - truth[cell];
        }
        return result;
    }

    private static String rms(float[] errors, String units) {
        double squares = 0;
        int count = 0;
        for (float error : errors) {
            if (!Float.isNaN(error)) {
                squares += (double) error * error;
                count++;
            }
        }
        return String.format(Locale.ROOT, "RMSE %.3f %s", Math.sqrt(squares / count), units);
    }
}
