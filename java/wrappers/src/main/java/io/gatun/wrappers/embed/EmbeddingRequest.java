// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import java.util.Optional;

/**
 * What is wanted.
 *
 * @param backend {@code tensor}, or the name of a provider
 * @param temporal when; a provider needs a range
 * @param sensor what a provider fetches, and the modality of given pixels
 * @param output a vector or a grid
 * @param data for {@code tensor}: pixels as the model takes them, [C, H, W] or [B, C, H, W]. They are resized, nothing
 *     else
 * @param inputChw for any backend: one image [C, H, W] in raw units, which goes through the whole preparation
 */
public record EmbeddingRequest(String backend, Optional<TemporalSpec> temporal, SensorSpec sensor, OutputSpec output,
        Optional<Raster> data, Optional<Raster> inputChw) {
    /** The backend without a provider. */
    public static final String TENSOR = "tensor";

    /**
     * A request with upstream's defaults: Sentinel-2, a vector.
     *
     * @param backend {@code tensor}, or the name of a provider
     * @return the request
     */
    public static EmbeddingRequest of(String backend) {
        return new EmbeddingRequest(backend, Optional.empty(), SensorSpec.s2(), OutputSpec.pooled(), Optional.empty(),
                Optional.empty());
    }

    /**
     * The same for another time.
     *
     * @param when a range for a provider
     * @return the request
     */
    public EmbeddingRequest withTemporal(TemporalSpec when) {
        return new EmbeddingRequest(backend, Optional.of(when), sensor, output, data, inputChw);
    }

    /**
     * The same of another sensor.
     *
     * @param what the sensor
     * @return the request
     */
    public EmbeddingRequest withSensor(SensorSpec what) {
        return new EmbeddingRequest(backend, temporal, what, output, data, inputChw);
    }

    /**
     * The same with another output.
     *
     * @param what a vector or a grid
     * @return the request
     */
    public EmbeddingRequest withOutput(OutputSpec what) {
        return new EmbeddingRequest(backend, temporal, sensor, what, data, inputChw);
    }

    /**
     * The same on given pixels, ready for the model: upstream's {@code sensor.data}.
     *
     * @param ready [C, H, W] or [B, C, H, W]
     * @return the request
     */
    public EmbeddingRequest withData(Raster ready) {
        return new EmbeddingRequest(backend, temporal, sensor, output, Optional.of(ready), inputChw);
    }

    /**
     * The same on given pixels in raw units: upstream's {@code input_chw}.
     *
     * @param raw [C, H, W]
     * @return the request
     */
    public EmbeddingRequest withInputChw(Raster raw) {
        return new EmbeddingRequest(backend, temporal, sensor, output, data, Optional.of(raw));
    }
}
