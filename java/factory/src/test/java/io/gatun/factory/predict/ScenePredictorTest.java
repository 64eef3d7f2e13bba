// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import static io.gatun.factory.config.Yaml.SEGMENTATION;
import static io.gatun.factory.config.Yaml.with;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuLevel;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.DataException;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.safetensors.SafetensorsFile;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.factory.config.Yaml;
import io.gatun.models.Input;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From configuration, checkpoint and scene to a prediction, against the model called by hand. */
class ScenePredictorTest {
    private static final int SIDE = 32;
    private static final int PIXELS = SIDE * SIDE;
    private static final List<String> BANDS = List.of("BLUE", "GREEN", "RED", "NIR_NARROW", "7");
    private static final float[] SCENE = Scenes.random(1, 5 * PIXELS);
    private static final String REGRESSION = with(with(with(SEGMENTATION, "SemanticSegmentationTask",
            "PixelwiseRegressionTask"), "    class_names: [open water, forest, Developed/Barren]\n", ""),
            "      num_classes: 3\n", "");
    private static final String CLASSIFICATION = with(with(with(SEGMENTATION, "SemanticSegmentationTask",
            "ClassificationTask"), "FCNDecoder", "IdentityDecoder"),
            "      decoder_channels: 8\n      decoder_num_convs: 2\n", "");

    @TempDir
    private Path folder;

    private TerraTorchConfig config(String text) {
        return TerraTorchConfig.read(Yaml.file(folder, text), false);
    }

