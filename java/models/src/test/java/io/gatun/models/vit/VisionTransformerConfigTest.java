// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.vit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.Structure;
import io.gatun.core.TensorData;
import io.gatun.models.Arguments;
import io.gatun.models.layers.TokenGrid;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VisionTransformerConfigTest {
    private static VisionTransformerConfig of(String name, Map<String, ?> given) {
        Arguments arguments = Arguments.of(name, given);
        VisionTransformerConfig config = VisionTransformerConfig.of(name, arguments);
        arguments.finish();
        return config;
    }

    @Test
    void timmsArgumentsChangeAPublishedSize() {
        VisionTransformerConfig config = of("vit_small_patch16_224.augreg_in21k", Map.of("pretrained", true,
                "features_only", true, "num_classes", 0, "img_size", List.of(256, 128), "in_chans", 12,
                "out_indices", List.of(-1, 2, 5, 2), "drop_path_rate", 0.1, "patch_size", List.of(8, 8)));
        assertEquals(List.of(2, 5, 11), config.outIndices());
        assertEquals(new TokenGrid(1, 32, 16), config.grid());
        assertEquals(384, config.embedDim());
        assertEquals(List.of(9, 10, 11), VisionTransformerConfig.named("vit_base_patch16_224").outIndices());
        assertEquals(List.of(23), of("vit_large_patch16_224", Map.of("out_indices", 1)).outIndices());
    }

    @Test
    void whatIsNotBuiltOrDoesNotFitIsRefused() {
        refuses("did you mean vit_base_patch16_224", "vit_base_patch16_384", Map.of());
        refuses("classifier", "vit_base_patch16_224", Map.of("features_only", false));
        refuses("out_indices are [12]", "vit_base_patch16_224", Map.of("out_indices", List.of(12)));
        refuses("out_indices is 13", "vit_base_patch16_224", Map.of("out_indices", 13));
        refuses("num_heads 7", "vit_base_patch16_224", Map.of("num_heads", 7));
        refuses("patch_size is [1, 16, 8]", "vit_base_patch16_224", Map.of("patch_size", List.of(1, 16, 8)));
        refuses("at least a patch", "vit_base_patch16_224", Map.of("img_size", 8));
        refuses("reg_tokens", "vit_base_patch16_224", Map.of("reg_tokens", 4));
    }

    private static void refuses(String says, String name, Map<String, ?> given) {
        String text = assertThrows(ArgumentException.class, () -> of(name, given)).getMessage();
        assertTrue(text.contains(says), text);
    }

    private static final Map<String, Object> SMALL = Map.of("img_size", 32, "patch_size", 8, "embed_dim", 8,
            "depth", 1, "num_heads", 2, "out_indices", 1);

    private static Checkpoint pretrained() {
        return Structure.of(VisionTransformer.loader(of("vit_base_patch16_224", SMALL))::load).random(9);
    }

    private static VisionTransformerConfig small(String key, Object value) {
        Map<String, Object> all = new HashMap<>(SMALL);
        all.put(key, value);
        return of("vit_base_patch16_224", all);
    }

    @Test
    void threePretrainedBandsBecomeAnyNumber() {
        Checkpoint pretrained = pretrained();
        float[] from = StateDict.of(pretrained).takeFloats("patch_embed.proj.weight", 8, 3, 8, 8);
        for (int bands : new int[] {1, 2, 5}) {
            float[] to = StateDict.of(VisionTransformerCheckpoint.adapted(pretrained, small("in_chans", bands)))
                    .takeFloats("patch_embed.proj.weight", 8, bands, 8, 8);
            for (int output = 0; output < 8; output++) {
                for (int band = 0; band < bands; band++) {
                    for (int i = 0; i < 64; i++) {
                        int at = output * 192 + i;
                        float wanted = bands == 1 ? from[at] + from[at + 64] + from[at + 128]
                                : from[at + band % 3 * 64] * (3f / bands);
                        assertEquals(wanted, to[(output * bands + band) * 64 + i], bands + " bands");
                    }
                }
            }
        }
    }

    @Test
    void positionsOfAnotherSizeAreResampledAndTheClassTokenKept() {
        Checkpoint pretrained = pretrained();
        float[] from = StateDict.of(pretrained).takeFloats("pos_embed", 1, 17, 8);
        Checkpoint adapted = VisionTransformerCheckpoint.adapted(pretrained, small("img_size", List.of(16, 48)));
        float[] to = StateDict.of(adapted).takeFloats("pos_embed", 1, 13, 8);
        float[] expected = VisionTransformer.resampled(from, new TokenGrid(1, 4, 4), 1, 8, new TokenGrid(1, 2, 6));
        for (int i = 0; i < to.length; i++) {
            assertEquals(i < 8 ? from[i] : expected[i], to[i], "at " + i);
        }
        assertEquals(pretrained.tensors(), VisionTransformerCheckpoint.adapted(pretrained,
                small("in_chans", 3)).tensors());
    }

    @Test
    void weightsThatCannotBeAdaptedAreRefused() {
        VisionTransformerConfig config = small("in_chans", 4);
        refuses("only weights of 3 bands", config, "patch_embed.proj.weight", 8, 5, 8, 8);
        refuses("no square", config, "pos_embed", 1, 16, 8);
    }

    private static void refuses(String says, VisionTransformerConfig config, String name, long... shape) {
        int count = (int) Shape.of(shape).numElements();
        TensorData data = new TensorData(DType.F32, Shape.of(shape), MemorySegment.ofArray(new float[count]));
        Checkpoint checkpoint = new Checkpoint("file", "", Map.of(name, data), Map.of());
        String text = assertThrows(CheckpointException.class,
                () -> VisionTransformerCheckpoint.adapted(checkpoint, config)).getMessage();
        assertTrue(text.contains(says), text);
    }
}
