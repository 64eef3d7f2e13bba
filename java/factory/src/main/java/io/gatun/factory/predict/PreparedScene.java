// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DataException;
import io.gatun.core.Tensor;
import io.gatun.factory.config.Preprocessing;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A scene as the model sees it.
 *
 * @param images by modality
 * @param missing pixels without a value in one of the bands that the model sees
 */
record PreparedScene(SequencedMap<String, Image> images, BitSet missing) {
    /** Values [1, C, H, W] or [1, C, T, H, W], f32. */
    record Image(long[] shape, float[] values) {}

    /** In upstream's order: missing values, dates, bands, scale, then the means and deviations. */
    static PreparedScene of(Scene scene, TerraTorchConfig config) {
        BitSet missing = new BitSet();
        SequencedMap<String, Image> images = new LinkedHashMap<>();
        config.preprocessing().forEach((modality, preprocessing) -> images.put(modality,
                prepare(scene.images().get(modality), preprocessing, config, missing)));
        return new PreparedScene(config.concatenated() ? new LinkedHashMap<>(Map.of(Input.IMAGE,
                concatenated(images))) : images, missing);
    }

    /** What the model takes: an image that is alone has no name. */
    static Input input(SequencedMap<String, Tensor> tensors) {
        boolean alone = tensors.size() == 1 && tensors.containsKey(Input.IMAGE);
        return alone ? Input.of(tensors.get(Input.IMAGE)) : Input.of(tensors);
    }

    /** Shape of the model's input, checked against the configuration; reads nothing. */
    static long[] shapeOf(SceneImage image, Preprocessing preprocessing, TerraTorchConfig config) {
        int bands = image.bands();
        int dates = image.dates().orElse(1);
        boolean timed = image.dates().isPresent();
        // A file with an axis of dates needs no expansion.
        if (preprocessing.expandedBands().isPresent() && !timed) {
            int each = preprocessing.expandedBands().getAsInt();
            if (bands % each != 0) {
                throw new DataException(image + " has " + bands + " bands, and expand_temporal_dimension of "
                        + config.source() + " wants a multiple of " + each + ": the dates of each band one after the"
                        + " other. Choose another file, or correct the bands.");
            }
            dates = bands / each;
            bands = each;
            timed = true;
        }
        int found = bands;
        preprocessing.expectedBands().filter(expected -> expected != found).ifPresent(expected -> {
            throw new DataException(image + " has " + found + " bands, and " + config.source() + " says " + expected
                    + (preprocessing.datasetBands().isEmpty() ? " (its means)" : ": " + preprocessing.datasetBands())
                    + ". Choose another file, or say in dataset_bands which bands it has.");
        });
        int channels = preprocessing.channels(bands);
        return timed ? new long[] {1, channels, dates, image.height(), image.width()}
                : new long[] {1, channels, image.height(), image.width()};
    }

    private static Image prepare(
            SceneImage image, Preprocessing preprocessing, TerraTorchConfig config, BitSet missing) {
        long[] shape = shapeOf(image, preprocessing, config);
        int channels = (int) shape[1];
        int dates = shape.length == 5 ? (int) shape[2] : 1;
        boolean expanded = preprocessing.expandedBands().isPresent() && image.dates().isEmpty();
        float[] values = allocate(image, shape);
        int pixels = image.height() * image.width();
        long unreplaced = 0;
        for (int c = 0; c < channels; c++) {
            int band = preprocessing.bandOf(c);
            for (int t = 0; t < dates; t++) {
                float[] plane = expanded ? image.plane(band * dates + t, 0) : image.plane(band, t);
                int start = (c * dates + t) * pixels;
                for (int i = 0; i < pixels; i++) {
                    boolean absent = Float.isNaN(plane[i]);
                    if (absent) {
                        missing.set(i);
                        unreplaced++;
                    }
                    values[start + i] = absent ? (float) preprocessing.noDataReplace().orElse(0) : plane[i];
                }
                preprocessing.standardise(c, values, start, pixels);
            }
        }
        if (unreplaced > 0 && preprocessing.noDataReplace().isEmpty()) {
            throw new DataException(image + ": " + unreplaced + " of the " + values.length + " values that the model"
                    + " would see are missing (NaN or the file's fill value). Set no_data_replace in data.init_args of "
                    + config.source() + " to what the model was trained with, for example 0, or fill the gaps.");
        }
        return new Image(shape, values);
    }

    private static float[] allocate(SceneImage image, long[] shape) {
        long count = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (count > Integer.MAX_VALUE - 8) {
            throw new DataException(image + ": the model would see " + count + " values, and a scene is predicted as a"
                    + " whole, with at most " + (Integer.MAX_VALUE - 8) + " of them. Cut it into parts.");
        }
        return new float[(int) count];
    }

    private static Image concatenated(SequencedMap<String, Image> images) {
        List<Image> all = List.copyOf(images.values());
        long[] shape = all.getFirst().shape().clone();
        shape[1] = 0;
        int length = 0;
        for (Image image : all) {
            if (image.shape().length != shape.length || shape.length == 5 && image.shape()[2] != shape[2]) {
                throw new DataException("the modalities " + images.keySet() + " become one image (concat_bands), and"
                        + " have different dates: " + all.stream().map(i -> Arrays.toString(i.shape())).toList()
                        + ". Give each the same number of dates.");
            }
            shape[1] += image.shape()[1];
            length = Math.addExact(length, image.values().length);
        }
        float[] values = new float[length];
        int at = 0;
        for (Image image : all) {
            System.arraycopy(image.values(), 0, values, at, image.values().length);
            at += image.values().length;
        }
        return new Image(shape, values);
    }
}
