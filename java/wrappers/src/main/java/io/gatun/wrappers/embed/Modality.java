// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.List;

/** What a TerraFM model is given, upstream's {@code sensor.modality}. */
public enum Modality {
    /** Sentinel-2 surface reflectance, 12 bands as digital numbers of 0 to 10000. */
    S2("s2", List.of("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12")),
    /** Sentinel-1 backscatter in linear units. */
    S1("s1", List.of("VV", "VH"));

    private final String text;
    private final List<String> bands;

    Modality(String text, List<String> bands) {
        this.text = text;
        this.bands = bands;
    }

    /**
     * Upstream's spelling.
     *
     * @return {@code s2} or {@code s1}
     */
    public String text() {
        return text;
    }

    /**
     * The bands that the model takes.
     *
     * @return in the order of the channels
     */
    public List<String> bands() {
        return bands;
    }
}
