// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.core.Tensor;
import io.gatun.core.TensorData;
import io.gatun.data.GoldenCase;
import io.gatun.data.TestDevices;
import io.gatun.models.Arguments;
import io.gatun.models.Feature;
import io.gatun.models.Input;
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

/** Every case of the golden family {@code prithvi}, at the tolerance of its JSON. Cases never seen run unchanged. */
class PrithviGoldenTest {
    @TestFactory
    Stream<DynamicTest> cases() throws IOException {
        return GoldenCase.family("prithvi",
                golden -> TestDevices.eachCpu(scope -> run(golden, scope, exactly(golden))));
    }

    /** On a GPU, or on the host harness that runs the CUDA kernels in its place. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOnCuda() throws IOException {
        return GoldenCase.family("prithvi",
                golden -> TestDevices.cuda(scope -> run(golden, scope, exactly(golden))));
    }

    /** In less than float32, norm-wise: TF32 within 2e-3, bfloat16 within 1e-2. */
    @TestFactory
    @Tag("gpu")
    Stream<DynamicTest> casesOfLessPrecisionOnCuda() throws IOException {
        return GoldenCase.family("prithvi", golden -> TestDevices.cudaOfLessPrecision(2e-3, 1e-2,
                (scope, limit) -> run(golden, scope, (key, actual) ->
                        golden.compareNorm(key, actual.shape(), actual.toFloatArray(), limit))));
    }

    /** Names and shapes of a small model are upstream's, coordinates included. */
    @TestFactory
    Stream<DynamicTest> weights() throws IOException {
        return GoldenCase.family("prithvi", golden -> {
            Map<String, Shape> expected = golden.weights().tensors().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().shape()));
            Structure structure = Structure.of(PrithviViT.loader(config(golden))::load);
            Map<String, Shape> found = structure.weights().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().shape()));
            assertEquals(expected, found);
        });
    }

    /** The case's class has no names of bands; 6 of them are those of the published sizes. */
    private static PrithviConfig config(GoldenCase golden) {
        Map<String, Object> given = new LinkedHashMap<>(golden.constructor());
        assertEquals(1e-5, given.remove("layer_norm_eps"));
        Arguments arguments = Arguments.of(golden.toString(), given);
        PrithviConfig config = PrithviConfig.of("prithvi_eo_v2_100", arguments);
        arguments.finish();
        return config;
    }

    private static BiConsumer<String, Tensor> exactly(GoldenCase golden) {
        return (key, actual) -> golden.compare(key, actual.shape(), actual.toFloatArray());
    }

    private static void run(GoldenCase golden, Scope scope, BiConsumer<String, Tensor> check) {
        PrithviConfig config = config(golden);
        PrithviViT model = PrithviViT.loader(config).load(scope, golden.weights());
        Input input = Input.of(scope.of(golden.tensor("input/x")));
        for (String extra : List.of(PrithviViT.TEMPORAL, PrithviViT.LOCATION)) {
            input = golden.has("input/" + extra) ? input.with(extra, scope.of(golden.tensor("input/" + extra))) : input;
        }
        List<Feature> layers = model.forward(scope, input);
        for (int i = 0; i < layers.size(); i++) {
            check.accept("expected/layers/" + i, layers.get(i).tensor());
        }
        if (golden.has("expected/maps/0")) {
            List<Feature> maps = model.prepareFeaturesForImageModel(scope, layers);
            for (int i = 0; i < maps.size(); i++) {
                check.accept("expected/maps/" + i, maps.get(i).tensor());
            }
        }
        positions(golden, config, input.image());
    }

    private static void positions(GoldenCase golden, PrithviConfig config, Tensor image) {
        int frames = image.shape().rank() == 4 ? 1 : (int) image.dim(2) / config.patchFrames();
        TokenGrid grid = new TokenGrid(frames, (int) image.dim(-2) / config.patch().height(),
                (int) image.dim(-1) / config.patch().height());
        float[] own = PrithviPositions.table(config.grid(), config.embedDim());
        TensorData stored = golden.weights().tensors().get("pos_embed");
        assertEquals(stored.shape(), Shape.of(1, 1 + config.grid().cells(), config.embedDim()));
        float[] table = grid.equals(config.grid()) ? own
                : PrithviPositions.resampled(own, config.grid(), config.embedDim(), grid);
        golden.compare("intermediate/pos", Shape.of(1, 1 + grid.cells(), config.embedDim()), table);
    }
}
