// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** TerraMind by the arguments of TerraTorch's page: dictionaries of modalities in, maps out; and over several dates. */
class TerraMindEncoderDecoderTest {
    private final Scope scope = Scope.open(Device.cpu());
    private final Tensor s2 = numbers(4, 32, 32);
    private final Tensor s1 = numbers(2, 32, 32);

    @AfterEach
    void close() {
        scope.close();
    }

    /** [1, ...] */
    private Tensor numbers(int... extents) {
        Random random = new Random(extents[0]);
        float[] values = new float[Arrays.stream(extents).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        long[] shape = new long[extents.length + 1];
        shape[0] = 1;
        for (int i = 0; i < extents.length; i++) {
            shape[i + 1] = extents[i];
        }
        return scope.of(values, shape);
    }

    private static Map<String, Object> arguments(Map<String, ?> more) {
        Map<String, Object> arguments = new HashMap<>(Map.of("task", "segmentation", "num_classes", 3,
                "backbone", "terramind_v1_tiny", "backbone_pretrained", true, "backbone_img_size", 32,
                "backbone_modalities", List.of("S2L2A", "S1GRD"),
                "backbone_bands", Map.of("S2L2A", List.of("RED", "GREEN", "BLUE", "NIR_NARROW")),
                "decoder", "UNetDecoder", "decoder_channels", List.of(16, 8, 8, 4)));
        arguments.put("necks", List.of(Map.of("name", "ReshapeTokensToImage", "remove_cls_token", false),
                Map.of("name", "SelectIndices", "indices", List.of(2, 5, 8, 11)),
                Map.of("name", "LearnedInterpolateToPyramidal")));
        arguments.putAll(more);
        return arguments;
    }

    private float[] run(Map<String, ?> more, Input input, long... shape) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments(more));
        Checkpoint weights = blueprint.structure().random(1);
        try (EncoderDecoderModel model = blueprint.load(weights, Device.cpu())) {
            Tensor output = model.forward(scope, input).output();
            assertArrayEquals(shape, output.shape().toArray());
            return output.toFloatArray();
        }
    }

    private static Input input(Object... namesAndTensors) {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTensors.length; i += 2) {
            tensors.put((String) namesAndTensors[i], (Tensor) namesAndTensors[i + 1]);
        }
        return Input.of(tensors);
    }

    @Test
    void aDictionaryOfModalitiesGivesOneMap() {
        for (String method : List.of("mean", "max", "concat")) {
            Map<String, ?> more = Map.of("backbone_merge_method", method);
            float[] both = run(more, input("S2L2A", s2, "S1GRD", s1), 1, 3, 32, 32);
            float[] one = run(more, input("S2L2A", s2), 1, 3, 32, 32);
            assertFalse(Arrays.equals(both, one), "S1GRD does not count with " + method);
            assertArrayEquals(one, run(more, Input.of(s2), 1, 3, 32, 32), "one image is the first modality");
            assertFalse(Float.isNaN(both[0]));
        }
        Map<String, ?> weights = EncoderDecoderFactory.buildModel(arguments(Map.of())).structure().weights();
        assertTrue(weights.containsKey("encoder.encoder_embeddings.untok_sen2l2a@224.proj.weight"));
        assertTrue(weights.containsKey("encoder.encoder.11.mlp.fc2.bias"));
    }

    /** Upstream pads tensors and leaves dictionaries as they are, whatever names they have. */
    @Test
    void anUnnamedImageIsPaddedAndNamedOnesAreNot() {
        Map<String, Object> more = new HashMap<>(Map.of("backbone_modalities", Map.of("image", 4),
                "decoder", "LinearDecoder", "decoder_upsampling_size", 16, "necks", List.of(
                        Map.of("name", "SelectIndices", "indices", List.of(11)),
                        Map.of("name", "ReshapeTokensToImage", "remove_cls_token", false))));
        Map<String, Object> all = arguments(more);
        all.keySet().removeAll(List.of("decoder_channels", "backbone_bands"));
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(all);
        Tensor image = numbers(4, 48, 48);
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), Device.cpu())) {
            float[] padded = model.forward(scope, Input.of(image)).output().toFloatArray();
            float[] named = model.forward(scope, Input.of("image", image)).output().toFloatArray();
            assertFalse(Arrays.equals(padded, named));
        }
    }

    /** Two dates that are the same have the mean of one. */
    @Test
    void datesOfAllModalitiesArePooledTogether() {
        float[] one = run(Map.of(), input("S2L2A", s2, "S1GRD", s1), 1, 3, 32, 32);
        Map<String, ?> temporal = Map.of("backbone_use_temporal", true, "backbone_temporal_pooling", "mean");
        float[] pooled = run(temporal, input("S2L2A", twice(s2), "S1GRD", twice(s1)), 1, 3, 32, 32);
        assertArrayEquals(one, pooled, 1e-5f);
        assertArrayEquals(pooled,
                run(temporal, Input.of("S2L2A", twice(s2)).with("S1GRD", twice(s1)), 1, 3, 32, 32));
    }

    /** Their example is of token numbers, which have no dates; series of maps do. */
    @Test
    void modalitiesOfTokensAloneCanHaveDates() {
        for (String name : List.of("LULC", "NDVI")) {
            EncoderDecoderFactory.buildModel(arguments(Map.of("backbone_modalities", List.of(name),
                    "backbone_bands", Map.of(), "backbone_use_temporal", true)));
        }
    }

    private Tensor twice(Tensor image) {
        try (Tensor series = image.unsqueeze(2)) {
            return Kernels.copy(scope, series.expand(1, image.dim(1), 2, 32, 32));
        }
    }

    /** What no input merges into one map is found before there are weights. */
    @Test
    void modalitiesThatAreNotMergedAreRefused() {
        String text = refused(() ->
                EncoderDecoderFactory.buildModel(arguments(Map.of("backbone_merge_method", "dict"))));
        assertTrue(text.contains("S2L2A, S1GRD") && text.contains("merge_method"), text);
    }

    /** The tokens of one of them form a grid, those of both do not. */
    @Test
    void modalitiesThatAreNotMergedCanBeGivenAlone() {
        Map<String, ?> more = Collections.singletonMap("backbone_merge_method", null);
        run(more, input("S1GRD", s1), 1, 3, 32, 32);
        String text = refused(() -> run(more, input("S2L2A", s2, "S1GRD", s1), 1, 3, 32, 32));
        assertTrue(text.contains("[1, 8, 192]"), text);
    }

    /** A new modality of smaller patches has more tokens than the others, of an image of the same size. */
    @Test
    void modalitiesOfOtherPatchesAreMergedWhereTheyHaveAsManyTokens() {
        Map<String, ?> more = Map.of("backbone_modalities", List.of("S2L2A", Map.of("FINE", 1)),
                "backbone_patch_size", 8);
        run(more, input("S2L2A", s2, "FINE", numbers(1, 16, 16)), 1, 3, 32, 32);
    }

    private static String refused(Runnable work) {
        return assertThrows(ShapeException.class, work::run).getMessage();
    }
}
