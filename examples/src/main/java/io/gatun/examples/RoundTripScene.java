// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.data.geotiff.PixelWindow;
import io.gatun.data.scene.SceneRaster;
import io.gatun.data.scene.TargetGrid;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.Pretraining;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.Standardization;
import io.gatun.models.terramind.TerraMindModality;
import io.gatun.models.terramind.tokenizer.DecodeOptions;
import io.gatun.models.terramind.tokenizer.RoundTrip;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import io.gatun.wrappers.generate.SceneModality;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a tokenizer keeps of a scene: the share of its tokens that are others once they were decoded and encoded again.
 * The scene is cut into images of 224 x 224 pixels; those at its edges that are smaller, and those with gaps, are left
 * out.
 */
public final class RoundTripScene {
    private static final int SIDE = 224;

    private RoundTripScene() {}

    /** Arguments: the tokenizer's name, its file, a scene of its modality, and steps of the diffusion if not 50. */
    public static void main(String[] args) {
        DecodeOptions options = DecodeOptions.defaults();
        print(TokenizerConfig.of(args[0], Arguments.of(args[0], Map.of())), Checkpoints.read(Path.of(args[1])),
                Path.of(args[2]), args.length > 3 ? options.withTimesteps(Integer.parseInt(args[3])) : options);
    }

    static void print(TokenizerConfig config, Checkpoint file, Path scene, DecodeOptions options) {
        String modality = config.name().replaceAll(".*_", "");
        PretrainingStatistics pretraining = PretrainingStatistics.of(
                config.name().contains("_v01_") ? Pretraining.V01 : Pretraining.V1);
        Device device = Device.best();
        long tokens = 0;
        long changed = 0;
        int images = 0;
        try (SceneRaster raster = SceneModality.of(modality).open(scene).raster();
                TerraMindTokenizer tokenizer = TerraMindTokenizer.load(file, config, device, Precision.STRICT);
                Scope numbers = Scope.open(device)) {
            Optional<Standardization> standard = Standardization.load(
                    numbers, pretraining, TerraMindModality.pretrained(modality).key(), 0);
            TargetGrid pixels = raster.pixels();
            for (int top = 0; top + SIDE <= pixels.height(); top += SIDE) {
                for (int left = 0; left + SIDE <= pixels.width(); left += SIDE) {
                    float[] values = raster.read(
                            pixels.part(new PixelWindow(top, left, SIDE, SIDE)), config.isClasses());
                    if (!complete(values)) {
                        continue;
                    }
                    try (Scope scope = Scope.open(device)) {
                        Tensor raw = scope.of(values, 1, raster.bands(), SIDE, SIDE);
                        Tensor image = standard.map(own -> own.apply(scope, raw)).orElse(raw);
                        RoundTrip trip = RoundTrip.of(scope, tokenizer, image, options.withSeed(0, images));
                        tokens += trip.tokens();
                        changed += trip.changed();
                        images++;
                    }
                }
            }
        }
        System.out.println(String.format(
                Locale.ROOT, "%s: %d images, %d of %d tokens (%.1f %%) are others after another round", config.name(),
                images, changed, tokens, tokens == 0 ? 0 : 100.0 * changed / tokens));
    }

    private static boolean complete(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }
}
