// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.DataException;
import java.util.Arrays;

/**
 * Raw pixels as TerraFM was trained on them, as rs-embed's adapter prepares them. All of it is done on the host, in the
 * same bits whatever the device.
 */
public final class TerraFMPreparation {
    private static final float DIGITAL_NUMBERS = 10000f;

    private TerraFMPreparation() {}

    /**
     * The whole preparation of one image: values that are missing become 0, then {@link #normalisedS2} or
     * {@link #normalisedS1}, then {@link #resized}.
     *
     * @param raw [C, H, W] in the modality's raw units
     * @param modality what it is
     * @param size rows and columns of the result
     * @return [C, size, size] of 0 to 1
     * @throws DataException if Sentinel-1 looks like decibels
     */
    public static Raster prepared(Raster raw, Modality modality, int size) {
        Raster finite = withoutMissing(raw);
        return resized(modality == Modality.S2 ? normalisedS2(finite) : normalisedS1(finite), size);
    }

    static Raster withoutMissing(Raster raw) {
        float[] values = raw.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.isFinite(values[i]) ? values[i] : 0;
        }
        return new Raster(raw.shape(), values);
    }

    /**
     * Digital numbers over 10000, clipped to 0 to 1.
     *
     * @param raw of any shape
     * @return of the same shape
     */
    public static Raster normalisedS2(Raster raw) {
        float[] values = raw.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] = clip(values[i] / DIGITAL_NUMBERS);
        }
        return new Raster(raw.shape(), values);
    }

    /**
     * {@code log1p(max(x, 0))} over its 99th percentile, clipped to 0 to 1. The percentile is that of all values of the
     * image, both polarisations together: what a pixel becomes depends on its surroundings. Where the percentile is not
     * above 0, or a value is not finite, the divisor is 1.
     *
     * @param raw one image in linear units
     * @return of the same shape
     * @throws DataException if more than half of the values other than 0 are negative: decibels
     */
    public static Raster normalisedS1(Raster raw) {
        refuseDecibels(raw.values());
        float[] values = raw.values().clone();
        boolean finite = true;
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.log1p(Math.max(values[i], 0f));
            finite &= Float.isFinite(values[i]);
        }
        float percentile = finite ? percentile99(values) : 1;
        float divisor = percentile > 0 ? percentile : 1;
        for (int i = 0; i < values.length; i++) {
            values[i] = clip(values[i] / divisor);
        }
        return new Raster(raw.shape(), values);
    }

    private static void refuseDecibels(float[] values) {
        int negative = 0;
        int all = 0;
        for (float value : values) {
            if (Float.isFinite(value) && value != 0) {
                all++;
                negative += value < 0 ? 1 : 0;
            }
        }
        if (negative > all / 2.0) {
            throw new DataException(negative + " of " + all + " values of Sentinel-1 are negative, so they look like"
                    + " decibels; TerraFM takes linear backscatter: fetch with use_float_linear"
                    + " (COPERNICUS/S1_GRD_FLOAT), or convert with 10^(x / 10)");
        }
    }

    /** numpy's linear interpolation between order statistics; finite values. */
    private static float percentile99(float[] values) {
        float[] sorted = values.clone();
        Arrays.sort(sorted);
        double place = (sorted.length - 1) * 0.99;
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return (float) (sorted[below] + (place - below) * ((double) sorted[above] - sorted[below]));
    }

    private static float clip(float value) {
        return Math.min(Math.max(value, 0f), 1f);
    }

    /**
     * Another size, as {@code torch.nn.functional.interpolate(mode="bilinear", align_corners=False)}.
     *
     * @param image [C, H, W]
     * @param size rows and columns of the result
     * @return [C, size, size]; the image itself where it is of that size
     */
    public static Raster resized(Raster image, int size) {
        int height = image.height();
        int width = image.width();
        if (height == size && width == size) {
            return image;
        }
        Axis rows = Axis.of(height, size);
        Axis columns = Axis.of(width, size);
        float[] from = image.values();
        float[] to = new float[Math.multiplyExact(image.bands(), Math.multiplyExact(size, size))];
        for (int i = 0; i < to.length; i++) {
            int plane = i / (size * size) * height * width;
            int row = i / size % size;
            int column = i % size;
            int above = plane + rows.first[row] * width;
            int below = plane + rows.second[row] * width;
            double top = columns.mix(from[above + columns.first[column]], from[above + columns.second[column]], column);
            double bottom =
                    columns.mix(from[below + columns.first[column]], from[below + columns.second[column]], column);
            to[i] = (float) rows.mix(top, bottom, row);
        }
        return Raster.of(to, image.bands(), size, size);
    }

    /** For each new pixel the two old ones that it lies between, and the share of the second. */
    private record Axis(int[] first, int[] second, float[] share) {
        /** Places rounded to float, once, as PyTorch has them: others differ by more than the values may. */
        static Axis of(int from, int to) {
            Axis axis = new Axis(new int[to], new int[to], new float[to]);
            float scale = (float) from / to;
            for (int i = 0; i < to; i++) {
                float place = Math.max(0, Math.fma(scale, i + 0.5f, -0.5f));
                axis.first[i] = Math.min((int) place, from - 1);
                axis.second[i] = Math.min(axis.first[i] + 1, from - 1);
                axis.share[i] = place - axis.first[i];
            }
            return axis;
        }

        double mix(double a, double b, int i) {
            return a + share[i] * (b - a);
        }
    }
}
