// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.models.Arguments;
import io.gatun.models.layers.TokenGrid;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrithviConfigTest {
    private static PrithviConfig of(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        PrithviConfig config = PrithviConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    @Test
    void upstreamsArgumentsChangeARegisteredSize() {
        PrithviConfig config = of("prithvi_eo_v2_300_tl", Map.of("pretrained", true, "num_frames", 4, "drop_path", 0.1,
                "img_size", List.of(448, 224), "bands", List.of("HLSBands.RED", "VV", 7, List.of(2, 4)),
                "out_indices", List.of(5, -1), "coords_encoding", List.of("location")));
        assertEquals(new TokenGrid(4, 28, 14), config.grid());
        assertEquals(List.of("RED", "VV", "7", "2", "3", "4"), config.bands());
        assertEquals(PrithviConfig.BANDS, config.pretrainedBands());
        assertEquals(List.of(5, 23), config.outIndices());
        assertEquals(List.of(false, true, true),
                List.of(config.timeEncoding(), config.locationEncoding(), config.coordsScaleLearn()));
        assertEquals(List.of("X"), of("prithvi_eo_v2_600", Map.of("pretrained_bands", "X")).bands());
        assertEquals(new TokenGrid(1, 16, 16), PrithviConfig.named("prithvi_eo_v2_600").grid());
        assertEquals(new TokenGrid(1, 14, 28), of("prithvi_eo_v2_300", Map.of("patch_size", List.of(1, 16, 8))).grid());
        assertEquals(new TokenGrid(1, 28, 28), of("prithvi_eo_v2_600", Map.of("patch_size", 8)).grid());
    }

    @Test
    void whatIsNotBuiltOrDoesNotFitIsRefused() {
        refuses("did you mean prithvi_eo_v2_300", "prithvi_eo_v3_300", Map.of());
        refuses("ViT adapter", "prithvi_eo_v2_300", Map.of("vit_adapter", true));
        refuses("prompt tuning", "prithvi_eo_v2_300", Map.of("vpt", true));
        refuses("decoder", "prithvi_eo_v2_300", Map.of("encoder_only", false));
        refuses("in_chans is 4", "prithvi_eo_v2_300", Map.of("in_chans", 4));
        refuses("embed_dim 100", "prithvi_eo_v2_300", Map.of("embed_dim", 100));
        refuses("out_indices has 24", "prithvi_eo_v2_300", Map.of("out_indices", List.of(24)));
        refuses("one frame, got 2", "prithvi_eo_v2_300_tl",
                Map.of("patch_size", List.of(2, 16, 16), "num_frames", 4));
        refuses("patch_size is [16, 8]", "prithvi_eo_v2_300", Map.of("patch_size", List.of(16, 8)));
        refuses("layer_norm_eps 1.0", "prithvi_eo_v2_300", Map.of("layer_norm_eps", 1));
        refuses("coords_encoding is [date]", "prithvi_eo_v2_300", Map.of("coords_encoding", List.of("date")));
        refuses("bands has 1.5", "prithvi_eo_v2_300", Map.of("bands", List.of(1.5)));
        refuses("num_frame (did you mean num_frames?)", "prithvi_eo_v2_300", Map.of("num_frame", 3));
    }

    private static void refuses(String says, String name, Map<String, ?> given) {
        String text = assertThrows(ArgumentException.class, () -> of(name, given)).getMessage();
        assertTrue(text.contains(says), text);
    }
}
