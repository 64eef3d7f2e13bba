// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static io.gatun.models.TestInputs.input;
import static io.gatun.models.TestInputs.pixels;
import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.TerraMindModels.config;
import static io.gatun.models.terramind.TerraMindModels.last;
import static io.gatun.models.terramind.TerraMindModels.load;
import static io.gatun.models.terramind.TerraMindModels.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.Device;
import io.gatun.core.Kernels;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerraMindCheckpointTest {
    private static final String S2 = "encoder_embeddings.untok_sen2l2a@224.";
    private static final TerraMindConfig ALL = config(List.of("S2L2A", "S2L1C", "RGB", "S1GRD", "coords"), Map.of());

    @Test
    void aModelOfSomeModalitiesTakesItsPartOfTheFile() {
        TerraMindConfig some = config(List.of("S1GRD"), Map.of());
        TerraMindCheckpoint part = TerraMindCheckpoint.of(random(ALL), some);
        assertEquals(part.weights().tensors().keySet(), Map.copyOf(random(some).tensors()).keySet());
        assertEquals(part.weights().tensors().size(), part.taken().size());
        assertTrue(part.unused().contains(S2 + "proj.weight"));
        assertEquals(List.of(List.of(), List.of()), List.of(part.random(), part.computed()));
    }

    /** A modality with its bands in another order, the image likewise, is the modality. */
    @Test
    void bandsAreChosenByName() {
        TerraMindConfig turned =
                config(List.of("RGB"), Map.of("bands", Map.of("RGB", List.of("BLUE", "GREEN", "RED"))));
        TerraMindConfig plain = config(List.of("RGB"), Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor rgb = pixels(scope, 1, 1, 3, 32, 32);
            Tensor bgr = scope.zeros(1, 3, 32, 32);
            for (int i = 0; i < 3; i++) {
                Kernels.copy(scope, rgb.slice(1, i, i + 1), bgr.slice(1, 2 - i, 3 - i));
            }
            float[] expected = last(scope, load(scope, plain), Input.of(rgb));
            TerraMindViT model = load(scope, TerraMindCheckpoint.of(random(plain), turned).weights(), turned);
            assertArrayEquals(expected, last(scope, model, Input.of(bgr)), 1e-5f);
        }
    }

    @Test
    void anotherNameTakesTheSamePatchEmbedding() {
        TerraMindConfig landsat = config(List.of("S2L1C_L8"), Map.of());
        TerraMindConfig plain = config(List.of("S2L1C"), Map.of());
        try (Scope scope = Scope.open(Device.cpu())) {
            Tensor image = pixels(scope, 1, 1, 13, 32, 32);
            TerraMindViT own = load(scope, TerraMindCheckpoint.of(random(ALL), plain).weights(), plain);
            TerraMindViT other = load(scope, TerraMindCheckpoint.of(random(ALL), landsat).weights(), landsat);
            assertArrayEquals(last(scope, own, Input.of(image)), last(scope, other, input("S2L1C_L8", image)));
        }
    }

    @Test
    void nothingIsRandomWithoutASeedAndTheReportNamesEach() {
        TerraMindConfig more = config(List.of("S2L2A", Map.of("NDVI", 1)), Map.of("num_register_tokens", 2,
                "merge_method", "concat", "bands", Map.of("S2L2A", List.of("BLUE", "THERMAL_1", "PAN"))));
        refuses(CheckpointException.class, () -> TerraMindCheckpoint.of(random(ALL), more), "lacks 4 weights",
                "register_tokens [1, 2, 16]", S2 + "proj.weight: bands THERMAL_1, PAN",
                "encoder_embeddings.NDVI.mod_emb [1, 1, 16]", "encoder_embeddings.NDVI.proj.weight [16, 256]", "seed");
        TerraMindCheckpoint drawn = TerraMindCheckpoint.of(random(ALL), more, 1);
        assertEquals(4, drawn.random().size());
        assertEquals(List.of("missing_mod_token", "encoder_embeddings.NDVI.pos_emb"), drawn.computed());
        assertArrayEquals(new float[16], weight(drawn, "missing_mod_token", 16));
        assertArrayEquals(TerraMindPositions.image(2, 2, 16),
                weight(drawn, "encoder_embeddings.NDVI.pos_emb", 1, 4, 16));
        assertEquals(drawn.random(), TerraMindCheckpoint.of(random(ALL), more, 1).random());
        float[] proj = weight(drawn, S2 + "proj.weight", 16, 256 * 3);
        float[] same = weight(TerraMindCheckpoint.of(random(ALL), more, 1), S2 + "proj.weight", 16, 256 * 3);
        float[] other = weight(TerraMindCheckpoint.of(random(ALL), more, 2), S2 + "proj.weight", 16, 256 * 3);
        float[] file = StateDict.of(random(ALL)).takeFloats(S2 + "proj.weight", 16, 256 * 12);
        assertArrayEquals(proj, same);
        for (int i = 0; i < proj.length; i++) {
            if (i % 3 == 0) {
                assertEquals(file[i / 3 * 12 + 1], proj[i]);
            } else {
                assertNotEquals(proj[i], other[i]);
                assertTrue(Math.abs(proj[i]) <= 1 / Math.sqrt(256 * 3));
            }
        }
    }

    private static float[] weight(TerraMindCheckpoint from, String name, long... shape) {
        return StateDict.of(from.weights()).takeFloats(name, shape);
    }

    /** Upstream's table follows a formula, so that another size needs none of the file. */
    @Test
    void tablesOfAnotherSizeAreComputed() {
        TerraMindConfig large = config(List.of("S2L2A"), Map.of("img_size", 64));
        TerraMindCheckpoint weights = TerraMindCheckpoint.of(random(ALL), large);
        assertEquals(List.of(S2 + "pos_emb"), weights.computed());
        assertArrayEquals(TerraMindPositions.image(4, 4, 16), weight(weights, S2 + "pos_emb", 1, 16, 16));
    }

    @Test
    void weightsOfAnotherModelAreRefused() {
        TerraMindConfig wide = config(List.of("S1GRD"), Map.of("dim", 32));
        refuses(CheckpointException.class, () -> TerraMindCheckpoint.of(random(ALL), wide), "none of the",
                "of this size");
        refuses(CheckpointException.class, () -> TerraMindCheckpoint.of(random(ALL), wide, 1), "none of the");
        TerraMindConfig deep = config(List.of("S1GRD"), Map.of("encoder_depth", 4));
        refuses(CheckpointException.class, () -> TerraMindCheckpoint.of(random(ALL), deep),
                "encoder.3.attn.qkv.weight");
        TerraMindConfig banded = config(List.of("S2L2A"), Map.of("bands", Map.of("S2L2A", List.of("RED"))));
        Checkpoint already = random(banded);
        refuses(CheckpointException.class, () -> TerraMindCheckpoint.of(already, banded), "[16, 256]", "as they are");
    }
}
