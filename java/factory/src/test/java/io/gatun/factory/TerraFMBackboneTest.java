// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** TerraFM under its names in the registry, with a decoder behind it. */
class TerraFMBackboneTest {
    private static final Map<String, Object> SEGMENTATION = Map.of("task", "segmentation", "backbone", "terrafm_base",
            "necks", List.of(Map.of("name", "LearnedInterpolateToPyramidal")), "decoder", "UperNetDecoder",
            "decoder_channels", 8, "num_classes", 3, "backbone_kwargs", Map.of("img_size", 16, "patch_size", 4,
                    "embed_dim", 16, "depth", 4, "num_heads", 2, "out_indices", List.of(0, 1, 2, 3)));

    @Test
    void namesAreUpstreams() {
        assertTrue(Registries.backbones().names().containsAll(Stream.of("terrafm_b", "terrafm_base", "terrafm_large")
                .map("terratorch_"::concat).toList()));
    }

    @Test
    void terrafmSegmentsImagesOfBothSensors() {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(SEGMENTATION);
        assertTrue(blueprint.structure().weights().containsKey("encoder.patch_embed.s2_l1c_embed"));
        Device device = Device.cpu();
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device, Precision.STRICT);
                Scope scope = Scope.open(device)) {
            for (long bands : new long[] {2, 12}) {
                Tensor image = scope.full(DType.F32, 0.2, 2, bands, 16, 20);
                float[] output = model.forward(scope, Input.of(image)).output().toFloatArray();
                assertEquals(Shape.of(2, 3, 16, 20), model.forward(scope, Input.of(image)).output().shape());
                assertArrayEquals(output, model.forward(scope, Input.of(image)).output().toFloatArray());
                for (float value : output) {
                    assertTrue(Float.isFinite(value));
                }
            }
        }
    }

    /** Each date goes through TerraFM alone: two that are the same have the mean of one, and their order is none. */
    @Test
    void datesOfBothSensorsArePooled() {
        try (Scope scope = Scope.open(Device.cpu())) {
            for (int bands : new int[] {2, 12}) {
                Tensor first = numbers(scope, bands, 1);
                Tensor second = numbers(scope, bands, 2);
                float[] one = run(scope, Map.of(), first);
                Map<String, Object> mean = Map.of("backbone_use_temporal", true, "backbone_temporal_pooling", "mean");
                assertArrayEquals(one, run(scope, mean, series(scope, first, first)), 1e-5f);
                float[] both = run(scope, mean, series(scope, first, second));
                assertArrayEquals(both, run(scope, mean, series(scope, second, first)), 1e-5f);
                assertFalse(Arrays.equals(one, both), "the second date does not count");
            }
        }
    }

    private static float[] run(Scope scope, Map<String, Object> more, Tensor image) {
        Map<String, Object> arguments = new HashMap<>(SEGMENTATION);
        ((Map<?, ?>) arguments.remove("backbone_kwargs")).forEach((key, value) ->
                arguments.put("backbone_" + key, value));
        arguments.putAll(more);
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments);
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), Device.cpu())) {
            Tensor output = model.forward(scope, Input.of(image)).output();
            assertEquals(Shape.of(1, 3, 16, 20), output.shape());
            return output.toFloatArray();
        }
    }

    /** [1, bands, 16, 20] from 0 to 1. */
    private static Tensor numbers(Scope scope, int bands, long seed) {
        Random random = new Random(seed);
        float[] values = new float[bands * 16 * 20];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
        return scope.of(values, 1, bands, 16, 20);
    }

    /** [1, bands, 2, 16, 20] */
    private static Tensor series(Scope scope, Tensor first, Tensor second) {
        Tensor series = scope.empty(DType.F32, 1, first.dim(1), 2, 16, 20);
        Kernels.copy(scope, first.unsqueeze(2), series.slice(2, 0, 1));
        Kernels.copy(scope, second.unsqueeze(2), series.slice(2, 1, 2));
        return series;
    }

    @Test
    void argumentsThatTerrafmDoesNotHaveAreRefused() {
        Map<String, Object> arguments = new HashMap<>(SEGMENTATION);
        arguments.put("backbone_kwargs", Map.of("bands", List.of("RED")));
        String message = assertThrows(
                ArgumentException.class, () -> EncoderDecoderFactory.buildModel(arguments)).getMessage();
        assertTrue(message.contains("bands"), message);
    }
}
