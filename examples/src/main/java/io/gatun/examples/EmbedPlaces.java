// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Checkpoint;
import io.gatun.core.Structure;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.wrappers.embed.Embedder;
import io.gatun.wrappers.embed.Embedding;
import io.gatun.wrappers.embed.EmbeddingProvider;
import io.gatun.wrappers.embed.EmbeddingRequest;
import io.gatun.wrappers.embed.FetchedPatch;
import io.gatun.wrappers.embed.OutputSpec;
import io.gatun.wrappers.embed.Raster;
import io.gatun.wrappers.embed.SensorSpec;
import io.gatun.wrappers.embed.SpatialSpec;
import io.gatun.wrappers.embed.TemporalSpec;
import java.util.Arrays;

/**
 * Embeddings of places by TerraFM-B: the programs of rs-embed's page. The pixels come from a provider that makes them
 * up; the weights are random.
 */
public final class EmbedPlaces {
    private EmbedPlaces() {}

    /** Meadows everywhere: 128 x 128 cells of the same spectrum, in Sentinel-2's digital numbers or as linear radar. */
    private static final EmbeddingProvider MEADOWS = new EmbeddingProvider() {
        @Override
        public String name() {
            return "meadows";
        }

        @Override
        public FetchedPatch fetch(SpatialSpec region, TemporalSpec.Range time, SensorSpec sensor) {
            int bands = sensor.bands().size();
            float[] values = new float[bands * 128 * 128];
            for (int i = 0; i < values.length; i++) {
                values[i] = bands == 12 ? 500 + 250 * (i / (128 * 128)) + i % 128 : 0.02f + i % 128 / 1000f;
            }
            return FetchedPatch.of(Raster.of(values, bands, 128, 128));
        }
    };

    public static void main(String[] args) {
        Checkpoint weights = Structure.of(TerraFM.loader(TerraFMConfig.named("terrafm_b"))::load).random(1);
        try (Embedder embedder = Embedder.of("terrafm_b").weights(weights).provider(MEADOWS).open()) {
            SpatialSpec place = new SpatialSpec.PointBuffer(121.5, 31.2, 2048);
            EmbeddingRequest summer = EmbeddingRequest.of("meadows")
                    .withTemporal(TemporalSpec.range("2022-06-01", "2022-09-01"))
                    .withSensor(SensorSpec.s2());
            print("Sentinel-2", embedder.getEmbedding(place, summer.withOutput(OutputSpec.pooled())));
            print("Sentinel-2", embedder.getEmbedding(place, summer.withOutput(OutputSpec.grid())));
            print("Sentinel-1", embedder.getEmbedding(place, summer.withSensor(SensorSpec.s1()
                    .withOrbit(SensorSpec.Orbit.ASCENDING)).withOutput(OutputSpec.pooled())));
            // Pixels of one's own, ready for the model: no provider, and no normalisation behind one's back.
            float[] ready = new float[12 * 224 * 224];
            Arrays.fill(ready, 0.3f);
            print("tensor", embedder.getEmbedding(EmbeddingRequest.of(EmbeddingRequest.TENSOR)
                    .withSensor(SensorSpec.s2()).withOutput(OutputSpec.pooled())
                    .withData(Raster.of(ready, 12, 224, 224))));
        }
    }

    private static void print(String what, Embedding embedding) {
        System.out.println(what + " " + embedding.dims() + " " + embedding.shape() + " "
                + embedding.metadata().get("modality") + " " + embedding.metadata().get("output_mode"));
    }
}
