// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Input;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code encoder_decoder}, built by upstream's arguments. */
class EncoderDecoderGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family(
                "encoder_decoder", golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("encoder_decoder", golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    private static void run(GoldenCase golden, Scope scope) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments(golden));
        Map<String, ?> stored = golden.weights().tensors();
        Map<String, Structure.Entry> described = blueprint.structure().weights();
        assertEquals(stored.keySet(), described.keySet());
        try (EncoderDecoderModel model = blueprint.load(golden.weights(), scope.device(), Precision.STRICT)) {
            ModelOutput output = model.forward(scope, Input.of(scope.of(golden.tensor("input/x"))));
            compare(golden, "expected/output", output.output());
            output.auxiliaryHeads().forEach((name, value) -> compare(golden, "expected/aux/" + name, value));
        }
    }

    private static void compare(GoldenCase golden, String key, Tensor actual) {
        golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    /** The case's, with its backbone as an object, and patch and padding where upstream's factory takes them from. */
    private static Map<String, Object> arguments(GoldenCase golden) {
        Map<String, Object> arguments = new HashMap<>(golden.constructor());
        Map<?, ?> encoder = (Map<?, ?>) arguments.remove("encoder");
        arguments.put("backbone", TinyTransformer.loader(new TinyTransformer.Shape(number(encoder, "channels"),
                number(encoder, "dim"), number(encoder, "depth"), (Boolean) encoder.get("cls"),
                number(encoder, "patch"))));
        arguments.put("backbone_kwargs", Map.of(
                "patch_size", arguments.remove("patch_size"), "padding", arguments.remove("padding")));
        return arguments;
    }

    private static int number(Map<?, ?> map, String key) {
        return ((Number) map.get(key)).intValue();
    }
}
