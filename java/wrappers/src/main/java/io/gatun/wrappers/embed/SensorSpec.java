// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;
import java.util.List;
import java.util.Optional;

/**
 * What a provider fetches; upstream's fields and defaults.
 *
 * @param collection the provider's name of the product
 * @param bands names of the bands in the order of the channels
 * @param scaleM side of a pixel, metres
 * @param cloudyPct scenes with more clouds are left out, percent
 * @param fillValue what a missing pixel becomes
 * @param composite how scenes of several dates become one
 * @param modality what the model is given
 * @param orbit ASCENDING or DESCENDING for Sentinel-1; empty takes both
 * @param useFloatLinear whether Sentinel-1 is fetched in linear units, as TerraFM takes it
 * @param s1RequireIw whether Sentinel-1 scenes must be of interferometric wide swath
 * @param s1RelaxIwOnEmpty whether others are taken where there are none
 */
public record SensorSpec(String collection, List<String> bands, int scaleM, int cloudyPct, float fillValue,
        Composite composite, Modality modality, Optional<Orbit> orbit, boolean useFloatLinear, boolean s1RequireIw,
        boolean s1RelaxIwOnEmpty) {
    /** How scenes of several dates become one. */
    public enum Composite {
        /** Median of the values of a pixel. */
        MEDIAN,
        /** The latest value of a pixel. */
        MOSAIC
    }

    /** The direction in which a radar passed. */
    public enum Orbit {
        /** Towards the north. */
        ASCENDING,
        /** Towards the south. */
        DESCENDING
    }

    /**
     * Checks the numbers and the bands.
     *
     * @throws ArgumentException if one is out of range, or the bands are not the modality's
     */
    public SensorSpec {
        bands = List.copyOf(bands);
        if (scaleM < 1 || cloudyPct < 0 || cloudyPct > 100) {
            throw new ArgumentException("scale_m is " + scaleM + " and cloudy_pct " + cloudyPct + "; expected a scale"
                    + " of at least 1 m and 0 to 100 percent of clouds");
        }
        if (!bands.equals(modality.bands())) {
            throw new ArgumentException("bands are " + bands + "; TerraFM takes those of modality " + modality.text()
                    + " in this order: " + modality.bands());
        }
    }

    /**
     * Sentinel-2 surface reflectance, upstream's defaults: COPERNICUS/S2_SR_HARMONIZED, 10 m, at most 30 percent of
     * clouds, median.
     *
     * @return the sensor
     */
    public static SensorSpec s2() {
        return new SensorSpec("COPERNICUS/S2_SR_HARMONIZED", Modality.S2.bands(), 10, 30, 0, Composite.MEDIAN,
                Modality.S2, Optional.empty(), true, true, true);
    }

    /**
     * Sentinel-1 in linear units, upstream's defaults: COPERNICUS/S1_GRD_FLOAT, 10 m, median, both orbits.
     *
     * @return the sensor
     */
    public static SensorSpec s1() {
        return new SensorSpec("COPERNICUS/S1_GRD_FLOAT", Modality.S1.bands(), 10, 30, 0, Composite.MEDIAN,
                Modality.S1, Optional.empty(), true, true, true);
    }

    /**
     * The same from another product.
     *
     * @param other the provider's name of it
     * @return the sensor
     */
    public SensorSpec withCollection(String other) {
        return new SensorSpec(other, bands, scaleM, cloudyPct, fillValue, composite, modality, orbit, useFloatLinear,
                s1RequireIw, s1RelaxIwOnEmpty);
    }

    /**
     * The same with other pixels.
     *
     * @param metres side of a pixel
     * @return the sensor
     */
    public SensorSpec withScaleM(int metres) {
        return new SensorSpec(collection, bands, metres, cloudyPct, fillValue, composite, modality, orbit,
                useFloatLinear, s1RequireIw, s1RelaxIwOnEmpty);
    }

    /**
     * The same with another limit of clouds.
     *
     * @param percent scenes with more are left out
     * @return the sensor
     */
    public SensorSpec withCloudyPct(int percent) {
        return new SensorSpec(collection, bands, scaleM, percent, fillValue, composite, modality, orbit,
                useFloatLinear, s1RequireIw, s1RelaxIwOnEmpty);
    }

    /**
     * The same composed in another way.
     *
     * @param other how scenes of several dates become one
     * @return the sensor
     */
    public SensorSpec withComposite(Composite other) {
        return new SensorSpec(collection, bands, scaleM, cloudyPct, fillValue, other, modality, orbit, useFloatLinear,
                s1RequireIw, s1RelaxIwOnEmpty);
    }

    /**
     * The same with radar of one direction.
     *
     * @param only the direction
     * @return the sensor
     */
    public SensorSpec withOrbit(Orbit only) {
        return new SensorSpec(collection, bands, scaleM, cloudyPct, fillValue, composite, modality, Optional.of(only),
                useFloatLinear, s1RequireIw, s1RelaxIwOnEmpty);
    }

    /**
     * The same with radar in linear units or in decibels, which TerraFM refuses; the collection of Sentinel-1 changes
     * with it, as upstream's.
     *
     * @param linear whether it is in linear units
     * @return the sensor
     */
    public SensorSpec withUseFloatLinear(boolean linear) {
        String product = modality == Modality.S2 ? collection
                : linear ? "COPERNICUS/S1_GRD_FLOAT" : "COPERNICUS/S1_GRD";
        return new SensorSpec(product, bands, scaleM, cloudyPct, fillValue, composite, modality, orbit, linear,
                s1RequireIw, s1RelaxIwOnEmpty);
    }
}
