// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.data.geotiff.PixelWindow;
import io.gatun.data.scene.TargetGrid;
import io.gatun.data.window.WindowAxis;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Reads the windows of a scene's inputs. Beyond the scene's edge they are mirrored. */
record InputWindows(List<SceneInput> inputs, TargetGrid pixels, WindowAxis rows, WindowAxis columns) {
    /**
     * A window.
     *
     * @param number row by row
     * @param images [C, side, side] of the modalities that have a value in it
     * @param missing where none of them has one, [side, side]
     */
    record Window(long number, SequencedMap<String, float[]> images, boolean[] missing) {}

    Window read(int row, int column) {
        int side = rows.window();
        int top = rows.start(row);
        int left = columns.start(column);
        int height = Math.min(side, rows.extent() - top);
        int width = Math.min(side, columns.extent() - left);
        TargetGrid part = pixels.part(new PixelWindow(top, left, height, width));
        boolean[] missing = new boolean[side * side];
        Arrays.fill(missing, true);
        SequencedMap<String, float[]> images = new LinkedHashMap<>();
        for (SceneInput input : inputs) {
            float[] values = mirrored(input.raster().read(part, input.classes()), height, width, side);
            if (anyComplete(values, missing)) {
                fill(values, side * side, input.classes());
                images.put(input.modality(), values);
            }
        }
        return new Window((long) row * columns.count() + column, images, missing);
    }

    /** [C, height, width] to [C, side, side]. */
    private static float[] mirrored(float[] values, int height, int width, int side) {
        if (height == side && width == side) {
            return values;
        }
        int bands = values.length / (height * width);
        float[] result = new float[bands * side * side];
        for (int i = 0; i < result.length; i++) {
            int y = mirrored(i / side % side, height);
            int x = mirrored(i % side, width);
            result[i] = values[(i / (side * side) * height + y) * width + x];
        }
        return result;
    }

    private static int mirrored(int at, int extent) {
        int place = at % (2 * extent);
        return place < extent ? place : 2 * extent - 1 - place;
    }

    /** Clears missing where all bands have a value; whether there is such a place. */
    private static boolean anyComplete(float[] values, boolean[] missing) {
        boolean any = false;
        for (int i = 0; i < missing.length; i++) {
            boolean complete = true;
            for (int at = i; at < values.length && complete; at += missing.length) {
                complete = Float.isFinite(values[at]);
            }
            missing[i] &= !complete;
            any |= complete;
        }
        return any;
    }

    /** Where a band has no value it gets its mean over the window, or the class 0. */
    private static void fill(float[] values, int pixels, boolean classes) {
        for (int first = 0; first < values.length; first += pixels) {
            double sum = 0;
            int count = 0;
            for (int i = first; i < first + pixels; i++) {
                if (Float.isFinite(values[i])) {
                    sum += values[i];
                    count++;
                }
            }
            for (int i = first; i < first + pixels && count < pixels; i++) {
                if (!Float.isFinite(values[i])) {
                    values[i] = classes ? 0 : (float) (sum / count);
                }
            }
        }
    }
}
