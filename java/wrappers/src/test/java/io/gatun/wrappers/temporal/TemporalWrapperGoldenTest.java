// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.temporal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.CpuOptions;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.Backbone;
import io.gatun.models.Feature;
import io.gatun.models.Input;
import io.gatun.models.Loader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code temporal_wrapper}, however the dates are split into batches. */
class TemporalWrapperGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("temporal_wrapper", golden -> {
            try (Device device = Device.cpu(CpuOptions.DEFAULT)) {
                run(golden, device);
            }
        });
    }

    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("temporal_wrapper", golden -> run(golden, TestDevices.cudaOrSkip()));
    }

    private static void run(GoldenCase golden, Device device) {
        Arguments arguments = Arguments.of("TemporalWrapper", golden.constructor());
        TemporalOptions options = TemporalOptions.of(arguments);
        arguments.finish();
        for (int steps : new int[] {0, 1, 2}) {
            try (Scope scope = Scope.open(device)) {
                run(golden, scope, options.withStepsPerBatch(steps));
            }
        }
    }

    private static void run(GoldenCase golden, Scope scope, TemporalOptions options) {
        Input input = input(golden, scope);
        Loader<Backbone> encoder = encoder(golden, input);
        Loader<TemporalWrapper> loader = TemporalWrapper.loader(encoder, options);
        TemporalWrapper wrapper = loader.load(scope, golden.weights());
        List<Feature> features = wrapper.forward(scope, input);
        for (int layer = 0; layer < features.size(); layer++) {
            String key = "expected/features/" + layer;
            switch (features.get(layer)) {
                case Feature.Single one -> golden.compare(key, one.value().shape(), one.value().toFloatArray());
                case Feature.ByModality several -> several.values().forEach((name, value) ->
                        golden.compare(key + "/" + name, value.shape(), value.toFloatArray()));
            }
        }
        assertEquals(golden.weights().tensors().keySet(), Structure.of(loader::load).weights().keySet());
    }

    private static Input input(GoldenCase golden, Scope scope) {
        if (golden.has("input/x")) {
            return Input.of(scope.of(golden.tensor("input/x")));
        }
        SequencedMap<String, Tensor> modalities = new LinkedHashMap<>();
        for (String name : List.of("S2", "S1")) {
            modalities.put(name, scope.of(golden.tensor("input/x/" + name)));
        }
        return Input.of(modalities);
    }

    private static Loader<Backbone> encoder(GoldenCase golden, Input input) {
        Map<String, ?> weights = golden.weights().tensors();
        if (weights.containsKey("encoder.stages.0.weight")) {
            return GoldenEncoder.stages(List.of(6, 8), 3);
        }
        SequencedMap<String, Integer> modalities = new LinkedHashMap<>();
        input.modalities().forEach((name, image) -> modalities.put(name, (int) image.dim(1)));
        return GoldenEncoder.tokens(8, modalities, golden.constructor().containsKey("features_permute_op"));
    }
}
