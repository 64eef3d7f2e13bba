// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.CpuOptions;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Shape;
import io.gatun.core.TensorData;
import io.gatun.data.safetensors.SafetensorsFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which checkpoints the main job takes, and what it reads from them. */
class CheckpointChoiceTest {
    @TempDir
    private Path folder;

    private void refuses(Path checkpoint, String... parts) {
        try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
            String text = assertThrows(CheckpointException.class,
                    () -> MonthlyReconstruction.open(checkpoint, device)).getMessage();
            for (String part : parts) {
                assertTrue(text.contains(part), "\"" + part + "\" is not in: " + text);
            }
            assertEquals(0, device.memory().buffersLive(), "a refused checkpoint left weights behind");
        }
    }

    private static Map<String, Object> with(String section, Map<String, Object> changes) {
        Map<String, Object> configuration = SmallCheckpoint.configuration();
        Map<String, Object> changed = new LinkedHashMap<>(section(configuration, section));
        changed.putAll(changes);
        configuration.put(section, changed);
        return configuration;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> section(Map<String, Object> configuration, String name) {
        return (Map<String, Object>) configuration.get(name);
    }

    @Test
    void aGoodCheckpointTellsItsPreprocessing() {
        Path file = SmallCheckpoint.write(folder.resolve("small.safetensors"), SmallCheckpoint.configuration());
        try (MonthlyReconstruction reconstruction = MonthlyReconstruction.open(file, Device.cpu())) {
            assertEquals(new Preprocessing(15, 2.5, "degree_Celsius", Preprocessing.Target.RESIDUAL, 0.5, false, 4,
                    Optional.of(new Preprocessing.Tile(4, 6))), reconstruction.preprocessing());
            assertEquals(8, reconstruction.config().embedDim());
            assertEquals(64, reconstruction.checkpoint().digest().length());
        }
    }

    @Test
    void aCheckpointWithoutNormalizationSaysWhatToGive() {
        Map<String, Object> configuration = SmallCheckpoint.configuration();
        configuration.remove("normalization");
        Path file = SmallCheckpoint.write(folder.resolve("bare.safetensors"), configuration);
        refuses(file, "bare.safetensors", "\"normalization\"", "Give mean, standard deviation, units and target");
        try (MonthlyReconstruction given = MonthlyReconstruction.of(SafetensorsFile.read(file),
                Preprocessing.absolute(15, 2, "degree_Celsius"), Device.cpu())) {
            assertEquals(Preprocessing.Target.ABSOLUTE, given.preprocessing().target());
        }
    }

    @Test
    void aCheckpointOfAnotherModelIsReportedKeyByKey() {
        Path file = folder.resolve("vit.safetensors");
        SafetensorsFile.write(file, Map.of("cls_token",
                new TensorData(DType.F32, Shape.of(1, 1, 2), MemorySegment.ofArray(new float[2]))), Map.of());
        refuses(file, "vit.safetensors does not fit the model", "unexpected: cls_token [1, 1, 2]",
                "missing: encoder.proj.weight");
        Path later = SmallCheckpoint.write(folder.resolve("later.safetensors"),
                with("model_config", Map.of("sh_dim", 96L)));
        refuses(later, "later.safetensors", "another model or version", "\"sh_dim\"");
        refuses(folder.resolve("absent.safetensors"), "absent.safetensors");
    }

    @Test
    void aModelOfSeveralChannelsIsRefused() {
        Checkpoint small = SmallCheckpoint.of(with("model_config", Map.of("in_chans", 2L)));
        Map<String, TensorData> tensors = new LinkedHashMap<>(small.tensors());
        tensors.put("encoder.proj.weight",
                new TensorData(DType.F32, Shape.of(8, 4, 1, 2, 2), MemorySegment.ofArray(new float[128])));
        Checkpoint two = new Checkpoint(small.source(), small.digest(), tensors, small.configuration());
        String text = assertThrows(ArgumentException.class, () -> MonthlyReconstruction.of(two,
                Preprocessing.absolute(0, 1, "K"), Device.cpu())).getMessage();
        assertTrue(text.contains("2 channels"), text);
    }

    @Test
    void anUnusablePreprocessingIsNamed() {
        Map<String, Object> cases = new LinkedHashMap<>();
        cases.put("target", "anomaly");
        cases.put("std", 0.0);
        cases.put("mean", "warm");
        cases.put("residual_scale", -1.0);
        cases.put("baseline", "climatology");
        cases.put("fill_value_after_normalization", -5.0);
        cases.put("baseline_fill", Map.of("method", "kriging"));
        cases.forEach((key, value) -> {
            Path file = SmallCheckpoint.write(folder.resolve(key + ".safetensors"),
                    with("normalization", Map.of(key, value)));
            String shown = value instanceof Map<?, ?> map ? (String) map.get("method") : value.toString();
            refuses(file, key + ".safetensors", shown);
        });
    }

    @Test
    void optionsOfThePreprocessingAreTaken() {
        Checkpoint checkpoint = SmallCheckpoint.of(with("normalization", Map.of("target", "absolute",
                "land_is_missing", true, "baseline_fill", Map.of("method", "inverse_distance", "power", 2L))));
        Preprocessing read = Preprocessing.of(checkpoint).orElseThrow();
        assertEquals(Preprocessing.Target.ABSOLUTE, read.target());
        assertTrue(read.landIsMissing());
        assertEquals(2, read.fillPower());
        for (double std : List.of(0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY)) {
            assertThrows(ArgumentException.class, () -> Preprocessing.absolute(1, std, "K"));
        }
        assertThrows(ArgumentException.class, () -> Preprocessing.residual(Double.NaN, 1, "K", 1));
    }
}
