// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static io.gatun.factory.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Activation;
import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.models.Loader;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the golden cases of the heads do not show: activations by name, batch_norm heeded, refusals. */
class HeadTest {
    private static final Map<String, Object> NONE = Map.of();

    private final SplittableRandom random = new SplittableRandom(8);
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open(Device.cpu());
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private Tensor run(Loader<Head> loader, Checkpoint weights, ReferenceMap map) {
        return loader.load(scope, weights).forward(scope, map.on(scope));
    }

    @Test
    void theFinalActivationGoesByUpstreamsNameOrOurs() {
        Loader<Head> plain = Parts.head("RegressionHead", 3, NONE);
        Checkpoint weights = Parts.random(plain, 1);
        ReferenceMap map = ReferenceMap.random(random, 2, 3, 3, 2);
        ReferenceMap linear = map.conv(weights, "head.1", 1);
        linear.assertClose(run(plain, weights, map));
        for (Object name : List.of("torch.nn.ReLU", "torch.nn.modules.activation.ReLU", "nn.ReLU", "ReLU", "relu",
                Activation.RELU)) {
            linear.relu().assertClose(run(Parts.head("RegressionHead", 3, Map.of("final_act", name)), weights, map));
        }
        linear.each(v -> Math.log1p(Math.exp(v))).assertClose(
                run(Parts.head("RegressionHead", 3, Map.of("final_act", "torch.nn.Softplus")), weights, map));
        linear.each(v -> v < 0 ? 0.01 * v : v).assertClose(
                run(Parts.head("RegressionHead", 3, Map.of("final_act", "torch.nn.LeakyReLU")), weights, map));
        refused(ArgumentException.class,
                () -> Parts.head("RegressionHead", 3, Map.of("final_act", "torch.nn.Softmax")), "torch.nn.Softmax",
                "torch.nn.CELU, ELU, ");
    }

    @Test
    void theFinalActivationMayBeAFormula() {
        Map<String, Object> arguments = Map.of("final_act", "torch.nn.Hardswish", "channel_list", List.of(2));
        Loader<Head> loader = Parts.head("RegressionHead", 3, arguments);
        Checkpoint weights = Parts.random(loader, 1);
        ReferenceMap map = ReferenceMap.random(random, 2, 3, 3, 2);
        map.conv(weights, "head.0.0.0", 1).batchNorm(weights, "head.0.0.1").relu().conv(weights, "head.2", 1)
                .each(v -> v * Math.clamp(v + 3, 0, 6) / 6).assertClose(run(loader, weights, map));
    }

    @Test
    void batchNormIsLeftOutOnDemandOnlyIfCorrected() {
        Map<String, Object> asUpstream =
                Map.of("batch_norm", false, "channel_list", List.of(4), "learned_upscale_layers", 1);
        assertTrue(Parts.random(Parts.head("RegressionHead", 3, asUpstream), 1).tensors()
                .containsKey("head.1.0.1.running_mean"));
        Map<String, Object> corrected = Map.of("batch_norm", false, "corrected", true, "channel_list", List.of(4),
                "learned_upscale_layers", 1);
        Loader<Head> loader = Parts.head("RegressionHead", 3, corrected);
        Checkpoint weights = Parts.random(loader, 1);
        assertEquals(6, weights.tensors().size());
        ReferenceMap map = ReferenceMap.random(random, 2, 3, 3, 2);
        ReferenceMap wide = map.conv(weights, "head.0.0.conv", 1);
        ReferenceMap shuffled = ReferenceMap.of(2, 3, 6, 4,
                (b, c, y, x) -> wide.at(b, 4 * c + 2 * (y % 2) + x % 2, y / 2, x / 2)).relu();
        shuffled.conv(weights, "head.1.0.0", 1).relu().conv(weights, "head.3", 1)
                .assertClose(run(loader, weights, map));
    }

    @Test
    void anEmptyChannelListStillTakesItsPlaceAmongTheNames() {
        assertTrue(Parts.random(Parts.head("RegressionHead", 3, Map.of("channel_list", List.of())), 1).tensors()
                .containsKey("head.2.weight"));
    }

    @Test
    void headsRefuseNumbersThatCannotBe() {
        refused(ArgumentException.class, () -> Parts.head("SegmentationHead", 3, NONE), "num_classes is missing");
        refused(ArgumentException.class, () -> Parts.head("ClassificationHead", 3, NONE), "num_classes is missing");
        refused(ArgumentException.class, () -> Parts.head("SegmentationHead", 3, Map.of("num_classes", 0)),
                "num_classes is 0");
        refused(ArgumentException.class,
                () -> Parts.head("ClassificationHead", 3, Map.of("num_classes", 2, "dim_list", List.of(4, 0))),
                "dim_list is 0");
        refused(ArgumentException.class, () -> Parts.head("RegressionHead", 3, Map.of("learned_upscale_layers", -1)),
                "learned_upscale_layers is -1");
        refused(ArgumentException.class, () -> Parts.head("RegressionHead", 3, Map.of("dropout", 1.5)),
                "dropout is 1.5", "0 to 1");
        refused(ArgumentException.class, () -> Parts.head("RegressionHead", 3, Map.of("num_classes", 2)), "num_classes",
                "not used");
    }

    @Test
    void headsRefuseFeaturesOfOtherChannels() {
        for (String name : List.of("SegmentationHead", "ClassificationHead")) {
            Loader<Head> loader = Parts.head(name, 3, Map.of("num_classes", 2));
            Checkpoint weights = Parts.random(loader, 1);
            refused(ShapeException.class, () -> run(loader, weights, ReferenceMap.random(random, 1, 4, 2, 2)),
                    name, "[1, 4, 2, 2]", "3");
        }
    }

    @Test
    void dropoutHasNoEffect() {
        Loader<Head> without = Parts.head("SegmentationHead", 3, Map.of("num_classes", 2));
        Checkpoint weights = Parts.random(without, 1);
        ReferenceMap map = ReferenceMap.random(random, 1, 3, 2, 2);
        map.conv(weights, "head.2", 1).assertClose(run(
                Parts.head("SegmentationHead", 3, Map.of("num_classes", 2, "dropout", 0.5)), weights, map));
    }
}
