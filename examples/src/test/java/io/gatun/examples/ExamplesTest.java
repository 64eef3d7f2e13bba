// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Structure;
import io.gatun.data.TiffFixture;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.models.Arguments;
import io.gatun.models.prithvi.PrithviConfig;
import io.gatun.models.prithvi.PrithviViT;
import io.gatun.models.terramind.TerraMindConfig;
import io.gatun.models.terramind.TerraMindViT;
import io.gatun.models.terramind.tokenizer.DecodeOptions;
import io.gatun.models.terramind.tokenizer.TerraMindTokenizer;
import io.gatun.models.terramind.tokenizer.TokenizerConfig;
import io.gatun.wrappers.embed.Modality;
import io.gatun.wrappers.generate.SceneModality;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each example prints what its comments say. */
class ExamplesTest {
    private static List<String> printed(Runnable example) {
        PrintStream before = System.out;
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (PrintStream caught = new PrintStream(text, true, StandardCharsets.UTF_8)) {
            System.setOut(caught);
            example.run();
        } finally {
            System.setOut(before);
        }
        return text.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void buildByName() {
        List<String> lines = printed(() -> BuildByName.main(new String[0]));
        assertEquals(List.of("logits [1, 5, 100, 120]", "aux [1, 5, 100, 120]"), lines.subList(1, 3));
    }

    @Test
    void buildByType() {
        List<String> lines = printed(() -> BuildByType.main(new String[0]));
        assertEquals("decoder.convs.0.0.weight [192, 32, 2, 2]", lines.getFirst());
        assertEquals("head.head.1.bias [1]", lines.getLast());
    }

    @Test
    void ownParts() {
        assertEquals(List.of("[1, 4, 32, 32]", "[1, 4, 32, 32]"), printed(() -> OwnParts.main(new String[0])));
    }

    @Test
    void wrapInTime() {
        assertEquals(List.of("MEAN: 12 features of [1, 17, 192], channels 192",
                "CONCAT: 12 features of [1, 17, 1152], channels 1152", "[1, 3, 64, 64]", "[1, 3, 64, 64]"),
                printed(() -> WrapInTime.main(new String[0])));
    }

    @Test
    void runConfiguration() {
        assertEquals(List.of("SEGMENTATION [1, 3, 64, 64]"), run("temporal.yaml", "1", "6", "3", "64", "64"));
        assertEquals(List.of("REGRESSION [1, 224, 224]"), run("terramind.yaml", "1", "12", "224", "224"));
    }

    private static List<String> run(String configuration, String... shape) {
        List<String> arguments = new ArrayList<>(List.of(shape));
        arguments.addFirst(Path.of(System.getProperty("gatun.root"), "examples", configuration).toString());
        return printed(() -> RunConfiguration.main(arguments.toArray(String[]::new)));
    }

    @Test
    void encodeModalities() {
        List<String> lines = printed(() -> EncodeModalities.main(new String[0]));
        assertEquals(List.of("dictionary: 12 x [1, 196, 192]", "one of two: 12 x [1, 196, 192]",
                "one tensor: 12 x [1, 196, 192]"), lines.subList(0, 3));
        assertTrue(lines.get(3).startsWith("refused: ") && lines.get(3).contains("S1GRD"), lines.get(3));
        assertEquals(List.of("concat: 12 x [1, 196, 384]", "Landsat bands: 12 x [1, 196, 192]",
                "a new modality: 12 x [1, 196, 192]", "segmentation: [1, 4, 224, 224]"), lines.subList(4, 8));
    }

    @Test
    void tokenizeImages() {
        List<String> lines = printed(() -> TokenizeImages.main(new String[0]));
        assertEquals(List.of("tokens [1, 16, 16]", "reconstruction [1, 12, 256, 256]", "scores [1, 10, 256, 256]"),
                lines.subList(0, 3));
        assertTrue(lines.get(4).matches("terramind_v1_tokenizer_lulc: \\d+ of 256 tokens are .*"), lines.get(4));
    }

    /** Random weights; of the three images one has a gap, and a fourth would be smaller. */
    @Test
    void roundTripScene(@TempDir Path folder) {
        TokenizerConfig config = TokenizerConfig.of("terramind_v1_tokenizer_dem", Arguments.of("", Map.of(
                "encoder", Map.of("dim_tokens", 16, "depth", 1, "num_heads", 2),
                "unet", Map.of("model_channels", 32, "num_res_blocks", 1, "channel_mult", List.of(1, 1)))));
        Path scene = folder.resolve("dem.tif");
        new TiffFixture(700, 300, 1).type(3, 32).tiles(64, 64).north(32651, 300_000, 3_500_000, 10)
                .describe(SceneModality.of("DEM").bands(), Map.of())
                .write(scene, (band, row, column) -> column == 300 && row == 7 ? Float.NaN : row + 2 * column);
        List<String> lines = printed(() -> RoundTripScene.print(config,
                Structure.of(TerraMindTokenizer.loader(config)::load).random(1), scene,
                DecodeOptions.defaults().withTimesteps(1)));
        assertTrue(lines.getFirst().matches("terramind_v1_tokenizer_dem: 2 images, \\d+ of 392 tokens \\(.* %\\) are"
                + " others after another round"), lines.getFirst());
    }

    @Test
    void generateModalities() {
        assertEquals(List.of("S1GRD [1, 2, 224, 224]", "LULC [1, 10, 224, 224]", "of both [1, 14, 14]",
                "with thoughts [1, 196, 192]"), printed(() -> GenerateModalities.main(new String[0])));
    }

    @Test
    void embedPlaces() {
        assertEquals(List.of("Sentinel-2 [d] [768] s2 pooled", "Sentinel-2 [d, y, x] [768, 14, 14] s2 grid",
                "Sentinel-1 [d] [768] s1 pooled", "tensor [d] [768] s2 pooled"),
                printed(() -> EmbedPlaces.main(new String[0])));
    }

    /** Meadow in the west, water in the east; the third scene is too cloudy and the fourth too late. */
    @Test
    void embedScenes(@TempDir Path folder) {
        for (String name : List.of("S2_20220603", "S2_20220613_cloud12", "S2_20220623_cloud80", "S2_20220703")) {
            new TiffFixture(100, 100, 12).tiles(32, 32).packed(8, 2).north(32651, 300_000, 3_500_000, 10)
                    .describe(Modality.S2.bands(), Map.of()).write(folder.resolve(name + ".tif"),
                            (band, row, column) -> column < 50 ? 400 + 200 * band + 3 * row : 500 - 40 * band);
        }
        List<String> lines = printed(() -> EmbedScenes.main(new String[] {folder.toString()}));
        assertEquals("grid [d, y, x] EPSG:32651 of [S2_20220603, S2_20220613_cloud12]", lines.getFirst());
        assertTrue(lines.get(1).matches("2 vectors of \\[768\\], their distance is [1-9].*"), lines.get(1));
    }

    @Test
    void anyToAny() {
        assertEquals(List.of("S2L2A to S2L2A: [1, 12, 64, 64]", "S2L2A to S1GRD: [1, 2, 64, 64]",
                "S2L2A to LULC: [1, 10, 64, 64]", "S1GRD to S2L2A: [1, 12, 64, 64]", "S1GRD to DEM: [1, 1, 64, 64]",
                "DEM and LULC to S1GRD: [1, 2, 64, 64]"),
                printed(() -> AnyToAny.main(new String[0])));
    }

    @Test
    void generateScene(@TempDir Path folder) {
        Path scene = folder.resolve("scene.tif");
        new TiffFixture(100, 80, 12).tiles(32, 32).north(32651, 300_000, 3_500_000, 10)
                .describe(SceneModality.of("S2L2A").bands(), Map.of())
                .write(scene, (band, row, column) -> 400 + 100 * band + 5 * row + column);
        assertEquals(List.of("4 windows", "written: DEM.nc LULC.nc"), printed(() -> GenerateScene.main(
                new String[] {scene.toString(), folder.resolve("out").toString()})));
    }

    /** With files of the structure that the published ones have. */
    @Test
    void loadPublished(@TempDir Path folder) {
        PrithviConfig prithvi = PrithviConfig.named("prithvi_eo_v2_tiny_tl");
        Path file = folder.resolve("prithvi.safetensors");
        SafetensorsFile.write(file, Structure.of(PrithviViT.loader(prithvi)::load).random(1).tensors(), Map.of());
        assertEquals(List.of("prithvi_eo_v2_tiny_tl: 5634050 parameters, 12 features of [1, 197, 192]"),
                printed(() -> LoadPublished.main(new String[] {"prithvi_eo_v2_tiny_tl", file.toString()})));
        TerraMindConfig terramind = TerraMindConfig.of("terramind_v1_tiny", Arguments.of("", Map.of(
                "modalities", List.of("S2L2A", "S1GRD", "DEM"))));
        Path other = folder.resolve("terramind.safetensors");
        SafetensorsFile.write(other, Structure.of(TerraMindViT.loader(terramind)::load).random(1).tensors(), Map.of());
        List<String> lines =
                printed(() -> LoadPublished.main(new String[] {"terramind_v1_tiny", other.toString()}));
        assertTrue(lines.getFirst().endsWith("12 features of [1, 196, 192]"), lines.getFirst());
    }
}
