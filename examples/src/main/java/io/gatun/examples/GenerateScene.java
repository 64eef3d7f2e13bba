// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Structure;
import io.gatun.data.scene.SceneRaster;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.wrappers.generate.GeneratedFiles;
import io.gatun.wrappers.generate.SceneGeneration;
import io.gatun.wrappers.generate.SceneInput;
import io.gatun.wrappers.generate.SceneModality;
import io.gatun.wrappers.generate.TerraMindWindows;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A scene larger than the model's images, in windows that are blended: upstream's large_tile_generation, and what
 * {@code gatun generate} does. The networks are small and of random weights.
 */
public final class GenerateScene {
    private GenerateScene() {}

    /** Arguments: a scene of Sentinel-2 L2A, GeoTIFF or NetCDF; the folder to write to. */
    public static void main(String[] args) {
        TerraMindGenerationConfig config = AnyToAny.small(List.of("S2L2A"), List.of("DEM", "LULC"));
        Device device = Device.best();
        Path folder = Path.of(args[1]);
        SceneInput scene = SceneModality.of("S2L2A").open(Path.of(args[0]));
        try (SceneRaster raster = scene.raster();
                TerraMindWindows windows = TerraMindWindows.open(config,
                        Structure.of(TerraMindGeneration.loader(config)::load).random(1), Map.of(), device,
                        Precision.STRICT);
                GeneratedFiles files = GeneratedFiles.create(
                        folder, windows.outputs(), raster.pixels(), "an example of Gatun")) {
            SceneGeneration.run(List.of(scene), windows, device, new SceneGeneration.Options(64, 16, 4), files,
                    (_, done, total) -> {
                        if (done == total) {
                            System.out.println(total + " windows");
                        }
                    });
            files.commit();
        }
        System.out.println("written: " + GeneratedFiles.path(folder, "DEM").getFileName() + " "
                + GeneratedFiles.path(folder, "LULC").getFileName());
    }
}
