// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Shape;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads the chosen scenes in pieces of some rows, so that the memory does not grow with their number. */
record Composition(Path path, SceneQuery query, SceneChoice choice) {
    private static final int PIECE_VALUES = 1 << 24;
    private static final int MAX_VALUES = 1 << 28;

    SceneComposite run() {
        TargetGrid target = choice.target();
        int bands = query.bands().size();
        long values = (long) bands * target.width() * target.height();
        if (values > MAX_VALUES) {
            throw new ArgumentException("the region has " + bands + " bands of " + target.height() + " x "
                    + target.width() + " pixels, " + values + " values, expected at most " + MAX_VALUES
                    + ". Choose a smaller region or larger pixels.");
        }
        float[] result = new float[(int) values];
        int step = rowsAtOnce(target, bands);
        for (int first = 0; first < target.height(); first += step) {
            int rows = Math.min(step, target.height() - first);
            List<float[]> dates = choice.scenes().stream().map(read(first, rows)).toList();
            compose(dates, result, first, rows);
        }
        requireValues(result, target.width() * target.height());
        return new SceneComposite(Shape.of(bands, target.height(), target.width()), result, target.crs(),
                target.transform(), choice.scenes().stream().map(StoredScene::name).toList(), choice.cloudUnknown());
    }

    private int rowsAtOnce(TargetGrid target, int bands) {
        double perRow = (double) target.width() * bands
                * Math.max(choice.scenes().size(), choice.finest() * choice.finest());
        return (int) Math.clamp(PIECE_VALUES / perRow, 1, target.height());
    }

    private Function<StoredScene, float[]> read(int first, int rows) {
        return stored -> {
            try (OpenScene scene = stored.open()) {
                return values(scene, first, rows);
            }
        };
    }

    /** [bands, rows, columns] of one scene. */
    private float[] values(OpenScene scene, int first, int rows) {
        int pixels = rows * choice.target().width();
        int bands = query.bands().size();
        float[] result = new float[bands * pixels];
        Map<BandGrid, int[]> byGrid = new IdentityHashMap<>();
        for (int band = 0; band < bands; band++) {
            OpenScene.Place place = scene.place(query.bands().get(band), query.bands());
            int[] wanted = byGrid.computeIfAbsent(place.grid(), _ -> filled(bands));
            wanted[band] = place.band();
        }
        byGrid.forEach((grid, wanted) -> {
            int[] present = Arrays.stream(wanted).filter(band -> band >= 0).toArray();
            float[] sampled = Sampler.of(grid, choice.target(), first, rows).bilinear(present);
            int next = 0;
            for (int band = 0; band < bands; band++) {
                if (wanted[band] >= 0) {
                    System.arraycopy(sampled, next++ * pixels, result, band * pixels, pixels);
                }
            }
        });
        query.mask().ifPresent(mask -> apply(mask, scene, first, rows, result));
        return result;
    }

    private static int[] filled(int count) {
        int[] indices = new int[count];
        Arrays.fill(indices, -1);
        return indices;
    }

    private void apply(PixelMask mask, OpenScene scene, int first, int rows, float[] values) {
        OpenScene.Place place = scene.place(mask.band(), List.of(mask.band()));
        float[] classes = Sampler.of(place.grid(), choice.target(), first, rows).nearest(place.band());
        for (int i = 0; i < values.length; i++) {
            if (mask.excludes(classes[i % classes.length])) {
                values[i] = Float.NaN;
            }
        }
    }

    private void compose(List<float[]> dates, float[] result, int first, int rows) {
        int width = choice.target().width();
        int plane = width * choice.target().height();
        int pixels = rows * width;
        for (int i = 0; i < dates.getFirst().length; i++) {
            float[] values = new float[dates.size()];
            for (int date = 0; date < values.length; date++) {
                values[date] = dates.get(date)[i];
            }
            result[i / pixels * plane + first * width + i % pixels] = query.composite().of(values);
        }
    }

    private void requireValues(float[] result, int plane) {
        for (int band = 0; band < query.bands().size(); band++) {
            boolean any = false;
            for (int i = band * plane; i < (band + 1) * plane && !any; i++) {
                any = !Float.isNaN(result[i]);
            }
            if (!any) {
                throw new DataException(path + ": band " + query.bands().get(band) + " has no value in "
                        + query.region() + " in any of the " + choice.scenes().size() + " scenes: there is no"
                        + " data, or the mask covers it. Choose another region, other days or another mask.");
            }
        }
    }
}
