// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.TensorData;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Checkpoints that do not fit say exactly why, all at once. */
class CheckpointFitTest {
    private static final SpatioTemporalConfig CONFIG = ModelReferenceTest.small();
    private static final Checkpoint GOOD = RandomCheckpoint.of(CONFIG, 3, 1);

    private static Checkpoint changed(Map<String, Object> configuration, Consumer<Map<String, TensorData>> change) {
        Map<String, TensorData> tensors = new LinkedHashMap<>(GOOD.tensors());
        change.accept(tensors);
        return new Checkpoint("some.pth", GOOD.digest(), tensors, configuration);
    }

    private static String refusal(Checkpoint checkpoint) {
        return assertThrows(CheckpointException.class, () -> SpatioTemporalModel.load(checkpoint, Device.cpu()))
                .getMessage();
    }

    private static void prefix(Map<String, TensorData> tensors, String prefix) {
        Map<String, TensorData> renamed = tensors.entrySet().stream().collect(Collectors.toMap(
                e -> prefix + e.getKey(), Map.Entry::getValue, (a, _) -> a, LinkedHashMap::new));
        tensors.clear();
        tensors.putAll(renamed);
    }

    @Test
    void missingUnexpectedAndOtherShapesAreReportedTogether() {
        String text = refusal(changed(GOOD.configuration(), tensors -> {
            tensors.remove("encoder.norm.bias");
            tensors.remove("decoder.refine.4.running_var");
            tensors.put("geo_embedding.sh_gain", RandomCheckpoint.floats(new float[3], 3));
            tensors.put("decoder.scale", RandomCheckpoint.floats(new float[4], 4));
            tensors.put("temporal.month_ln.weight", RandomCheckpoint.floats(new float[16], 4, 4));
        }));
        List<String> lines = text.lines().map(String::strip).toList();
        assertTrue(lines.get(0).startsWith(
                "some.pth does not fit the model: 2 weights missing, 1 unexpected, 2 of another shape, "), text);
        assertEquals(List.of("missing: encoder.norm.bias [16]", "missing: decoder.refine.4.running_var [8]",
                "unexpected: geo_embedding.sh_gain [3]",
                "other shape: temporal.month_ln.weight is [4, 4], the model wants [16]",
                "other shape: decoder.scale is [4], the model wants [12]"), lines.subList(1, lines.size()));
    }

    @Test
    void aFailedLoadLeavesNothingOnTheDevice() {
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            Checkpoint lacking = changed(GOOD.configuration(), tensors -> tensors.remove("decoder.head.bias"));
            assertThrows(CheckpointException.class, () -> SpatioTemporalModel.load(lacking, device));
            assertEquals(0, device.memory().buffersLive());
        }
    }

    @Test
    void aWrapperPrefixIsHintedAtAndCanBeStripped() {
        for (Map<String, Object> configuration : List.of(GOOD.configuration(), Map.<String, Object>of())) {
            Checkpoint wrapped = changed(configuration, tensors -> prefix(tensors, "model."));
            String text = refusal(wrapped);
            assertTrue(text.contains("Hint:") && text.contains("stripPrefix(\"model.\")"), text);
            Sample sample = Sample.random(1, 1, 1, 1, 3, 4, 4);
            try (SpatioTemporalModel model = SpatioTemporalModel.load(GOOD, Device.cpu());
                    SpatioTemporalModel stripped =
                            SpatioTemporalModel.load(wrapped.stripPrefix("model."), Device.cpu())) {
                assertArrayEquals(sample.run(model), sample.run(stripped));
            }
        }
    }

    @Test
    void aCheckpointOfAnotherModelIsReportedKeyByKey() {
        Map<String, TensorData> tensors = Map.of("patch_embed.proj.weight", RandomCheckpoint.floats(new float[8], 2, 4),
                "blocks.0.attn.qkv.weight", RandomCheckpoint.floats(new float[12], 6, 2));
        String text = refusal(new Checkpoint("vit.safetensors", GOOD.digest(), tensors, Map.of()));
        assertTrue(text.startsWith("vit.safetensors does not fit the model:") && text.contains("2 unexpected"), text);
        for (String line : new String[] {"unexpected: patch_embed.proj.weight [2, 4]",
            "unexpected: blocks.0.attn.qkv.weight [6, 2]", "missing: encoder.proj.weight [128, 2, 1, 4, 4]",
            "missing: temporal.day_scorer.3.bias [1]", "missing: decoder.head.weight [1, 128, 1, 1]"}) {
            assertTrue(text.contains(line), line + " is not in: " + text);
        }
    }

    @Test
    void theConfigurationOfAnotherModelIsNamed() {
        Map<String, Object> later = Map.of("model_config", Map.of("embed_dim", 16L, "sh_dim", 96L));
        String text = refusal(changed(later, _ -> {}));
        assertTrue(text.contains("some.pth: its model_config is of another") && text.contains("\"sh_dim\""), text);
        text = refusal(changed(Map.of("model_config", Map.of("embed_dim", 18L)), _ -> {}));
        assertTrue(text.contains("some.pth") && text.contains("embed_dim is 18"), text);
    }

    @Test
    void shapesThatImplyNoConfigurationAreNamed() {
        String text = refusal(changed(Map.of(), tensors -> tensors.put("encoder.proj.weight",
                RandomCheckpoint.floats(new float[6 * 2 * 4], 6, 2, 1, 2, 2))));
        assertTrue(text.contains("some.pth has no model_config") && text.contains("embed_dim is 6"), text);
    }

    @Test
    void aRefinementKernelThatIsNotSquareOrOddIsRefused() {
        for (long[] kernel : new long[][] {{8, 8, 2, 2}, {8, 8, 3, 1}}) {
            String text = refusal(changed(GOOD.configuration(), tensors -> tensors.put("decoder.refine.3.weight",
                    RandomCheckpoint.floats(new float[(int) (64 * kernel[2] * kernel[3])], kernel))));
            assertTrue(text.contains("decoder.refine.3.weight") || text.contains("convolution"), text);
            assertTrue(text.contains("k odd") || text.contains("odd k"), text);
        }
    }
}
