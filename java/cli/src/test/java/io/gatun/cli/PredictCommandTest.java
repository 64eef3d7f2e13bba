// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.factory.config.TerraTorchConfig;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** gatun predict with a tiny ViT and random weights. */
class PredictCommandTest {
    private static final String CONFIG = """
            trainer: {max_epochs: 1}
            data:
              class_path: GenericNonGeoSegmentationDataModule
              init_args:
                batch_size: 1
                means: [50, 50]
                stds: [25, 25]
            model:
              class_path: terratorch.tasks.SemanticSegmentationTask
              init_args:
                model_factory: EncoderDecoderFactory
                model_args:
                  backbone: vit_tiny_patch16_224
                  backbone_img_size: 32
                  backbone_patch_size: 8
                  backbone_embed_dim: 32
                  backbone_depth: 1
                  backbone_num_heads: 2
                  backbone_in_chans: 2
                  backbone_out_indices: [0]
                  decoder: FCNDecoder
                  decoder_channels: 8
                  decoder_num_convs: 1
                  num_classes: 2
                class_names: [dry, flooded]
                output_on_inference: [prediction, probabilities]
            """;

    @TempDir
    private Path folder;

    private Path config;
    private Path checkpoint;
    private Path scene;

    @BeforeEach
    void writeFiles() throws IOException {
        config = Files.writeString(folder.resolve("terratorch.yaml"), CONFIG);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        TerraTorchConfig.read(config, false).blueprint().structure().random(3).tensors()
                .forEach((name, data) -> tensors.put("model." + name, data));
        checkpoint = folder.resolve("best.safetensors");
        SafetensorsFile.write(checkpoint, tensors, Map.of());
        scene = scene(0);
    }

    private Path scene(float first) {
        float[] values = new float[2 * 32 * 32];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 97;
        }
        values[0] = first;
        Path file = folder.resolve("scene.safetensors");
        SafetensorsFile.write(file, Map.of("x",
                new TensorData(DType.F32, Shape.of(2, 32, 32), MemorySegment.ofArray(values))), Map.of());
        return file;
    }

    private CommandRun predict(Path output, Object... more) {
        return CommandRun.of(Stream.concat(Stream.of("predict", "--config", config, "--checkpoint", checkpoint,
                "--input", scene, "--output", output, "--device", "cpu"), Stream.of(more)).toArray());
    }

    @Test
    void writesNetcdfAndSafetensors() {
        Path netcdf = folder.resolve("out.nc");
        CommandRun run = predict(netcdf);
        assertEquals(0, run.code(), run.err());
        assertEquals(List.of("written: " + netcdf), run.outLines());
        Path tensors = folder.resolve("out.safetensors");
        assertEquals(0, predict(tensors, "--quiet").code());
        try (NetcdfFile file = NetcdfFile.open(netcdf)) {
            assertEquals("dry flooded", file.variable("prediction").text("flag_meanings").orElseThrow());
            float[] probabilities = file.variable("probabilities").readFloats();
            assertEquals(2 * 32 * 32, probabilities.length);
            assertEquals(1, probabilities[0] + probabilities[32 * 32], 1e-6);
            TensorData same = SafetensorsFile.read(tensors).tensors().get("probabilities");
            assertArrayEquals(probabilities, same.bytes().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
        }
    }

    @Test
    void dryRunChecksEverythingAndWritesNothing() {
        Path output = folder.resolve("out.nc");
        CommandRun run = predict(output, "--dry-run");
        assertEquals(0, run.code(), run.err());
        assertTrue(run.outLines().contains("input: image [1, 2, 32, 32]"), run.out());
        assertTrue(run.outLines().contains("model output: [1, 2, 32, 32]"), run.out());
        assertTrue(run.outLines().contains("would write: [prediction, probabilities] to " + output), run.out());
        assertFalse(Files.exists(output));
    }

    @Test
    void missingValuesEndWithASentence() {
        scene(Float.NaN);
        CommandRun run = predict(folder.resolve("out.nc"));
        assertEquals(Gatun.FAILED, run.code());
        assertTrue(run.err().contains("1 of the 2048 values that the model would see are missing"), run.err());
        assertEquals(List.of("best.safetensors", "scene.safetensors", "terratorch.yaml"), CommandRun.filesIn(folder));
    }

    @Test
    void unknownKeysNeedTheOption() throws IOException {
        Files.writeString(config, CONFIG.replace("batch_size: 1", "batch_sise: 1"));
        CommandRun refused = predict(folder.resolve("out.nc"));
        assertEquals(Gatun.FAILED, refused.code());
        assertTrue(refused.err().contains("data.init_args.batch_sise is unknown; did you mean batch_size?"),
                refused.err());
        CommandRun ignoring = predict(folder.resolve("out.nc"), "--ignore-keys");
        assertEquals(0, ignoring.code(), ignoring.err());
        assertTrue(ignoring.err().contains("note: data.init_args.batch_sise is ignored"), ignoring.err());
    }

    @Test
    void aPrefixChoosesTheWeights() {
        assertEquals(0, predict(folder.resolve("out.nc"), "--strip-prefix", "model.").code());
        CommandRun wrong = predict(folder.resolve("out.nc"), "--strip-prefix", "ema.");
        assertEquals(Gatun.FAILED, wrong.code());
        assertTrue(wrong.err().contains("no tensor name begins with \"ema.\""), wrong.err());
    }

    @Test
    void theOutputMayNotReplaceAnInput() {
        for (Path input : Arrays.asList(config, checkpoint, scene)) {
            CommandRun run = predict(input);
            assertEquals(Gatun.FAILED, run.code());
            assertTrue(run.err().contains("is also read by this run"), run.err());
        }
    }
}
