// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import static io.gatun.factory.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.ArgumentException;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.models.Input;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The run on shapes alone is of one size of image: it refuses what fits none, and nothing that fits another. */
class DryRunTest {
    /** Prithvi, patch 16, whose features are tokens with one in front, and FCNDecoder. */
    private static Map<String, Object> tokens(Object... necks) {
        Map<String, Object> arguments = new HashMap<>(Map.of("task", "segmentation", "num_classes", 2,
                "backbone", "prithvi_eo_v1_100", "backbone_img_size", 32, "backbone_embed_dim", 16,
                "backbone_depth", 4, "backbone_num_heads", 2, "backbone_num_frames", 1,
                "backbone_out_indices", List.of(0, 1, 2, 3), "decoder", "FCNDecoder"));
        arguments.put("necks", List.of(necks));
        arguments.put("decoder_channels", 4);
        return arguments;
    }

    private static Map<String, Object> reshape(String key, Object value) {
        return Map.of("name", "ReshapeTokensToImage", key, value);
    }

    private static void runs(Map<String, Object> arguments, long rows, long columns) {
        Blueprint<EncoderDecoderModel> blueprint = EncoderDecoderFactory.buildModel(arguments);
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), Device.cpu());
                Scope scope = Scope.open(Device.cpu())) {
            assertEquals("[1, 2, " + rows + ", " + columns + "]", model.forward(scope,
                    Input.of(scope.zeros(1, 6, rows, columns))).output().shape().toString());
        }
    }

    @Test
    void rowsOfTheGridAreThoseOfTheImagesThatCome() {
        Map<String, Object> arguments = tokens(reshape("h", 6));
        runs(arguments, 96, 64);
        refused(ShapeException.class, () -> runs(arguments, 32, 32), "[1, 5, 16]", "h 6");
    }

    @Test
    void windowsMayBeLargerThanTheFeaturesOfTheExample() {
        Map<String, Object> arguments = tokens(reshape("remove_cls_token", true),
                Map.of("name", "MaxpoolToPyramidal", "kernel_size", 3));
        runs(arguments, 448, 448);
        refused(ShapeException.class, () -> runs(arguments, 256, 256), "kernel 27", "at most 16");
    }

    @Test
    void anExampleOfOnePatchCannotBeMirrored() {
        Map<String, Object> arguments = tokens(reshape("remove_cls_token", true));
        arguments.put("backbone_img_size", 16);
        runs(arguments, 32, 32);
    }

    @Test
    void aTokenMayLieBehindThoseOfTheExample() {
        Map<String, Object> arguments = tokens(Map.of("name", "AggregateTokens", "pooling", 9));
        arguments.put("task", "classification");
        arguments.put("decoder", "IdentityDecoder");
        arguments.remove("decoder_channels");
        EncoderDecoderFactory.buildModel(arguments);
    }

    @Test
    void channelsAndAxesThatFitNoSizeAreRefused() {
        refused(ShapeException.class, () -> EncoderDecoderFactory.buildModel(
                tokens(Map.of("name", "SelectIndices", "indices", List.of(3)))), "[1, 5, 16]", "ReshapeTokensToImage");
        refused(ShapeException.class, () -> EncoderDecoderFactory.buildModel(tokens(
                Map.of("name", "ReshapeTokensToImage", "effective_time_dim", 2, "h", 1))), "[1, 32, 1, 2]",
                "[B, 16, H, W]");
        refused(ShapeException.class, () -> EncoderDecoderFactory.buildModel(tokens(
                Map.of("name", "AggregateTokens"))), "[1, 16]");
        refused(ArgumentException.class, () -> EncoderDecoderFactory.buildModel(tokens(
                Map.of("name", "SelectIndices", "indices", List.of(4)))), "4");
    }
}
