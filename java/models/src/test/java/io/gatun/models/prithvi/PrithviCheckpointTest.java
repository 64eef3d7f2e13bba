// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.prithvi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.StateDict;
import io.gatun.core.TensorData;
import io.gatun.models.Input;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class PrithviCheckpointTest {
    private static final String PROJ = "patch_embed.proj.weight";
    private static final PrithviConfig ALL = PrithviViTTest.config("prithvi_eo_v2_100_tl", Map.of(
            "bands", PrithviConfig.BANDS, "num_frames", 1));

    /** As the published file: the encoder and what else there is of a masked autoencoder of three frames. */
    private static Checkpoint autoencoder(UnaryOperator<String> names, String... others) {
        Map<String, TensorData> weights = new LinkedHashMap<>();
        PrithviViTTest.random(ALL).tensors().forEach((name, data) -> weights.put(names.apply(name),
                name.equals("pos_embed") ? zeros(1, 13, 32) : data));
        for (String other : others) {
            weights.put(other, zeros(1));
        }
        return new Checkpoint("autoencoder", "", weights, Map.of());
    }

    private static TensorData zeros(long... shape) {
        Shape extents = Shape.of(shape);
        return new TensorData(DType.F32, extents, MemorySegment.ofArray(new float[(int) extents.numElements()]));
    }

    @Test
    void encoderIsFoundUnderTheNamesOfBothVersions() {
        Checkpoint v2 = autoencoder(name -> "encoder." + name, "decoder.decoder_embed.weight", "decoder.mask_token",
                "decoder.temporal_embed_dec.scale", "decoder.decoder_blocks.0.norm1.weight");
        Checkpoint v1 = autoencoder(name -> name, "decoder_embed.weight", "mask_token", "decoder_pos_embed",
                "decoder_blocks.0.norm1.weight", "decoder_pred.bias");
        Checkpoint old = autoencoder(name -> "_timm_module." + name);
        try (Scope scope = Scope.open(Device.cpu())) {
            Input input = Input.of(scope.of(PrithviViTTest.pixels(384), 1, 6, 8, 8));
            float[] expected = null;
            for (Checkpoint pretrained : List.of(v2, v1, old)) {
                Checkpoint encoder = PrithviCheckpoint.encoder(pretrained, ALL);
                float[] tokens = PrithviViTTest.load(scope, encoder, ALL).forward(scope, input).getLast().tensor()
                        .toFloatArray();
                expected = expected == null ? tokens : expected;
                assertArrayEquals(expected, tokens, pretrained.tensors().keySet().toString());
                assertArrayEquals(PrithviPositions.table(ALL.grid(), 32),
                        StateDict.of(encoder).takeFloats("pos_embed", 1, 5, 32));
            }
        }
    }

    @Test
    void coordinateScalesGoWhereTheyAreNotUsed() {
        PrithviConfig plain = PrithviViTTest.config("prithvi_eo_v2_100", Map.of("bands", PrithviConfig.BANDS));
        Checkpoint encoder = PrithviCheckpoint.encoder(autoencoder(name -> "encoder." + name), plain);
        assertFalse(encoder.tensors().containsKey("temporal_embed_enc.scale"));
        assertFalse(encoder.tensors().containsKey("location_embed_enc.scale"));
    }

    @Test
    void bandsAreChosenByName() {
        Checkpoint pretrained = autoencoder(name -> "encoder." + name);
        PrithviConfig some = PrithviViTTest.config("prithvi_eo_v2_100", Map.of("bands", List.of("SWIR_1", "RED")));
        float[] from = StateDict.of(pretrained).takeFloats("encoder." + PROJ, 32, 6, 1, 4, 4);
        float[] to = StateDict.of(PrithviCheckpoint.encoder(pretrained, some)).takeFloats(PROJ, 32, 2, 1, 4, 4);
        for (int output = 0; output < 32; output++) {
            for (int i = 0; i < 16; i++) {
                assertEquals(from[(output * 6 + 4) * 16 + i], to[output * 32 + i]);
                assertEquals(from[(output * 6 + 2) * 16 + i], to[output * 32 + 16 + i]);
            }
        }
    }

    @Test
    void aBandThatWasNotPretrainedNeedsASeed() {
        Checkpoint pretrained = autoencoder(name -> "encoder." + name);
        PrithviConfig more = PrithviViTTest.config("prithvi_eo_v2_100", Map.of("bands", List.of("BLUE", "NIR_BROAD")));
        String text = assertThrows(ArgumentException.class, () -> PrithviCheckpoint.encoder(pretrained, more))
                .getMessage();
        assertTrue(text.contains("NIR_BROAD") && text.contains("NIR_NARROW") && text.contains("seed"), text);
        float[] drawn = kernel(PrithviCheckpoint.encoder(pretrained, more, 1));
        assertArrayEquals(drawn, kernel(PrithviCheckpoint.encoder(pretrained, more, 1)));
        float[] other = kernel(PrithviCheckpoint.encoder(pretrained, more, 2));
        // Glorot: 2 bands of 16 pixels in, 32 out.
        float bound = (float) Math.sqrt(6.0 / (32 + 32));
        for (int i = 0; i < drawn.length; i++) {
            if (i / 16 % 2 == 0) {
                assertEquals(drawn[i], other[i]);
            } else {
                assertNotEquals(drawn[i], other[i]);
                assertTrue(Math.abs(drawn[i]) <= bound, drawn[i] + " is beyond " + bound);
            }
        }
    }

    private static float[] kernel(Checkpoint encoder) {
        return StateDict.of(encoder).takeFloats(PROJ, 32, 2, 1, 4, 4);
    }

    @Test
    void filesOfOtherBandsOrModelsAreRefused() {
        Checkpoint pretrained = autoencoder(name -> "encoder." + name);
        PrithviConfig four = PrithviViTTest.config("prithvi_eo_v2_100",
                Map.of("pretrained_bands", List.of("A", "B", "C", "D"), "bands", List.of("A")));
        String text = assertThrows(CheckpointException.class, () -> PrithviCheckpoint.encoder(pretrained, four))
                .getMessage();
        assertTrue(text.contains("6 bands") && text.contains("pretrained_bands"), text);
        Checkpoint nothing = new Checkpoint("file", "", Map.of("head.bias", zeros(1)), Map.of());
        text = assertThrows(CheckpointException.class, () -> PrithviCheckpoint.encoder(nothing, ALL)).getMessage();
        assertTrue(text.contains("file has no patch_embed.proj.weight"), text);
    }
}
