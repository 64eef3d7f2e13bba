// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import io.gatun.core.ArgumentException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What published weights were trained with: which bands, and the mean and standard deviation of each. */
public enum Pretraining {
    /** Version 1.0. */
    V1,
    /** Version 0.1, of S2L2A alone among raw images. */
    V01;

    /** Mean and standard deviation of each band, in the bands' units. */
    record Statistics(double[] mean, double[] std) {
        List<Double> means() {
            return Arrays.stream(mean).boxed().toList();
        }

        List<Double> deviations() {
            return Arrays.stream(std).boxed().toList();
        }
    }

    private static final Statistics S1GRD =
            new Statistics(new double[] {-12.599, -20.293}, new double[] {5.195, 5.890});

    private static final Statistics NDVI = new Statistics(new double[] {0.327}, new double[] {0.322});

    private static final Statistics EARLY_DEM = new Statistics(new double[] {435.726}, new double[] {560.326});

    private static final Map<String, Statistics> FIRST = Map.of("untok_sen2l2a@224", new Statistics(
            new double[] {1390.458, 1503.317, 1718.197, 1853.91, 2199.1, 2779.975, 2987.011, 3083.234, 3132.22,
                    3162.988, 2424.884, 1857.648},
            new double[] {2106.761, 2141.107, 2038.973, 2134.138, 2085.321, 1889.926, 1820.257, 1871.918, 1753.829,
                    1797.379, 1434.261, 1334.311}), "untok_sen2l1c@224", new Statistics(
            new double[] {2357.089, 2137.385, 2018.788, 2082.986, 2295.651, 2854.537, 3122.849, 3040.56, 3306.481,
                    1473.847, 506.07, 2472.825, 1838.929},
            new double[] {1624.683, 1675.806, 1557.708, 1833.702, 1823.738, 1733.977, 1732.131, 1679.732, 1727.26,
                    1024.687, 442.165, 1331.411, 1160.419}), "untok_sen2rgb@224", new Statistics(
            new double[] {87.271, 80.931, 66.667}, new double[] {58.767, 47.663, 42.631}),
            "untok_sen1grd@224", S1GRD,
            "untok_sen1rtc@224", new Statistics(new double[] {-10.93, -17.329}, new double[] {4.391, 4.459}),
            "untok_dem@224", new Statistics(new double[] {670.665}, new double[] {951.272}));

    private static final Map<String, Statistics> EARLY = Map.of("untok_sen2l2a@224", new Statistics(
            new double[] {794.311, 925.161, 1183.128, 1338.041, 1667.254, 2233.633, 2460.96, 2555.569, 2619.542,
                    2703.298, 2406.497, 1841.645},
            new double[] {1164.883, 1205.586, 1223.713, 1399.638, 1403.298, 1378.513, 1434.924, 1491.141, 1454.089,
                    1660.395, 1473.248, 1365.080}));

    private Map<String, Statistics> statistics() {
        return this == V1 ? FIRST : EARLY;
    }

    /** Names of the pretrained bands of a modality, in the order of the weights; empty where there are none. */
    List<String> bands(String key) {
        return statistics().containsKey(key) ? TerraMindModality.pretrained(key).bands() : List.of();
    }

    /** Mean and standard deviation of each band of a modality, in the modality's order. */
    Statistics statistics(TerraMindModality modality) {
        Statistics all = statistics().get(modality.key());
        int[] chosen = modality.bands().stream().mapToInt(bands(modality.key())::indexOf).toArray();
        return new Statistics(Arrays.stream(chosen).mapToDouble(i -> all.mean()[i]).toArray(),
                Arrays.stream(chosen).mapToDouble(i -> all.std()[i]).toArray());
    }

    /**
     * Statistics of all bands of a modality, of pixels or as its tokenizer takes them; none of classes, and of what was
     * not pretrained.
     */
    Optional<Statistics> raw(String key) {
        if (this == V1 && key.equals("tok_ndvi@224")) {
            return Optional.of(NDVI);
        }
        if (this == V01 && key.equals("tok_sen1grd@224")) {
            return Optional.of(S1GRD);
        }
        if (this == V01 && key.equals("tok_dem@224")) {
            return Optional.of(EARLY_DEM);
        }
        return Optional.ofNullable(statistics().get(key.startsWith("tok_") ? "un" + key : key));
    }

    void requireStatistics(String name, TerraMindModality modality) {
        List<String> known = bands(modality.key());
        List<String> lacking = modality.bands().stream().filter(band -> !known.contains(band)).toList();
        if (modality.kind() == TerraMindModality.Kind.IMAGE && (known.isEmpty() || !lacking.isEmpty())) {
            throw new ArgumentException("TerraMind: standardize is true, but pretraining has no statistics of "
                    + (known.isEmpty() ? "modality " + name : "the bands " + String.join(", ", lacking) + " of " + name)
                    + "; standardise the images before they are given, and leave standardize out");
        }
    }
}
