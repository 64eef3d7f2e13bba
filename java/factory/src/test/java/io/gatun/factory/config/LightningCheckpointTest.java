// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which tensors of a task are the model's, and what they are called. */
class LightningCheckpointTest {
    private static Checkpoint of(String... names) {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (String name : names) {
            tensors.put(name, new TensorData(
                    DType.F32, Shape.of(1), MemorySegment.ofArray(new float[] {tensors.size()})));
        }
        return new Checkpoint("best.ckpt", "0", tensors, Map.of("epoch", 3L));
    }

    private static List<String> model(String... names) {
        return List.copyOf(LightningCheckpoint.model(of(names)).tensors().keySet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "model.", "model._orig_mod.", "_orig_mod.model.", "module.model.", "model.module.",
        "module.", "model_ema.module.", "ema_model.module.model.", "model_ema.", "ema.model.", "model._timm_module.",
        "model._fsdp_wrapped_module."})
    void prefixesOfWrappersGo(String prefix) {
        assertEquals(List.of("encoder.norm.weight", "head.model.bias"),
                model(prefix + "encoder.norm.weight", prefix + "head.model.bias"));
    }

    @Test
    void wrappersOfPartsGo() {
        assertEquals(List.of("encoder.blocks.0.weight", "encoder.patch_embed.weight", "decoder.0.weight"),
                model("model.encoder._orig_mod.blocks.0.weight", "model.encoder._timm_module.patch_embed.weight",
                        "model.decoder.0._checkpoint_wrapped_module.weight"));
    }

    @Test
    void lossesAndMetricsAreLeftOut() {
        assertEquals(List.of("encoder.weight"), model("criterion.weight", "criterion.losses.dice.weight",
                "train_metrics.mIoU.total", "val_metrics.a", "test_metrics.0.b", "n_averaged", "model.encoder.weight"));
    }

    @Test
    void trainedWeightsWinOverAveragedOnes() {
        Checkpoint both = of("model.a", "ema_model.module.a", "model_ema.a");
        Checkpoint model = LightningCheckpoint.model(of("ema_model.a", "model.a"));
        assertEquals(List.of("a"), List.copyOf(model.tensors().keySet()));
        assertEquals(1f, model.tensors().get("a").bytes().get(ValueLayout.JAVA_FLOAT, 0));
        assertThrows(CheckpointException.class, () -> LightningCheckpoint.model(both),
                "two averages of one weight");
    }

    @Test
    void aPrefixChoosesAmongThem() {
        Checkpoint averaged = LightningCheckpoint.withPrefix(of("model.a", "ema_model.a", "ema_model.b"), "ema_model.");
        assertEquals(List.of("a", "b"), List.copyOf(averaged.tensors().keySet()));
        assertEquals(Map.of("epoch", 3L), averaged.configuration());
        String message = assertThrows(ArgumentException.class,
                () -> LightningCheckpoint.withPrefix(of("model.a"), "ema.")).getMessage();
        assertTrue(message.contains("no tensor name begins with \"ema.\"; they are such as [model.a]"), message);
    }

    @Test
    void twoTensorsOfOneNameAreRefused() {
        String message = assertThrows(CheckpointException.class, () -> model("model.a", "a")).getMessage();
        assertTrue(message.contains("two of its tensors are the model's a"), message);
    }

    @Test
    void aCheckpointWithoutAModelIsRefused() {
        String message = assertThrows(CheckpointException.class, () -> model("criterion.weight")).getMessage();
        assertTrue(message.contains("none of its 1 tensors"), message);
    }
}
