// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import static io.gatun.factory.config.Yaml.SEGMENTATION;
import static io.gatun.factory.config.Yaml.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.GatunException;
import io.gatun.factory.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of a TerraTorch configuration is honoured, skipped and refused. */
class TerraTorchConfigTest {
    @TempDir
    private Path folder;

    private TerraTorchConfig read(String text) {
        return Yaml.read(folder, text);
    }

    private String refusal(String text) {
        String message = assertThrows(GatunException.class, () -> read(text)).getMessage();
        assertTrue(message.contains("config.yaml"), message);
        return message;
    }

    private void refused(String text, String... parts) {
        String message = refusal(text);
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "no \"" + part + "\" in: " + message);
        }
    }

    @Test
    void everyHonouredKeyOfASegmentationIsRead() {
        TerraTorchConfig config = read(SEGMENTATION);
        assertEquals(Task.SEGMENTATION, config.task());
        assertEquals("SEGMENTATION", config.modelArguments().get("task"));
        assertEquals("vit_tiny_patch16_224", config.modelArguments().get("backbone"));
        assertEquals(false, config.modelArguments().get("backbone_pretrained"));
        assertEquals(List.of(OutputKind.PREDICTION), config.outputs());
        assertEquals(List.of("open water", "forest", "Developed/Barren"), config.classNames());
        assertEquals(Map.of("image", new Preprocessing(List.of("BLUE", "GREEN", "RED", "NIR_NARROW", "7"),
                List.of(2, 0, 3), OptionalInt.empty(), OptionalDouble.of(0), 0.5, List.of(10.5, 20.0, 30.0),
                List.of(1.0, 2.0, 4.0))), config.preprocessing());
        assertFalse(config.concatenated());
        assertEquals(List.of(), config.notes());
        assertTrue(config.blueprint().structure().parameterCount() > 0);
    }

    @ParameterizedTest
    @CsvSource({"terratorch.tasks.PixelwiseRegressionTask, REGRESSION", "PixelwiseRegressionTask, REGRESSION",
        "ClassificationTask, CLASSIFICATION", "SemanticSegmentationTask, SEGMENTATION",
        "terratorch.tasks.segmentation_tasks.SemanticSegmentationTask, SEGMENTATION"})
    void tasksHaveShortAndDottedNames(String name, Task task) {
        String text = with(SEGMENTATION, "terratorch.tasks.SemanticSegmentationTask", name);
        if (task == Task.REGRESSION) {
            text = with(text, "    class_names: [open water, forest, Developed/Barren]\n", "");
        }
        assertEquals(task, read(text).task());
    }

    @Test
    void anUnknownTaskIsRefusedWithTheKnownOnes() {
        refused(with(SEGMENTATION, "terratorch.tasks.SemanticSegmentationTask", "SemanticSegmentationTsk"),
                "model.class_path SemanticSegmentationTsk is unknown; did you mean SemanticSegmentationTask?",
                "PixelwiseRegressionTask, ClassificationTask");
        refused(with(SEGMENTATION, "terratorch.tasks.SemanticSegmentationTask", "mine.SemanticSegmentationTask"),
                "mine.SemanticSegmentationTask is unknown");
        refused(with(SEGMENTATION, "terratorch.datamodules.GenericNonGeoSegmentationDataModule", "Sen1Floods11"),
                "data.class_path Sen1Floods11 is unknown", "GenericMultiModalDataModule");
    }

    @ParameterizedTest
    @CsvSource({"'no_data_replace: 0', 'no_data_replce: 0', data.init_args.no_data_replce, no_data_replace",
        "'loss: dice', 'los: dice', model.init_args.los, loss", "'optimizer:', 'optimiser:', optimiser, optimizer"})
    void anUnknownKeyIsRefusedWithTheNearest(String key, String typo, String path, String nearest) {
        String text = with(SEGMENTATION, key, typo);
        refused(text, ": " + path + " is unknown; did you mean " + nearest + "?", "--ignore-keys");
        TerraTorchConfig ignoring = TerraTorchConfig.read(Yaml.file(folder, text), true);
        assertEquals(List.of(path + " is ignored"), ignoring.notes());
    }

    @ParameterizedTest
    @ValueSource(strings = {"seed_everything", "trainer", "optimizer", "lr_scheduler", "ckpt_path", "weights_only",
        "return_predictions", "verbose", "predict_output_dir", "output_file_prefix", "out_dtype", "deploy_config_file",
        "custom_modules_path", "config"})
    void keysOfTheCommandLineAreSkipped(String key) {
        String bare = SEGMENTATION.substring(SEGMENTATION.indexOf("data:"), SEGMENTATION.indexOf("optimizer:"));
        assertEquals(List.of(), read(bare + key + ": null\n").notes());
    }

    @Test
    void keysOfTrainingAreSkippedInEachSection() {
        String task = nulls(SkippedKeys.TASK);
        String data = nulls(SkippedKeys.DATA);
        String text = with(with(SEGMENTATION, "    loss: dice\n", "    loss: dice\n" + task), "    batch_size: 2\n",
                "    batch_size: 2\n" + data);
        assertEquals(read(SEGMENTATION).preprocessing(), read(text).preprocessing());
    }

    private static String nulls(List<String> keys) {
        return keys.stream().filter(key -> !SEGMENTATION.contains("    " + key + ":"))
                .map(key -> "    " + key + ": null\n").collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource({"probabilities, PROBABILITIES", "logits, LOGITS", "prediction, PREDICTION"})
    void outputOnInferenceIsAWord(String word, OutputKind kind) {
        assertEquals(List.of(kind), read(with(SEGMENTATION, "loss: dice", "output_on_inference: " + word)).outputs());
    }

    @Test
    void outputOnInferenceIsAListOfKnownWords() {
        assertEquals(List.of(OutputKind.LOGITS, OutputKind.PREDICTION),
                read(with(SEGMENTATION, "loss: dice", "output_on_inference: [logits, prediction]")).outputs());
        assertThrows(ArgumentException.class,
                () -> read(with(SEGMENTATION, "loss: dice", "output_on_inference: []")));
        String message = assertThrows(ArgumentException.class,
                () -> read(with(SEGMENTATION, "loss: dice", "output_on_inference: [logits, soft]"))).getMessage();
        assertTrue(message.contains("option soft is not supported"), message);
    }

    @Test
    void outputMostProbableFalseMeansProbabilities() {
        assertEquals(List.of(OutputKind.PROBABILITIES), read(with(SEGMENTATION, "loss: dice",
                "output_on_inference: prediction\n    output_most_probable: False")).outputs());
    }

    @Test
    void classNamesAreOneForEachClass() {
        refused(with(SEGMENTATION, "[open water, forest, Developed/Barren]", "[water]"),
                "class_names has 1 names, model_args.num_classes is 3");
    }

    @Test
    void prithviModelFactoryIsTranslated() {
        TerraTorchConfig config = read(prithvi("PrithviModelFactory"));
        Map<String, Object> arguments = config.modelArguments();
        assertEquals(List.of("BLUE", "GREEN", "RED"), arguments.get("backbone_bands"));
        assertEquals(3, arguments.get("backbone_in_chans"));
        assertEquals(1, arguments.get("backbone_num_frames"));
        assertEquals(false, arguments.get("backbone_pretrained"));
        assertFalse(arguments.containsKey("bands") || arguments.containsKey("num_frames")
                || arguments.containsKey("backbone_drop_path_rate") || arguments.containsKey("pretrained"));
        assertTrue(config.blueprint().structure().parameterCount() > 0);
    }

    @Test
    void oldArgumentsAreRefusedElsewhereWithTheNewName() {
        refused(with(SEGMENTATION, "backbone_in_chans: 3", "in_channels: 3"), "model_args.in_channels",
                "backbone_in_chans");
        refused(with(SEGMENTATION, "backbone_in_chans: 3", "num_frames: 3"), "backbone_num_frames");
        refused(with(SEGMENTATION, "backbone_in_chans: 3", "bands: [RED]"), "backbone_bands");
        refused(with(SEGMENTATION, "backbone_pretrained: False", "pretrained: false"), "backbone_pretrained");
    }

    @Test
    void prithviModelFactoryRefusesWhatUpstreamRefuses() {
        refused(with(prithvi("PrithviModelFactory"), "prithvi_eo_v1_100", "vit_tiny_patch16_224"), "prithvi_");
        refused(with(prithvi("PrithviModelFactory"), "      num_frames: 1\n",
                "      prepare_features_for_image_model: f\n"), "use model_factory EncoderDecoderFactory".substring(4));
        refused(with(prithvi("PrithviModelFactory"), "bands: [BLUE, GREEN, RED]\n      ", ""), "model_args.bands");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SMPModelFactory", "TimmModelFactory", "FullModelFactory", "null"})
    void otherFactoriesAreRefused(String name) {
        refused(with(SEGMENTATION, "model_factory: EncoderDecoderFactory", "model_factory: " + name),
                "model_factory is " + (name.equals("null") ? "missing" : name), "expected EncoderDecoderFactory");
    }

    private static String prithvi(String factory) {
        return """
                data:
                  class_path: GenericNonGeoPixelwiseRegressionDataModule
                  init_args:
                    batch_size: 2
                    means: [1, 2, 3]
                    stds: [1, 2, 3]
                model:
                  class_path: terratorch.tasks.PixelwiseRegressionTask
                  init_args:
                    model_args:
                      decoder: UperNetDecoder
                      pretrained: false
                      backbone: prithvi_eo_v1_100
                      backbone_drop_path_rate: 0.3
                      backbone_window_size: 8
                      decoder_channels: 64
                      bands: [BLUE, GREEN, RED]
                      num_frames: 1
                      head_dropout: 0.5
                      head_final_act: torch.nn.ReLU
                      head_learned_upscale_layers: 2
                    loss: rmse
                    model_factory: FACTORY
                """.replace("FACTORY", factory);
    }

    @Test
    void auxiliaryHeadsGoToTheFactory() {
        TerraTorchConfig config = read(with(SEGMENTATION, "    loss: dice\n", """
                    loss: dice
                    aux_loss: {aux: 0.4}
                    aux_heads:
                      - name: aux
                        decoder: IdentityDecoder
                        decoder_args:
                          decoder_out_index: -1
                """.indent(0)));
        assertEquals(List.of(Map.of("name", "aux", "decoder", "IdentityDecoder", "decoder_args",
                Map.of("decoder_out_index", -1))), config.modelArguments().get("aux_decoders"));
        assertTrue(config.blueprint().structure().weights().keySet().stream().anyMatch(name -> name.contains("aux")));
    }

    @Test
    void anchorsAndMergeKeysWork() {
        TerraTorchConfig config = read(with(with(SEGMENTATION, "data:\n", """
                config: &numbers
                  means: [1, 1, 1]
                  stds: [5, 5, 5]
                data:
                """), "    means: [10.5, 20, 3.e+1]\n    stds: [1, 2, 4]\n", """
                    <<: *numbers
                    stds: [6, 7, 8]
                """));
        Preprocessing image = config.preprocessing().get("image");
        assertEquals(List.of(1.0, 1.0, 1.0), image.means());
        assertEquals(List.of(6.0, 7.0, 8.0), image.stds(), "own keys win");
    }

    @Test
    void ofAKeyGivenTwiceTheLastCounts() {
        assertEquals(List.of(5.0, 5.0, 5.0), read(with(SEGMENTATION, "    stds: [1, 2, 4]\n",
                "    stds: [1, 2, 4]\n    stds: [5, 5, 5]\n")).preprocessing().get("image").stds());
    }

    @Test
    void tagsMakeNoObjects() {
        refused(with(SEGMENTATION, "seed_everything: 42", "seed_everything: !!python/object/apply:os.system [id]"),
                "no YAML that can be read");
        refused(with(SEGMENTATION, "seed_everything: 42", "seed_everything: !!javax.script.ScriptEngineManager []"),
                "no YAML that can be read");
    }

    @Test
    void sizeAndAliasesAreBounded() {
        refused("# " + "x".repeat(1 << 20), "has more than 1048576 bytes");
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 6; i++) {
            bomb.append("a" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ", ").repeat(9) + "*a" + (i - 1) + "]\n");
        }
        String message = refusal(bomb.toString());
        assertTrue(message.contains("aliases"), message);
        refused("trainer: &t\n  again: *t\n" + SEGMENTATION.substring(SEGMENTATION.indexOf("data:")), "levels");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "- a\n- b\n", "model: {", "a: 1\na: 2\n", "\u0000"})
    void whatIsNoDictionaryIsRefused(String text) {
        refusal(text);
    }

    @Test
    void anAbsentFileIsRefused() {
        String message = assertThrows(GatunException.class,
                () -> TerraTorchConfig.read(folder.resolve("absent.yaml"), false)).getMessage();
        assertTrue(message.contains("absent.yaml: cannot be read"), message);
    }

    @Test
    void missingSectionsAreNamed() {
        refused("trainer: {}\n", "the section model is missing");
        refused(SEGMENTATION.substring(SEGMENTATION.indexOf("model:")), "the section data is missing");
        refused(with(SEGMENTATION, "    means: [10.5, 20, 3.e+1]\n", ""), "data.init_args.means is missing");
        refused(with(SEGMENTATION, "model_args:", "own_args:"), "own_args is unknown; did you mean model_args?");
    }

    @Test
    void statisticsMustFitTheBands() {
        refused(with(SEGMENTATION, "stds: [1, 2, 4]", "stds: [1, 2]"), "means has 3 numbers and stds 2");
        refused(with(SEGMENTATION, "stds: [1, 2, 4]", "stds: [1, 0, 4]"), "above 0");
        refused(with(SEGMENTATION, "output_bands: [RED, BLUE, NIR_NARROW]", "output_bands: [RED, BLUE]"),
                "the model sees 2 bands");
        refused(with(SEGMENTATION, "stds: [1, 2, 4]", "stds: [1, 2, x]"), "stds has x, expected a number");
    }

    @Test
    void statisticsMayLieInATextFile() throws IOException {
        Path means = Files.writeString(folder.resolve("means.txt"), "1.5\n2\n-3e-1\n");
        assertEquals(List.of(1.5, 2.0, -0.3), read(with(SEGMENTATION, "[10.5, 20, 3.e+1]", means.toString()))
                .preprocessing().get("image").means());
        Files.writeString(means, "mean");
        refused(with(SEGMENTATION, "[10.5, 20, 3.e+1]", means.toString()), "holds something else than numbers");
        refused(with(SEGMENTATION, "[10.5, 20, 3.e+1]", "absent.txt"), "which is no file");
    }

    @Test
    void bandsAreNamesNumbersAndIntervals() {
        Preprocessing image = read(with(with(with(with(SEGMENTATION, "[BLUE, GREEN, RED, NIR_NARROW, 7]", "[[0, 11]]"),
                "[RED, BLUE, NIR_NARROW]", "[[1, 2], 5]"), "rgb_indices", "label_grep"), "img_grep", "rgb_indices"))
                .preprocessing().get("image");
        assertEquals(12, image.datasetBands().size());
        assertEquals(List.of(1, 2, 5), image.selected());
    }

    @Test
    void outputBandsAreOfTheDataset() {
        refused(with(SEGMENTATION, "[RED, BLUE, NIR_NARROW]", "[RED, BLUE, NIR]"), "output_bands is [RED, BLUE, NIR]");
        refused(with(SEGMENTATION, "[RED, BLUE, NIR_NARROW]", "[RED, BLUE, RED]"), "expected different ones");
        refused(with(SEGMENTATION, "    dataset_bands: [BLUE, GREEN, RED, NIR_NARROW, 7]\n", ""),
                "output_bands is given without dataset_bands");
    }

    @Test
    void bandsOfPredictionsWin() {
        Preprocessing image = read(with(SEGMENTATION, "    rgb_indices: [2, 1, 0]\n", """
                    predict_dataset_bands: [HLSBands.NIR_NARROW, BLUE, RED]
                    predict_output_bands: [BLUE, RED, NIR_NARROW]
                """)).preprocessing().get("image");
        assertEquals(List.of("NIR_NARROW", "BLUE", "RED"), image.datasetBands());
        assertEquals(List.of(1, 2, 0), image.selected());
    }

    @Test
    void noDataReplaceIsZeroForClassificationAndAbsentForOthers() {
        String without = with(SEGMENTATION, "    no_data_replace: 0\n", "");
        assertEquals(OptionalDouble.empty(), read(without).preprocessing().get("image").noDataReplace());
        assertEquals(OptionalDouble.of(0), read(with(without, "GenericNonGeoSegmentationDataModule",
                "GenericNonGeoClassificationDataModule")).preprocessing().get("image").noDataReplace());
    }

    @Test
    void datesAreExpandedWhereAsManyBandsComeAsGo() {
        String text = with(SEGMENTATION, "    rgb_indices: [2, 1, 0]\n", "    expand_temporal_dimension: True\n");
        refused(text, "expand_temporal_dimension needs output_bands");
        assertEquals(OptionalInt.of(3), read(with(text, "[BLUE, GREEN, RED, NIR_NARROW, 7]", "[NIR_NARROW, BLUE, RED]"))
                .preprocessing().get("image").expandedBands());
    }

    @Test
    void transformsOfTheTestAreRefusedUnlessTheyKeepTheValues() {
        String neutral = "    test_transform:\n    - class_path: FlattenTemporalIntoChannels\n"
                + "    - class_path: ToTensorV2\n"
                + "    - class_path: terratorch.datasets.transforms.UnflattenTemporalFromChannels\n";
        assertEquals(List.of(), read(with(SEGMENTATION, "    rgb_indices: [2, 1, 0]\n", neutral)).notes());
        String resize = with(SEGMENTATION, "    rgb_indices: [2, 1, 0]\n",
                "    test_transform:\n    - class_path: albumentations.Resize\n      init_args: {height: 8}\n");
        refused(resize, "test_transform has albumentations.Resize");
        assertEquals(List.of("data.init_args.test_transform is ignored"),
                TerraTorchConfig.read(Yaml.file(folder, resize), true).notes());
    }

    @Test
    void tiledInferenceIsNoted() {
        List<String> notes =
                read(with(SEGMENTATION, "loss: dice", "tiled_inference_parameters: {h_crop: 224}")).notes();
        assertEquals(1, notes.size());
        assertTrue(notes.getFirst().contains("computed whole"), notes.getFirst());
    }

    @Test
    void modalitiesHaveTheirOwnNumbers() {
        TerraTorchConfig config = read(with(multimodal(), "concat_bands: true", "concat_bands: false"));
        assertEquals(List.of("S2", "S1"), List.copyOf(config.preprocessing().keySet()));
        assertEquals(new Preprocessing(List.of("A", "B", "C"), List.of(2, 0), OptionalInt.empty(), OptionalDouble.of(0),
                0.001, List.of(1.0, 2.0), List.of(3.0, 4.0)), config.preprocessing().get("S2"));
        assertEquals(new Preprocessing(List.of(), List.of(), OptionalInt.empty(), OptionalDouble.of(0), 1,
                List.of(-12.5), List.of(5.0)), config.preprocessing().get("S1"));
        assertFalse(config.concatenated());
        assertTrue(read(multimodal()).concatenated());
        refused(with(multimodal(), "means: {", "means: [1, 2] #"),
                "means is [1, 2], expected a dictionary by modality");
    }

    private static String multimodal() {
        String data = """
                data:
                  class_path: terratorch.datamodules.GenericMultiModalDataModule
                  init_args:
                    task: 'segmentation'
                    batch_size: 16
                    modalities: [S2, S1]
                    rgb_modality: S2
                    train_data_root: {S2: a, S1: b}
                    image_grep: {S2: "*_S2.tif", S1: "*_S1.tif"}
                    dataset_bands: {S2: [A, B, C]}
                    output_bands: {S2: [C, A]}
                    constant_scale: {S2: 0.001}
                    no_data_replace: 0
                    concat_bands: true
                    means: {S2: [1, 2], S1: [-12.5]}
                    stds: {S2: [3, 4], S1: [5]}
                    num_classes: 3
                """;
        return data + SEGMENTATION.substring(SEGMENTATION.indexOf("model:"));
    }
}
