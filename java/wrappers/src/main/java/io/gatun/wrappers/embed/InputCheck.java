// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.DataException;
import io.gatun.core.ShapeException;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * What the values of an image say about it. Only ranges that cannot be meant are refused.
 *
 * @param missing share of values that are not finite
 * @param negative share of the finite values other than 0 that are negative
 * @param smallest finite value
 * @param largest finite value
 */
record InputCheck(double missing, double negative, float smallest, float largest) {
    /** No unit interval reaches it, and no digital numbers of a whole image stay below it. */
    private static final float NEITHER = 2;

    static InputCheck of(Raster raster) {
        long finite = 0;
        long nonzero = 0;
        long negative = 0;
        float smallest = Float.POSITIVE_INFINITY;
        float largest = Float.NEGATIVE_INFINITY;
        for (float value : raster.values()) {
            if (Float.isFinite(value)) {
                finite++;
                nonzero += value != 0 ? 1 : 0;
                negative += value < 0 ? 1 : 0;
                smallest = Math.min(smallest, value);
                largest = Math.max(largest, value);
            }
        }
        return new InputCheck((raster.values().length - finite) / (double) raster.values().length,
                nonzero == 0 ? 0 : negative / (double) nonzero, smallest, largest);
    }

    /** The bands are those of a modality, and of the one that is meant. */
    static void bands(String what, Raster raster, Modality modality) {
        int bands = raster.bands();
        if (bands != Modality.S2.bands().size() && bands != Modality.S1.bands().size()) {
            throw new ShapeException(what + " has shape " + raster.shape() + ", C = " + bands + "; TerraFM takes C = 12"
                    + " (Sentinel-2: " + Modality.S2.bands() + ") or C = 2 (Sentinel-1: VV, VH)");
        }
        if (bands != modality.bands().size()) {
            throw new ShapeException(what + " has shape " + raster.shape() + " and the sensor's modality is "
                    + modality.text() + ", which has " + modality.bands().size() + " bands; give SensorSpec."
                    + (modality == Modality.S2 ? "s1() with Sentinel-1" : "s2() with Sentinel-2"));
        }
    }

    /** An image in raw units. That of Sentinel-1 in decibels is refused where it is normalised. */
    static InputCheck raw(String what, Raster raster, Modality modality) {
        bands(what, raster, modality);
        InputCheck check = of(raster);
        if (check.missing == 1) {
            throw new DataException(what + " has no value, all " + raster.values().length + " are missing; choose"
                    + " another time or region");
        }
        if (modality == Modality.S2) {
            check.refuseNotDigital(what);
        }
        return check;
    }

    private void refuseNotDigital(String what) {
        if (negative > 0.5) {
            throw new DataException(what + " has mostly negative values, from " + smallest + " to " + largest
                    + "; Sentinel-2 is expected as digital numbers from 0 to 10000: is it radar in decibels?");
        }
        if (smallest >= 0 && largest > 0 && largest <= NEITHER) {
            throw new DataException(what + " has values from " + smallest + " to " + largest + ", so it looks"
                    + " normalised already; Sentinel-2 is expected as digital numbers from 0 to 10000: multiply by"
                    + " 10000, or give it as data of the backend tensor");
        }
    }

    /** An image as the model takes it, from 0 to 1. */
    static InputCheck ready(String what, Raster raster, Modality modality) {
        bands(what, raster, modality);
        InputCheck check = of(raster);
        if (check.missing > 0) {
            throw new DataException(what + " has values that are not finite, " + 100 * check.missing + " percent of"
                    + " all; data of the backend tensor go to the model as they are: fill them, or give raw pixels as"
                    + " input_chw");
        }
        if (check.negative > 0.5) {
            throw new DataException(what + " has mostly negative values, from " + check.smallest + " to "
                    + check.largest + "; data of the backend tensor are expected normalised, from 0 to 1: are they"
                    + " decibels?");
        }
        if (check.largest > NEITHER) {
            throw new DataException(what + " has values from " + check.smallest + " to " + check.largest
                    + "; data of the backend tensor are expected normalised, from 0 to 1, and are not normalised here:"
                    + " give raw pixels as input_chw");
        }
        return check;
    }

    SequencedMap<String, Object> metadata() {
        SequencedMap<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("ok", true);
        metadata.put("missing_share", missing);
        metadata.put("min", (double) smallest);
        metadata.put("max", (double) largest);
        return metadata;
    }
}
