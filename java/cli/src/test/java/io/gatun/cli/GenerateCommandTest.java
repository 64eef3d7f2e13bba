// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Structure;
import io.gatun.data.TiffFixture;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.models.Arguments;
import io.gatun.models.terramind.Pretraining;
import io.gatun.models.terramind.PretrainingStatistics;
import io.gatun.models.terramind.generation.TerraMindGeneration;
import io.gatun.models.terramind.generation.TerraMindGenerationConfig;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import io.gatun.wrappers.generate.SceneGeneration;
import io.gatun.wrappers.generate.SceneModality;
import io.gatun.wrappers.generate.TerraMindWindows;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** gatun generate with a tiny TerraMind of random weights; what the command says before it loads any. */
class GenerateCommandTest {
    private static final List<String> OUTPUTS = List.of("S1GRD", "LULC", "DEM");
    private static final int HEIGHT = 40;
    private static final int WIDTH = 70;

    @TempDir
    private Path folder;

    private Path scene;

    @BeforeEach
    void writeScene() {
        scene = folder.resolve("scene.tif");
        List<String> bands = SceneModality.of("S2L2A").bands();
        new TiffFixture(WIDTH, HEIGHT, 12).tiles(32, 32).packed(8, 2).north(32651, 300_000, 3_500_000, 10)
                .describe(bands, Map.of()).write(scene, (b, r, c) -> 400 + 150 * b + 10 * r + 5 * c);
    }