    /** Random weights under Lightning's names. */
    private Path checkpoint(TerraTorchConfig config) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        config.blueprint().structure().random(7).tensors().forEach((name, data) -> tensors.put("model." + name, data));
        Path file = folder.resolve("best.safetensors");
        SafetensorsFile.write(file, tensors, Map.of());
        return file;
    }

    private ScenePredictor open(TerraTorchConfig config) {
        return ScenePredictor.open(config, checkpoint(config), Optional.empty(), Device.cpu(), Precision.STRICT);
    }

    private Prediction predict(String text, Path scene) {
        try (ScenePredictor predictor = open(config(text))) {
            return predictor.predict(scene, Optional.empty());
        }
    }

    private void predictTo(String text, Path scene, Path output) {
        try (ScenePredictor predictor = open(config(text))) {
            predictor.predictTo(scene, Optional.empty(), output);
        }
    }

    private Path scene() {
        return Scenes.stacked(folder.resolve("scene.nc"), SCENE, 5, SIDE, SIDE);
    }

    /** Bands RED, BLUE and NIR_NARROW, halved and standardised, through the model. */
    private float[] byHand(String text, float[] scene) {
        TerraTorchConfig config = config(text);
        int[] bands = {2, 0, 3};
        float[] means = {10.5f, 20, 30};
        float[] stds = {1, 2, 4};
        float[] prepared = new float[3 * PIXELS];
        for (int i = 0; i < prepared.length; i++) {
            int c = i / PIXELS;
            prepared[i] = (scene[bands[c] * PIXELS + i % PIXELS] * 0.5f - means[c]) / stds[c];
        }
        Checkpoint weights = config.blueprint().structure().random(7);
        try (Scope scope = Scope.open(Device.cpu());
                EncoderDecoderModel model = config.blueprint().load(weights, Device.cpu())) {
            return model.forward(scope, Input.of(scope.of(prepared, 1, 3, SIDE, SIDE))).output().toFloatArray();
        }
    }

    @Test
    void aSceneIsPreparedAsUpstreamDoes() {
        Prediction prediction = predict(SEGMENTATION, scene());
        float[] expected = byHand(SEGMENTATION, SCENE);
        assertArrayEquals(expected, prediction.logits());
        assertEquals(3, prediction.classes());
        int[] labels = prediction.labels();
        float[] probabilities = prediction.probabilities();
        assertTrue(Arrays.stream(labels).distinct().count() > 1, "more than one class");
        for (int i = 0; i < PIXELS; i++) {
            double sum = 0;
            for (int c = 0; c < 3; c++) {
                assertTrue(expected[c * PIXELS + i] <= expected[labels[i] * PIXELS + i]);
                sum += Math.exp(expected[c * PIXELS + i]);
            }
            assertEquals(Math.exp(expected[PIXELS + i]) / sum, probabilities[PIXELS + i], 1e-6);
        }
    }

    @Test
    void aLightningCheckpointIsReadAsItIs() {
        TerraTorchConfig config = config(SEGMENTATION);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        tensors.put("criterion.weight", new TensorData(
                DType.F32, Shape.of(2), MemorySegment.ofArray(new float[] {1, 2})));
        config.blueprint().structure().random(8).tensors()
                .forEach((name, data) -> tensors.put("ema_model.module." + name, data));
        config.blueprint().structure().random(7).tensors()
                .forEach((name, data) -> tensors.put("model._orig_mod." + name, data));
        Path file = LightningFile.write(folder.resolve("best.ckpt"), tensors);
        try (ScenePredictor trained =
                        ScenePredictor.open(config, file, Optional.empty(), Device.cpu(), Precision.STRICT);
                ScenePredictor averaged = ScenePredictor.open(
                        config, file, Optional.of("ema_model.module."), Device.cpu(), Precision.STRICT)) {
            float[] expected = byHand(SEGMENTATION, SCENE);
            assertArrayEquals(expected, trained.predict(scene(), Optional.empty()).logits());
            assertFalse(Arrays.equals(expected, averaged.predict(scene(), Optional.empty()).logits()));
        }
    }

    @Test
    void theCheckpointOfAnotherConfigurationIsRefused() {
        Path file = checkpoint(config(SEGMENTATION));
        TerraTorchConfig other = config(with(SEGMENTATION, "decoder_channels: 8", "decoder_channels: 16"));
        String message = assertThrows(CheckpointException.class, () -> ScenePredictor.open(
                other, file, Optional.empty(), Device.cpu(), Precision.STRICT)).getMessage();
        assertTrue(message.contains("decoder"), message);
    }

    @Test
    void eachFormOfTheInputGivesTheSameBits() {
        float[] expected = predict(SEGMENTATION, scene()).logits();
        assertArrayEquals(expected, predict(SEGMENTATION, Scenes.separate(folder.resolve("separate.nc"),
                BANDS.subList(0, 4), SCENE, SIDE, SIDE)).logits());
        assertArrayEquals(expected, predict(SEGMENTATION,
                Scenes.tensor(folder.resolve("scene.safetensors"), SCENE, 5, SIDE, SIDE)).logits());
        assertArrayEquals(expected, predict(SEGMENTATION,
                Scenes.tensor(folder.resolve("batch.safetensors"), SCENE, 1, 5, SIDE, SIDE)).logits());
    }

    @Test
    void classesAreWrittenWithTheirNamesOnTheInputsGrid() {
        Path output = folder.resolve("out.nc");
        predictTo(with(SEGMENTATION, "loss: dice", "output_on_inference: [prediction, probabilities, logits]"), scene(),
                output);
        Prediction prediction = predict(SEGMENTATION, scene());
        try (NetcdfFile file = NetcdfFile.open(output); NetcdfFile input = NetcdfFile.open(scene())) {
            GridVariable classes = file.variable("prediction");
            assertEquals(List.of("lat", "lon"), classes.dimensions());
            assertEquals("byte", classes.type().cdlName());
            assertEquals(Optional.of("open_water forest Developed/Barren"), classes.text("flag_meanings"));
            assertEquals("[0, 1, 2]", classes.attributes().get("flag_values").toString());
            assertEquals(Optional.of("crs"), classes.text("grid_mapping"));
            assertArrayEquals(prediction.labels(),
                    IntStream.range(0, PIXELS).map(i -> (int) read(classes)[i]).toArray());
            assertArrayEquals(prediction.probabilities(), file.variable("probabilities").readFloats());
            assertEquals(List.of("class", "lat", "lon"), file.variable("logits").dimensions());
            assertArrayEquals(prediction.logits(), file.variable("logits").readFloats());
            assertArrayEquals(input.variable("lat").readDoubles(), file.variable("lat").readDoubles());
            assertArrayEquals(input.variable("lon").readDoubles(), file.variable("lon").readDoubles());
            assertEquals(Optional.of("degrees_north"), file.variable("lat").text("units"));
            assertEquals(Optional.of("latitude_longitude"), file.variable("crs").text("grid_mapping_name"));
            assertTrue(file.attributes().get("history").toString().contains("best.safetensors"));
        }
    }

    private static double[] read(GridVariable variable) {
        return variable.readDoubles();
    }

    @Test
    void tensorsAreWrittenAsUpstreamGivesThem() {
        Path output = folder.resolve("out.safetensors");
        predictTo(with(SEGMENTATION, "loss: dice", "output_on_inference: [prediction, logits]"), scene(), output);
        Map<String, TensorData> tensors = SafetensorsFile.read(output).tensors();
        assertEquals(Map.of("prediction", Shape.of(1, SIDE, SIDE), "logits", Shape.of(1, 3, SIDE, SIDE)),
                Map.of("prediction", tensors.get("prediction").shape(), "logits", tensors.get("logits").shape()));
        assertEquals(2, tensors.size());
    }

    @Test
    void missingValuesAreReplacedAndMarked() {
        float[] gappy = SCENE.clone();
        gappy[2 * PIXELS + 5] = Scenes.FILL;
        gappy[3 * PIXELS + 9] = Float.NaN;
        gappy[1 * PIXELS + 11] = Scenes.FILL; // GREEN, which the model does not see
        float[] filled = gappy.clone();
        filled[2 * PIXELS + 5] = 0;
        filled[3 * PIXELS + 9] = 0;
        Path scene = Scenes.stacked(folder.resolve("gappy.nc"), gappy, 5, SIDE, SIDE);
        Prediction prediction = predict(SEGMENTATION, scene);
        assertArrayEquals(byHand(SEGMENTATION, filled), prediction.logits());
        assertEquals(List.of(5, 9), IntStream.range(0, PIXELS).filter(prediction::isMissing).boxed().toList());
        Path output = folder.resolve("out.nc");
        predictTo(with(SEGMENTATION, "loss: dice", "output_on_inference: [prediction, logits]"), scene, output);
        try (NetcdfFile file = NetcdfFile.open(output)) {
            for (String name : List.of("prediction", "logits")) {
                double[] values = read(file.variable(name));
                assertEquals(List.of(5, 9), IntStream.range(0, PIXELS).filter(i -> Double.isNaN(values[i])).boxed()
                        .toList());
            }
            assertEquals("-1", file.variable("prediction").attributes().get("_FillValue").toString());
        }
    }

    @Test
    void missingValuesWithoutAReplacementAreRefusedWithTheirNumber() {
        float[] gappy = SCENE.clone();
        Arrays.fill(gappy, 2 * PIXELS, 2 * PIXELS + 7, Float.NaN);
        Path scene = Scenes.stacked(folder.resolve("gappy.nc"), gappy, 5, SIDE, SIDE);
        String message = assertThrows(DataException.class,
                () -> predict(with(SEGMENTATION, "    no_data_replace: 0\n", ""), scene)).getMessage();
        assertTrue(message.contains("gappy.nc: variable \"image\": 7 of the 3072 values"), message);
        assertTrue(message.contains("Set no_data_replace"), message);
    }

    @Test
    void anotherNumberOfBandsIsRefused() {
        Path four = Scenes.stacked(folder.resolve("four.nc"), Scenes.random(1, 4 * PIXELS), 4, SIDE, SIDE);
        String message = assertThrows(DataException.class, () -> predict(SEGMENTATION, four)).getMessage();
        assertTrue(message.contains("has 4 bands") && message.contains("says 5: [BLUE, GREEN, RED, NIR_NARROW, 7]"),
                message);
        String bare = with(with(SEGMENTATION, "    dataset_bands: [BLUE, GREEN, RED, NIR_NARROW, 7]\n", ""),
                "    output_bands: [RED, BLUE, NIR_NARROW]\n", "");
        String means = assertThrows(DataException.class, () -> predict(bare, four)).getMessage();
        assertTrue(means.contains("has 4 bands") && means.contains("says 3 (its means)"), means);
        Path tensor = Scenes.tensor(folder.resolve("two.safetensors"), Scenes.random(1, 2 * PIXELS), 2, SIDE, SIDE);
        assertThrows(DataException.class, () -> predict(SEGMENTATION, tensor));
    }

    @Test
    void anAbsentBandIsRefusedByName() {
        Path scene = Scenes.separate(folder.resolve("separate.nc"), BANDS.subList(0, 3), SCENE, SIDE, SIDE);
        String message = assertThrows(DataException.class, () -> predict(SEGMENTATION, scene)).getMessage();
        assertTrue(message.contains("no variable \"NIR_NARROW\""), message);
    }

    @Test
    void theImageIsNamedWhereThereAreSeveral() {
        Path scene = Scenes.separate(folder.resolve("several.nc"), List.of("a", "b"), SCENE, SIDE, SIDE);
        String message = assertThrows(DataException.class, () -> predict(SEGMENTATION, scene)).getMessage();
        assertTrue(message.contains("has 0 variables that could be the image"), message);
        try (ScenePredictor predictor = open(config(SEGMENTATION))) {
            assertArrayEquals(predictor.predict(scene(), Optional.empty()).logits(),
                    predictor.predict(scene(), Optional.of("image")).logits());
            assertThrows(DataException.class, () -> predictor.predict(scene(), Optional.of("imge")));
            assertThrows(DataException.class, () -> predictor.predict(scene(), Optional.of("lat")));
        }
    }

    @Test
    void regressionWritesNumbers() {
        Path output = folder.resolve("out.nc");
        predictTo(REGRESSION, scene(), output);
        float[] expected = byHand(REGRESSION, SCENE);
        try (NetcdfFile file = NetcdfFile.open(output)) {
            assertEquals(List.of("lat", "lon"), file.variable("prediction").dimensions());
            assertArrayEquals(expected, file.variable("prediction").readFloats());
            assertFalse(file.hasVariable("class"));
        }
        assertThrows(ArgumentException.class, () -> predict(REGRESSION, scene()).labels());
    }

    @Test
    void classificationWritesOneClass() {
        Path output = folder.resolve("out.nc");
        predictTo(with(CLASSIFICATION, "loss: dice", "output_on_inference: [prediction, logits]"), scene(), output);
        float[] logits = byHand(CLASSIFICATION, SCENE);
        assertEquals(3, logits.length);
        try (NetcdfFile file = NetcdfFile.open(output)) {
            assertEquals(List.of(), file.variable("prediction").dimensions());
            assertArrayEquals(logits, file.variable("logits").readFloats());
            int label = (int) read(file.variable("prediction"))[0];
            assertTrue(logits[label] >= logits[0] && logits[label] >= logits[1] && logits[label] >= logits[2]);
        }
    }

    @Test
    void aModelThatDoesNotRescaleWritesItsOwnPixels() {
        Path output = folder.resolve("out.nc");
        predictTo(with(SEGMENTATION, "      head_dropout: 0.1\n", "      rescale: false\n"), scene(), output);
        try (NetcdfFile file = NetcdfFile.open(output)) {
            assertEquals(List.of("y", "x"), file.variable("prediction").dimensions());
            assertEquals(Shape.of(16, 16), file.variable("prediction").shape());
            assertFalse(file.hasVariable("lat"));
        }
    }

    @Test
    void datesComeAsAnAxisOrExpanded() {
        String text = with(with(SEGMENTATION, "[BLUE, GREEN, RED, NIR_NARROW, 7]", "[NIR_NARROW, RED, BLUE]"),
                "    rgb_indices: [2, 1, 0]\n", "    expand_temporal_dimension: true\n");
        TerraTorchConfig config = config(text);
        float[] flat = Scenes.random(3, 6 * PIXELS); // bands of two dates, the dates of a band side by side
        float[] dated = new float[6 * PIXELS];
        for (int c = 0; c < 3; c++) {
            for (int t = 0; t < 2; t++) {
                System.arraycopy(flat, (c * 2 + t) * PIXELS, dated, (t * 3 + c) * PIXELS, PIXELS);
            }
        }
        PreparedScene.Image expanded = prepare(config, Scenes.stacked(folder.resolve("flat.nc"), flat, 6, SIDE, SIDE));
        PreparedScene.Image axis =
                prepare(config, Scenes.stacked(folder.resolve("dated.nc"), dated, 2, 3, SIDE, SIDE));
        assertArrayEquals(new long[] {1, 3, 2, SIDE, SIDE}, expanded.shape());
        assertArrayEquals(expanded.shape(), axis.shape());
        assertArrayEquals(expanded.values(), axis.values());
        // RED, the file's second band, comes first; its second date lies behind its first.
        assertEquals((flat[3 * PIXELS] * 0.5f - 10.5f) / 1, expanded.values()[PIXELS]);
        Path odd = Scenes.stacked(folder.resolve("odd.nc"), SCENE, 5, SIDE, SIDE);
        String message = assertThrows(DataException.class, () -> prepare(config, odd)).getMessage();
        assertTrue(message.contains("has 5 bands") && message.contains("a multiple of 3"), message);
    }

    private static PreparedScene.Image prepare(TerraTorchConfig config, Path file) {
        try (Scene scene = Scene.open(file, config, Optional.empty())) {
            return PreparedScene.of(scene, config).images().get(Input.IMAGE);
        }
    }

    @Test
    void aSeriesOfDatesReachesPrithvi() {
        String text = """
                data:
                  class_path: GenericNonGeoSegmentationDataModule
                  init_args:
                    dataset_bands: [BLUE, GREEN, RED]
                    output_bands: [BLUE, GREEN, RED]
                    expand_temporal_dimension: True
                    means: [50, 50, 50]
                    stds: [25, 25, 25]
                model:
                  class_path: SemanticSegmentationTask
                  init_args:
                    model_factory: EncoderDecoderFactory
                    model_args:
                      backbone: prithvi_eo_tiny
                      backbone_img_size: 32
                      backbone_embed_dim: 32
                      backbone_depth: 2
                      backbone_num_heads: 2
                      backbone_num_frames: 2
                      backbone_bands: [BLUE, GREEN, RED]
                      necks:
                        - name: SelectIndices
                          indices: [-1]
                        - name: ReshapeTokensToImage
                          effective_time_dim: 2
                      decoder: FCNDecoder
                      decoder_channels: 8
                      decoder_num_convs: 1
                      num_classes: 4
                """;
        float[] flat = Scenes.random(4, 6 * PIXELS);
        Path scene = Scenes.stacked(folder.resolve("series.nc"), flat, 6, SIDE, SIDE);
        Prediction prediction = predict(text, scene);
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (flat[i] - 50) / 25;
        }
        TerraTorchConfig config = config(text);
        try (Scope scope = Scope.open(Device.cpu()); EncoderDecoderModel model =
                config.blueprint().load(config.blueprint().structure().random(7), Device.cpu())) {
            assertArrayEquals(model.forward(scope, Input.of(scope.of(flat, 1, 3, 2, SIDE, SIDE))).output()
                    .toFloatArray(), prediction.logits());
        }
        assertEquals(4, prediction.classes());
    }

    @Test
    void modalitiesAreConcatenatedBandAfterBand() {
        TerraTorchConfig config = config("""
                data:
                  class_path: GenericMultiModalDataModule
                  init_args:
                    modalities: [BLUE, RED]
                    concat_bands: true
                    no_data_replace: 0
                    means: {RED: [1]}
                    stds: {RED: [2]}
                """ + SEGMENTATION.substring(SEGMENTATION.indexOf("model:")));
        Path file = Scenes.separate(folder.resolve("two.nc"), BANDS, SCENE, SIDE, SIDE);
        PreparedScene.Image image = prepare(config, file);
        assertArrayEquals(new long[] {1, 2, SIDE, SIDE}, image.shape());
        assertEquals(SCENE[3], image.values()[3], "no scaling where there are no means");
        assertEquals((SCENE[2 * PIXELS + 3] - 1) / 2, image.values()[PIXELS + 3]);
        assertThrows(DataException.class, () -> Scene.open(file, config, Optional.of("BLUE")));
    }

    @Test
    void otherClassNamesThanClassesAreRefused() {
        String text = with(with(SEGMENTATION, "      num_classes: 3\n", ""), "      head_dropout: 0.1\n",
                "      head_num_classes: 2\n");
        TerraTorchConfig config = config(text);
        assertEquals(3, config.classNames().size());
        String message = assertThrows(ArgumentException.class, () -> predict(text, scene())).getMessage();
        assertTrue(message.contains("class_names has 3 names, and the model gives 2 classes"), message);
    }

    @Test
    void aPlanNeedsNoDevice() {
        TerraTorchConfig config = config(SEGMENTATION);
        try (ScenePredictor predictor = ScenePredictor.open(
                config, checkpoint(config), Optional.empty(), Device.meta(), Precision.STRICT)) {
            ScenePredictor.Plan plan = predictor.plan(scene(), Optional.empty());
            assertEquals(Map.of("image", Shape.of(1, 3, SIDE, SIDE)), plan.input());
            assertEquals(Shape.of(1, 3, SIDE, SIDE), plan.output());
        }
    }

    @Test
    void aSceneThatDoesNotFitIntoMemorySaysSo() {
        TerraTorchConfig config = config(with(SEGMENTATION, "      backbone_depth: 2\n",
                "      backbone_depth: 2\n      backbone_dynamic_img_size: true\n"));
        int side = 8 * SIDE;
        Path large = Scenes.stacked(folder.resolve("large.nc"), Scenes.random(1, 5 * side * side), 5, side, side);
        try (Device small = Device.cpu(new CpuOptions(1, CpuLevel.AUTO, 700_000));
                ScenePredictor predictor =
                        ScenePredictor.open(config, checkpoint(config), Optional.empty(), small, Precision.STRICT)) {
            assertEquals(3, predictor.predict(scene(), Optional.empty()).classes());
            String message = assertThrows(DeviceMemoryException.class,
                    () -> predictor.predict(large, Optional.empty())).getMessage();
            assertTrue(message.startsWith("the whole scene, [[1, 3, 256, 256]], does not fit"), message);
        }
    }

    @Test
    void oneClassHasNoLargestLogit() {
        String text = with(with(SEGMENTATION, "      num_classes: 3\n", "      num_classes: 1\n"),
                "    class_names: [open water, forest, Developed/Barren]\n", "");
        String message = assertThrows(ArgumentException.class,
                () -> predictTo(text, scene(), folder.resolve("out.nc"))).getMessage();
        assertTrue(message.contains("num_classes is 1"), message);
        Path logits = folder.resolve("logits.nc");
        predictTo(with(text, "loss: dice", "output_on_inference: logits"), scene(), logits);
        try (NetcdfFile file = NetcdfFile.open(logits)) {
            assertArrayEquals(byHand(text, SCENE), file.variable("logits").readFloats());
        }
    }

    @Test
    void nothingIsLeftBehindWhereTheSceneIsRefused() throws Exception {
        Path output = folder.resolve("out.nc");
        Path four = Scenes.stacked(folder.resolve("four.nc"), Scenes.random(1, 4 * PIXELS), 4, SIDE, SIDE);
        assertThrows(DataException.class, () -> predictTo(SEGMENTATION, four, output));
        try (var files = Files.list(folder)) {
            assertEquals(List.of("best.safetensors", "config.yaml", "four.nc"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }
}
