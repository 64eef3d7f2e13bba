// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import io.gatun.core.ArgumentException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * What TerraTorch's generic data modules do to an image before the model sees it.
 *
 * @param datasetBands names of the file's bands in order, upstream's {@code dataset_bands}; empty: not said
 * @param selected positions of the bands that the model sees, in its order; empty: all
 * @param expandedBands where the file has the dates of a band one after the other as so many bands, the number of bands
 *     of each date: upstream's {@code expand_temporal_dimension}
 * @param noDataReplace what stands for a missing value
 * @param scale factor of the values, upstream's {@code constant_scale}
 * @param means of the scaled values by band; one for all bands, or empty for none
 * @param stds likewise
 */
public record Preprocessing(List<String> datasetBands, List<Integer> selected, OptionalInt expandedBands,
        OptionalDouble noDataReplace, double scale, List<Double> means, List<Double> stds) {
    /** Copies the lists and checks that they fit each other. */
    public Preprocessing {
        datasetBands = List.copyOf(datasetBands);
        selected = List.copyOf(selected);
        means = List.copyOf(means);
        stds = List.copyOf(stds);
        if (means.size() != stds.size()) {
            throw new ArgumentException("means has " + means.size() + " numbers and stds " + stds.size()
                    + "; expected one of each for each band");
        }
        if (!selected.isEmpty() && means.size() > 1 && means.size() != selected.size()) {
            throw new ArgumentException("means and stds have " + means.size() + " numbers and the model sees "
                    + selected.size() + " bands; expected one for each band of output_bands");
        }
        if (stds.stream().anyMatch(std -> !(std > 0))) {
            throw new ArgumentException("stds is " + stds + ", expected numbers above 0");
        }
    }

    /**
     * Number of bands that an image must have.
     *
     * @return the number, where the configuration says it; of each date where dates are expanded
     */
    public Optional<Integer> expectedBands() {
        if (!datasetBands.isEmpty()) {
            return Optional.of(datasetBands.size());
        }
        return means.size() > 1 ? Optional.of(means.size()) : Optional.empty();
    }

    /**
     * Number of bands that the model sees.
     *
     * @param bands number of bands of the image
     * @return the number
     */
    public int channels(int bands) {
        return selected.isEmpty() ? bands : selected.size();
    }

    /**
     * The band of the image that becomes a channel of the model.
     *
     * @param channel its position
     * @return position in the image
     */
    public int bandOf(int channel) {
        return selected.isEmpty() ? channel : selected.get(channel);
    }

    /**
     * Scales and standardises the values of a channel in place, in single precision as upstream.
     *
     * @param channel its position
     * @param values of one band, none of them missing
     * @param from first of them
     * @param count how many
     */
    public void standardise(int channel, float[] values, int from, int count) {
        float factor = (float) scale;
        float mean = means.isEmpty() ? 0 : means.get(means.size() == 1 ? 0 : channel).floatValue();
        float std = stds.isEmpty() ? 1 : stds.get(stds.size() == 1 ? 0 : channel).floatValue();
        for (int i = from; i < from + count; i++) {
            values[i] = (values[i] * factor - mean) / std;
        }
    }
}
