// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Loader;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code heads}, names of weights included. */
class HeadsGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("heads", golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("heads", golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    @TestFactory
    Stream<DynamicTest> shapesAndWeightsWithoutData() throws IOException {
        return GoldenCase.family("heads", golden -> assertEquals(
                List.of(golden.tensor("expected/out").shape()),
                Parts.metaShapes(loader(golden), golden, List.of(golden.tensor("input/x")),
                        (head, run) -> List.of(head.forward(run.scope(), run.features().getFirst())))));
    }

    private static void run(GoldenCase golden, Scope scope) {
        Head head = loader(golden).load(scope, golden.weights());
        Tensor out = head.forward(scope, scope.of(golden.tensor("input/x")));
        golden.compare("expected/out", out.shape(), out.toFloatArray());
    }

    private static Loader<Head> loader(GoldenCase golden) {
        String width = golden.constructor().containsKey("in_dim") ? "in_dim" : "in_channels";
        return Parts.head(golden.upstreamClass(), golden.constructor(width, 0),
                Parts.without(golden.constructor(), width));
    }
}
