// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.factory.registry.Registries;
import io.gatun.models.Input;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    @Test
    void argumentsThatTerrafmDoesNotHaveAreRefused() {
        Map<String, Object> arguments = new HashMap<>(SEGMENTATION);
        arguments.put("backbone_kwargs", Map.of("bands", List.of("RED")));
        String message = assertThrows(
                ArgumentException.class, () -> EncoderDecoderFactory.buildModel(arguments)).getMessage();
        assertTrue(message.contains("bands"), message);
    }
}