    private static TokenizerConfig tokenizer(String name) {
        Map<String, Object> sizes = new HashMap<>(Map.of("image_size", 32,
                "encoder", Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2)));
        boolean classes = name.endsWith("lulc");
        sizes.put(classes ? "decoder" : "unet", classes ? Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2)
                : Map.of("model_channels", 32, "num_res_blocks", 1));
        Arguments arguments = Arguments.of(name, sizes);
        TokenizerConfig config = TokenizerConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    private static TerraMindGenerationConfig small(long seed) {
        Map<String, Object> given = new HashMap<>(Map.of("modalities", List.of("S2L2A"), "output_modalities", OUTPUTS,
                "img_size", 32, "dim", 16, "encoder_depth", 1, "decoder_depth", 1, "num_heads", 2, "timesteps", 2,
                "standardize", true, "seed", seed));
        given.put("tokenizer_dict", Map.of("tok_sen1grd@224", tokenizer("terramind_v1_tokenizer_s1grd"),
                "tok_lulc@224", tokenizer("terramind_v1_tokenizer_lulc"),
                "tok_dem@224", tokenizer("terramind_v1_tokenizer_dem")));
        PretrainingStatistics statistics = PretrainingStatistics.of(Pretraining.V1);
        given.put("pretraining_mean", statistics.mean());
        given.put("pretraining_std", statistics.std());
        Arguments arguments = Arguments.of("small", given);
        TerraMindGenerationConfig config = TerraMindGenerationConfig.of(arguments);
        arguments.finish();
        return config;
    }

    private List<Path> run(long seed, int batch, Path output, Optional<Path> picture) {
        SequencedMap<String, Path> scenes = new LinkedHashMap<>(Map.of("S2L2A", scene));
        GenerationJob job = new GenerationJob(
                scenes, output, picture, new SceneGeneration.Options(32, 8, batch), false);
        TerraMindGenerationConfig config = small(seed);
        StringWriter said = new StringWriter();
        try (TerraMindWindows windows = TerraMindWindows.open(config,
                        Structure.of(TerraMindGeneration.loader(config)::load).random(3), Map.of(), Device.cpu(),
                        Precision.STRICT);
                Progress progress = new Progress.Lines(new PrintWriter(said, true))) {
            GenerationJob.Result result = job.run(windows, Device.cpu(), "now: test", progress);
            assertTrue(said.toString().contains("generating"), said::toString);
            assertEquals(List.of(), result.notes());
            return result.written();
        }
    }

    private static float[] values(Path output, String name) {
        try (NetcdfFile file = NetcdfFile.open(output.resolve(name + ".nc"))) {
            double[] values = file.variable(name).readDoubles();
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) values[i];
            }
            return floats;
        }
    }

    @Test
    void eachOutputIsAFileAndAllAreInThePicture() throws IOException {
        Path output = folder.resolve("out");
        Path picture = folder.resolve("out.png");
        List<Path> written = run(1, 3, output, Optional.of(picture));
        assertEquals(List.of(output.resolve("S1GRD.nc"), output.resolve("LULC.nc"), output.resolve("DEM.nc"), picture),
                written);
        assertEquals(2 * HEIGHT * WIDTH, values(output, "S1GRD").length);
        for (float height : values(output, "DEM")) {
            // Standardised values are -1 to 1, which the diffusion's last step clips to.
            assertEquals(670.665, height, 952);
        }
        for (float label : values(output, "LULC")) {
            assertTrue(label >= 0 && label < 10, "class " + label);
        }
        try (NetcdfFile file = NetcdfFile.open(output.resolve("DEM.nc"))) {
            assertEquals("m", file.variable("DEM").text("units").orElseThrow());
            assertEquals(300_005, file.variable("x").readDoubles()[0]);
            assertTrue(file.attributes().get("history").toString().contains("now: test"));
        }
        BufferedImage image = ImageIO.read(picture.toFile());
        assertTrue(image.getWidth() > 4 * 400, "four panels beside each other, " + image.getWidth() + " wide");
    }

    @Test
    void theSeedTellsResultsApartAndTheBatchDoesNot() {
        run(1, 1, folder.resolve("a"), Optional.empty());
        run(1, 4, folder.resolve("b"), Optional.empty());
        run(2, 4, folder.resolve("c"), Optional.empty());
        for (String name : OUTPUTS) {
            float[] first = values(folder.resolve("a"), name);
            assertArrayEquals(first, values(folder.resolve("b"), name), 1e-3f, name);
            assertFalse(Arrays.equals(first, values(folder.resolve("c"), name)), name);
        }
    }

    @Test
    void whatIsProbablyNotWantedIsNoted() {
        scene = folder.resolve("coarse.tif");
        new TiffFixture(40, 40, 12).type(3, 32).north(32651, 300_000, 3_500_000, 20)
                .write(scene, (b, r, c) -> 400 + 150 * b + 10 * r + 5 * c);
        Path none = folder.resolve("none.tif");
        new TiffFixture(40, 40, 1).type(3, 32).north(32651, 300_000, 3_500_000, 20)
                .write(none, (b, r, c) -> Double.NaN);
        SequencedMap<String, Path> scenes = new LinkedHashMap<>();
        scenes.put("S2L2A", scene);
        scenes.put("DEM", none);
        GenerationJob job = new GenerationJob(scenes, folder.resolve("out"), Optional.empty(),
                new SceneGeneration.Options(32, 8, 2), false);
        try (TerraMindWindows windows = TerraMindWindows.open(small(1),
                Structure.of(TerraMindGeneration.loader(small(1))::load).random(3), Map.of(), Device.cpu(),
                Precision.STRICT)) {
            List<String> notes = job.run(windows, Device.cpu(), "now: test", new Progress.None()).notes();
            assertEquals(2, notes.size());
            assertTrue(notes.getFirst().contains("20.0 m") && notes.getLast().contains("none.tif"), notes::toString);
        }
    }

    @Test
    void scenesOfOtherPlacesAndRotatedOnesAreRefusedAtOnce() {
        new TiffFixture(8, 8, 2).north(32652, 300_000, 3_500_000, 10)
                .write(folder.resolve("radar.tif"), (b, r, c) -> r + c);
        new TiffFixture(8, 8, 1).shorts(34735, 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32651)
                .doubles(34264, 8, 6, 0, 300_000, 6, -8, 0, 3_500_000, 0, 0, 0, 0, 0, 0, 0, 1)
                .write(folder.resolve("rotated.tif"), (b, r, c) -> r + c);
        CommandRun apart = CommandRun.of("generate", "--weights", "absent.pt", "--output", folder, "--outputs", "LULC",
                "--inputs", "S2L2A=" + scene, "S1GRD=" + folder.resolve("radar.tif"));
        assertTrue(apart.err().contains("radar.tif") && apart.err().contains("lies elsewhere"), apart.err());
        CommandRun rotated = CommandRun.of("generate", "--weights", "absent.pt", "--output", folder, "--outputs",
                "LULC", "--inputs", "DEM=" + folder.resolve("rotated.tif"));
        assertTrue(rotated.err().contains("rotated.tif: the pixels are rotated"), rotated.err());
    }

    @Test
    void nothingIsLeftOfARunThatFails() {
        Path output = folder.resolve("out");
        TerraMindGenerationConfig config = small(1);
        SequencedMap<String, Path> scenes = new LinkedHashMap<>(Map.of("DEM", scene));
        new TiffFixture(40, 40, 1).north(32651, 300_000, 3_500_000, 10).write(scene, (b, r, c) -> r + c);
        GenerationJob job = new GenerationJob(
                scenes, output, Optional.empty(), new SceneGeneration.Options(32, 8, 1), false);
        try (TerraMindWindows windows = TerraMindWindows.open(config,
                Structure.of(TerraMindGeneration.loader(config)::load).random(3), Map.of(), Device.cpu(),
                Precision.STRICT)) {
            String text = assertThrows(ArgumentException.class,
                    () -> job.run(windows, Device.cpu(), "now: test", new Progress.None())).getMessage();
            assertTrue(text.contains("DEM"), text);
        }
        assertEquals(List.of("scene.tif"), CommandRun.filesIn(folder));
    }

    @Test
    void weightsWithoutTheirTokenizersSayWhichTheyNeed() {
        TerraMindGenerationConfig config = small(1);
        Checkpoint whole = Structure.of(TerraMindGeneration.loader(config)::load).random(3);
        Checkpoint network = new Checkpoint("pretrained", whole.digest(), whole.stripPrefix("sampler.model.").tensors(),
                Map.of());
        String text = assertThrows(ArgumentException.class, () -> TerraMindWindows.open(
                config, network, Map.of(), Device.cpu(), Precision.STRICT)).getMessage();
        assertTrue(text.contains("S1GRD=FILE") && text.contains("LULC=FILE") && text.contains("DEM=FILE"), text);
        Map<String, Checkpoint> surplus = Map.of("S1GRD", whole, "LULC", whole, "DEM", whole);
        text = assertThrows(ArgumentException.class, () -> TerraMindWindows.open(
                config, whole, surplus, Device.cpu(), Precision.STRICT)).getMessage();
        assertTrue(text.contains("tokenizers of its own"), text);
    }

    @Test
    void historyHasTheDigestsOfAllWeights() {
        Map<String, Checkpoint> tokenizers =
                Map.of("LULC", new Checkpoint("lulc.pt", "b".repeat(64), Map.of(), Map.of()));
        assertEquals("small of network.pt (sha256 " + "a".repeat(64) + "), tokenizer LULC of lulc.pt (sha256 "
                + "b".repeat(64) + ")", GenerateCommand.described(
                        "small", new Checkpoint("network.pt", "a".repeat(64), Map.of(), Map.of()), tokenizers));
    }

    @Test
    void whatIsNoModalityWithAFileIsAMistakeInTheCommand() {
        CommandRun run = CommandRun.of("generate", "--weights", "absent.pt", "--output", folder, "--outputs", "DEM",
                "--inputs", "scene.tif");
        assertEquals(2, run.code());
        assertTrue(run.err().contains("expected MODALITY=FILE"), run.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--inputs S3=scene.tif --outputs DEM | there is no modality \"S3\"",
        "--inputs S2L2A=scene.tif --outputs caption | is no image of a scene",
        "--inputs S2L2A=scene.tif --outputs DEM,DEM | one of them twice",
        "--inputs S2L2A=scene.tif --outputs DEM --window 100 | expected a multiple of 32",
        "--inputs S2L2A=scene.tif --outputs DEM --overlap 224 | less overlap than that",
        "--inputs S2L2A=scene.tif --outputs DEM --batch 0 | at least one",
        "--inputs S2L2A=scene.tif --outputs DEM --model terramind_v1_bas_generate | did you mean",
        "--inputs S2L2A=scene.tif --outputs DEM --decoding-steps 0 | decoding_steps",
        "--inputs S2L2A=scene.tif --outputs DEM --temps -1 | temps",
        "--inputs S2L2A=scene.tif --outputs DEM --top-p 1.5 | top_p",
        "--inputs S2L2A=scene.tif --outputs DEM --timesteps 0 | timesteps",
        "--inputs S2L2A=DEM.nc --outputs DEM | is also read by this run",
        "--inputs S2L2A=scene.tif --outputs DEM --picture=DEM.nc | two of the outputs have one name",
        "--inputs S2L2A=scene.tif --outputs DEM --output=scene.tif | is a file, expected a folder",
        "--inputs S2L2A=scene.tif --outputs DEM --output=scene.tif/out | is a file, expected a folder",
        "--inputs S2L2A=scene.tif --outputs DEM --output=out --picture=out/p.png | absent.pt does not exist",
        "--inputs S2L2A=absent.tif --outputs DEM | absent.tif",
        "--inputs S2L2A=scene.tif S1GRD=radar.tif --outputs DEM,LULC | radar.tif",
        "--inputs S2L2A=scene.tif,S1GRD=radar.tif --outputs DEM LULC | radar.tif",
        "--inputs S2L2A=scene.tif --outputs DEM --picture=no/out.png | out.png",
        "--inputs S1GRD=scene.tif --outputs DEM | has no band VV",
        "--inputs S2L2A=scene.tif --outputs DEM --tokenizer DEM=none.pt | none.pt",
        "--inputs S2L2A=scene.tif --outputs DEM,LULC --tokenizer DEM=d.pt | LULC needs its tokenizer",
        "--inputs NDVI=scene.tif --outputs DEM --tokenizer DEM=d.pt | NDVI needs its tokenizer",
        "--inputs S2L2A=scene.tif --outputs DEM --tokenizer LULC=l.pt | is not needed, only those of DEM",
        "--inputs S2L2A=scene.tif --outputs DEM --tokenizer DAM=d.pt | did you mean",
        "--inputs S2L2A=scene.tif --outputs DEM --tokenizer DEM=d.pt --tokenizer DEM=e.pt | has DEM twice",
        "--inputs S2L2A=scene.tif --outputs DEM --tokenizer DEM=d.pt --tokenizer dem=e.pt | as DEM and as dem",
        "--inputs S2L2A=scene.tif,S2L2A=other.tif --outputs DEM | --inputs has S2L2A twice",
        "--inputs S2L2A=scene.tif --outputs S2L1C | it is S2L2A that can",
        "--inputs S2L2A=scene.tif --outputs DEM | absent.pt does not exist"})
    void whatCannotBeIsSaidBeforeAnythingIsComputed(String options, String expected) {
        String placed = options.replaceAll("=([^\\s,]+)", "=" + folder.toString().replace("\\", "\\\\") + "/$1");
        List<Object> command = new ArrayList<>(
                List.of("generate", "--weights", folder.resolve("absent.pt"), "--quiet"));
        if (!options.contains("--output=")) {
            command.addAll(List.of("--output", folder));
        }
        command.addAll(List.of(placed.split(" ")));
        CommandRun run = CommandRun.of(command.toArray());
        assertEquals(1, run.code(), run.err());
        assertTrue(run.err().contains(expected), run.err());
        assertEquals(List.of("scene.tif"), CommandRun.filesIn(folder));
    }
}
