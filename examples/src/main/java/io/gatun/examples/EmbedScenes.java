// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Checkpoint;
import io.gatun.core.Structure;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import io.gatun.wrappers.embed.Embedder;
import io.gatun.wrappers.embed.Embedding;
import io.gatun.wrappers.embed.EmbeddingRequest;
import io.gatun.wrappers.embed.LocalProvider;
import io.gatun.wrappers.embed.OutputSpec;
import io.gatun.wrappers.embed.SensorSpec;
import io.gatun.wrappers.embed.SpatialSpec;
import io.gatun.wrappers.embed.TemporalSpec;
import java.nio.file.Path;
import java.util.List;

/**
 * Embeddings of a folder of Sentinel-2 scenes, GeoTIFF or NetCDF as docs/embeddings.md says, of June 2022: each date
 * with few clouds counts, and their median goes through the model.
 */
public final class EmbedScenes {
    private EmbedScenes() {}

    /** Arguments: the folder; the weights of TerraFM-B, else random ones. */
    public static void main(String[] args) {
        Checkpoint weights = args.length > 1 ? Checkpoints.read(Path.of(args[1]))
                : Structure.of(TerraFM.loader(TerraFMConfig.named("terrafm_b"))::load).random(1);
        LocalProvider scenes = LocalProvider.open(Path.of(args[0]));
        EmbeddingRequest june = EmbeddingRequest.of("local")
                .withTemporal(TemporalSpec.range("2022-06-01", "2022-07-01"))
                .withSensor(SensorSpec.s2().withCloudyPct(30));
        try (Embedder embedder = Embedder.of("terrafm_b").weights(weights).provider(scenes).open()) {
            SpatialSpec.BoundingBox all = scenes.extent();
            Embedding grid = embedder.getEmbedding(all, june.withOutput(OutputSpec.grid()));
            System.out.println("grid " + grid.dims() + " " + grid.metadata().get("crs") + " of "
                    + grid.metadata().get("scenes"));
            // Several places in one call are read ahead of the model, on threads of their own.
            double latitude = (all.minLat() + all.maxLat()) / 2;
            double width = all.maxLon() - all.minLon();
            List<SpatialSpec> places = List.of(
                    SpatialSpec.pointBuffer(all.minLon() + width / 4, latitude, 200),
                    SpatialSpec.pointBuffer(all.maxLon() - width / 4, latitude, 200));
            List<Embedding> both = embedder.getEmbeddingsBatch(places, june.withOutput(OutputSpec.pooled()));
            System.out.printf("%d vectors of %s, their distance is %.1f%n", both.size(), both.getFirst().shape(),
                    distance(both.get(0).data(), both.get(1).data()));
        }
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.pow(a[i] - b[i], 2);
        }
        return Math.sqrt(sum);
    }
}
