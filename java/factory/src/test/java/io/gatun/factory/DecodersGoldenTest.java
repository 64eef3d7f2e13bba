// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.factory.decoders.DecoderLoader;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code decoders}, announced channels and names of weights included. */
class DecodersGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("decoders", golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("decoders", golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    @TestFactory
    Stream<DynamicTest> shapesAndWeightsWithoutData() throws IOException {
        return GoldenCase.family("decoders", golden -> assertEquals(
                List.of(golden.tensor("expected/out").shape()),
                Parts.metaShapes(loader(golden), golden, golden.numbered("input/features"),
                        (decoder, run) -> List.of(decoder.forward(run.scope(), run.features())))));
    }

    private static void run(GoldenCase golden, Scope scope) {
        DecoderLoader loader = loader(golden);
        int announced = ((Number) golden.described("out_channels")).intValue();
        assertEquals(announced, loader.outChannels());
        Decoder decoder = loader.load(scope, golden.weights());
        assertEquals(announced, decoder.outChannels());
        Tensor out = decoder.forward(scope, Parts.inputs(scope, golden.numbered("input/features")));
        golden.compare("expected/out", out.shape(), out.toFloatArray());
    }

    private static DecoderLoader loader(GoldenCase golden) {
        return Parts.decoder(golden.upstreamClass(), Parts.integers(golden.constructor().get("embed_dim")),
                Parts.without(golden.constructor(), "embed_dim"));
    }
}
