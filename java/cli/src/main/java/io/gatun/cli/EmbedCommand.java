// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.data.scene.PixelMask;
import io.gatun.models.terrafm.Stem;
import io.gatun.wrappers.embed.Embedder;
import io.gatun.wrappers.embed.EmbedderSettings;
import io.gatun.wrappers.embed.EmbeddingRequest;
import io.gatun.wrappers.embed.LocalProvider;
import io.gatun.wrappers.embed.Modality;
import io.gatun.wrappers.embed.SensorSpec;
import io.gatun.wrappers.embed.SpatialSpec;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Embeddings of a region in scenes on disk. */
@Command(name = "embed", sortOptions = false,
        description = "Embeds a region of Sentinel-2 or Sentinel-1 scenes as a vector, a grid or a picture.")
final class EmbedCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", defaultValue = "terrafm_b", paramLabel = "NAME",
            description = "terrafm_b or terrafm_large (default: ${DEFAULT-VALUE}).")
    private String model;

    @Option(names = "--weights", required = true, paramLabel = "FILE",
            description = "Its weights, such as TerraFM-B.pth (nothing in it is run), or safetensors.")
    private Path weights;

    @Option(names = "--input", required = true, paramLabel = "FILE|FOLDER",
            description = "A scene, or a folder of scenes with dates in their names: GeoTIFF (all bands in a file, or a"
                    + " file for each), NetCDF.")
    private Path input;

    @Option(names = "--pooled", paramLabel = "FILE", description = "Table to write (CSV): one vector for the region.")
    private Optional<Path> pooled = Optional.empty();

    @Option(names = "--grid", paramLabel = "FILE", description = "File to write (NetCDF): a vector for each patch.")
    private Optional<Path> grid = Optional.empty();

    @Option(names = "--picture", paramLabel = "FILE",
            description = "Picture to write (PNG): the grid's first three principal components.")
    private Optional<Path> picture = Optional.empty();

    @Mixin
    private RegionOptions place;

    @Option(names = "--modality", defaultValue = "s2", paramLabel = "s2|s1",
            description = "Sentinel-2 as digital numbers, or Sentinel-1 in linear units (default: ${DEFAULT-VALUE}).")
    private Modality modality;

    @Option(names = "--scale", defaultValue = "10", paramLabel = "METRES",
            description = "Side of a pixel (default: ${DEFAULT-VALUE}).")
    private int scale;

    @Option(names = "--max-cloud", defaultValue = "30", paramLabel = "PERCENT",
            description = "Leave out scenes of Sentinel-2 that say they have more (default: ${DEFAULT-VALUE}).")
    private int maxCloud;

    @Option(names = "--mask-clouds", description = "Leave out the pixels that band SCL calls cloud or shadow.")
    private boolean maskClouds;

    @Option(names = "--composite", defaultValue = "median", paramLabel = "median|mosaic",
            description = "How dates become one; mosaic takes the latest (default: ${DEFAULT-VALUE}).")
    private SensorSpec.Composite composite;

    @Option(names = "--orbit", paramLabel = "ascending|descending", description = "Leave out other Sentinel-1 scenes.")
    private Optional<SensorSpec.Orbit> orbit = Optional.empty();

    @Option(names = "--l2a-stem",
            description = "Sentinel-2 goes through the patch embedding of Level-2A (default: Level-1C, as upstream).")
    private boolean l2aStem;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    EmbedCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        List<Path> targets = Stream.of(pooled, grid, picture).flatMap(Optional::stream).toList();
        if (targets.isEmpty()) {
            throw new ArgumentException("there is nothing to write; give --pooled, --grid or --picture");
        }
        OutputPaths.requireDistinct(targets);
        targets.forEach(target -> OutputPaths.requireFile(target, List.of(weights, input)));
        Optional<SpatialSpec> wanted = place.region();
        LocalProvider scenes = maskClouds ? LocalProvider.open(input).withMask(PixelMask.sentinel2Clouds())
                : LocalProvider.open(input);
        SensorSpec sensor = (modality == Modality.S2 ? SensorSpec.s2() : SensorSpec.s1())
                .withScaleM(scale).withCloudyPct(maxCloud).withComposite(composite);
        EmbeddingRequest request = EmbeddingRequest.of(scenes.name()).withTemporal(place.time())
                .withSensor(orbit.map(sensor::withOrbit).orElse(sensor));
        EmbeddingJob job = new EmbeddingJob(wanted.orElseGet(scenes::extent), request, pooled, grid, picture,
                Instant.now().truncatedTo(ChronoUnit.SECONDS) + ": gatun " + Gatun.Version.number() + " embed");
        try (Progress progress = Progress.onStandardError(spec.commandLine().getErr(), quiet)) {
            Device device = Device.of(compute.device());
            progress.step("device: " + device.name() + " (" + device.info().processor() + "), precision "
                    + compute.precision());
            EmbedderSettings settings = Embedder.of(model).provider(scenes).device(device)
                    .precision(compute.precision()).stem(l2aStem ? Stem.L2A_STEM : Stem.UPSTREAM_EXACT)
                    .weights(Checkpoints.read(weights));
            try (Embedder embedder = settings.open()) {
                progress.step("weights: " + weights);
                List<Path> written = job.run(embedder);
                if (!quiet) {
                    written.forEach(path -> out.println("written: " + path));
                }
            }
        }
        out.flush();
        return 0;
    }
}
