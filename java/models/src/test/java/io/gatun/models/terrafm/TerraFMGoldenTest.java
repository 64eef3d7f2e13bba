// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terrafm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.layers.TokenGrid;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** Every case of the golden family {@code terrafm} that is of the network, at the tolerance of its JSON. */
class TerraFMGoldenTest {
    private static boolean isNetwork(GoldenCase golden) {
        return "TerraFM".equals(golden.upstreamClass());
    }

    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("terrafm", TerraFMGoldenTest::isNetwork,
                golden -> TestDevices.eachCpu(scope -> run(golden, scope, exactly(golden))));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("terrafm", TerraFMGoldenTest::isNetwork,
                golden -> TestDevices.cuda(scope -> run(golden, scope, exactly(golden))));
    }

    /** In less than float32, norm-wise: TF32 within 2e-3, bfloat16 within 2e-2. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOfLessPrecisionOnCuda() throws IOException {
        return GoldenCase.family("terrafm", TerraFMGoldenTest::isNetwork,
                golden -> TestDevices.cudaOfLessPrecision(2e-3, 2e-2, (scope, limit) -> run(golden, scope,
                        (key, actual) -> golden.compareNorm(key, actual.shape(), actual.toFloatArray(), limit))));
    }

    /** Names and shapes of a small model are upstream's. */
    @TestFactory
    Stream<DynamicTest> weights() throws IOException {
        return GoldenCase.family("terrafm", TerraFMGoldenTest::isNetwork, golden -> {
            Map<String, Shape> expected = golden.weights().tensors().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().shape()));
            Structure structure = Structure.of(TerraFM.loader(config(golden))::load);
            Map<String, Shape> found = structure.weights().entrySet().stream()
                    .filter(e -> e.getValue().kind() != Structure.Kind.UNUSED)
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().shape()));
            assertEquals(expected, found);
        });
    }

    private static TerraFMConfig config(GoldenCase golden) {
        Map<String, Object> given = new LinkedHashMap<>(golden.constructor());
        given.put("out_indices", golden.forward().get("out_indices"));
        given.put("stem", golden.forward().get("is_l2a").equals(true) ? "l2a-stem" : "upstream-exact");
        Arguments arguments = Arguments.of(golden.toString(), given);
        TerraFMConfig config = TerraFMConfig.of("terrafm_base", arguments);
        arguments.finish();
        return config;
    }

    private static BiConsumer<String, Tensor> exactly(GoldenCase golden) {
        return (key, actual) -> golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    private static void run(GoldenCase golden, Scope scope, BiConsumer<String, Tensor> check) {
        TerraFMConfig config = config(golden);
        TerraFM model = TerraFM.loader(config).load(scope, golden.weights());
        Tensor image = scope.of(golden.tensor("input/x"));
        TokenGrid grid = new TokenGrid(1, (int) image.dim(2) / config.patchSize(),
                (int) image.dim(3) / config.patchSize());
        check.accept("intermediate/pos", model.positions(scope, grid, image.dim(2) == image.dim(3)));
        check.accept("intermediate/patch_embed", model.patches(scope, image));
        check.accept("intermediate/tokens", model.tokens(scope, image));
        check.accept("expected/cls", model.forward(scope, image));
        List<Tensor> maps = model.extractFeature(scope, image, config.outIndices());
        for (int i = 0; i < maps.size(); i++) {
            check.accept("expected/features/" + i, maps.get(i));
        }
        int n = ((Number) golden.forward().get("n")).intValue();
        List<TerraFM.Layer> layers =
                model.getIntermediateLayers(scope, image, n, golden.forward().get("norm").equals(true));
        assertEquals(n, layers.size());
        for (int i = 0; i < n; i++) {
            check.accept("expected/layers/" + i + "/patches", layers.get(i).patches());
            check.accept("expected/layers/" + i + "/cls", layers.get(i).cls());
        }
        check.accept("expected/last_attention", model.getLastSelfAttention(scope, image));
    }
}
