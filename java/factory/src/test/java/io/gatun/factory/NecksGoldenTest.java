// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.factory.necks.NeckLoader;
import io.gatun.factory.necks.NeckSequence;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code necks}, announced channels and names of weights included. */
class NecksGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("necks", golden -> TestDevices.eachCpu(scope -> run(golden, scope)));
    }

    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("necks", golden -> TestDevices.cuda(scope -> run(golden, scope)));
    }

    @TestFactory
    Stream<DynamicTest> shapesAndWeightsWithoutData() throws IOException {
        return GoldenCase.family("necks", golden -> {
            List<Shape> shapes = Parts.metaShapes(loader(golden), golden, golden.numbered("input/features"),
                    (neck, run) -> neck.forward(run.scope(), run.features(), image(golden)));
            assertEquals(golden.numbered("expected/features").stream().map(TensorData::shape).toList(), shapes);
        });
    }

    private static void run(GoldenCase golden, Scope scope) {
        NeckLoader loader = loader(golden);
        List<Integer> announced = Parts.integers(golden.described("channel_list_after"));
        assertEquals(announced, loader.outChannels());
        Neck neck = loader.load(scope, golden.weights());
        assertEquals(announced, neck.processChannelList(Parts.integers(golden.constructor().get("channel_list"))));
        List<Tensor> features = neck.forward(
                scope, Parts.inputs(scope, golden.numbered("input/features")), image(golden));
        assertEquals(golden.numbered("expected/features").size(), features.size());
        for (int i = 0; i < features.size(); i++) {
            golden.compare("expected/features/" + i, features.get(i).shape(), features.get(i).toFloatArray());
        }
    }

    @SuppressWarnings("unchecked")
    private static NeckLoader loader(GoldenCase golden) {
        List<Integer> channels = Parts.integers(golden.constructor().get("channel_list"));
        if (!golden.constructor().containsKey("ops")) {
            return Parts.neck(golden.upstreamClass(), channels, Parts.without(golden.constructor(), "channel_list"));
        }
        List<Function<List<Integer>, NeckLoader>> necks = new ArrayList<>();
        for (Map<String, Object> op : (List<Map<String, Object>>) golden.constructor().get("ops")) {
            necks.add(c -> Parts.neck((String) op.get("name"), c, Parts.without(op, "name")));
        }
        return NeckSequence.loader(channels, necks);
    }

    private static ImageSize image(GoldenCase golden) {
        if (!golden.forward().containsKey("image_size")) {
            return new ImageSize(64, 64);
        }
        List<Integer> size = Parts.integers(golden.forward().get("image_size"));
        return new ImageSize(size.get(0), size.get(1));
    }
}
