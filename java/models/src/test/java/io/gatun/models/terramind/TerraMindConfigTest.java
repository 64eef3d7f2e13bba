// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind;

import static io.gatun.models.TestInputs.refuses;
import static io.gatun.models.terramind.TerraMindModels.config;
import static io.gatun.models.terramind.TerraMindModels.named;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.ArgumentException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerraMindConfigTest {
    @ParameterizedTest
    @CsvSource({"S2L2A, untok_sen2l2a@224", "s2l2a_mine, untok_sen2l2a@224", "Sen2L1C, untok_sen2l1c@224",
            "S2L1C_L8, untok_sen2l1c@224", "my S1RTC, untok_sen1rtc@224", "s1grd, untok_sen1grd@224",
            "RGB, untok_sen2rgb@224", "Sen2RGB, untok_sen2rgb@224", "dem_rgb, untok_sen2rgb@224", "DEM, untok_dem@224",
            "LULC, tok_lulc@224", "ndvi, tok_ndvi@224", "Captions, caption", "TEXT, caption", "Coordinates, coords",
            "location, coords", "COORDINATES, coords",
            "tok_dem@224, tok_dem@224", "sen2l1c@264, sen2l1c@264", "rgb@224, rgb@224"})
    void modalitiesAreFoundByUpstreamsRules(String name, String key) {
        assertEquals(key, TerraMindModality.pretrained(name).key());
    }

    @Test
    void modalitiesThatNobodyKnowsAreNamedWithTheNearest() {
        refuses(ArgumentException.class, () -> TerraMindModality.pretrained("S2L2B"), "\"S2L2B\"", "mean S2L2A?");
        refuses(ArgumentException.class, () -> TerraMindModality.pretrained("S1"), "no modality \"S1\"");
    }

    @Test
    void upstreamsArgumentsAreTaken() {
        TerraMindConfig config = named("terramind_v1_base", Map.of("pretrained", true, "drop_path_rate", 0.1,
                "modalities", List.of("S2L1C_L8", Map.of("PLANET", 6), "LULC", "coords"), "merge_method", "concat",
                "bands", Map.of("S2L1C_L8", List.of("BLUE", "CIRRUS", "THERMAL_1")), "modality_drop_rate", 0.1,
                "img_size", 256, "patch_size", 8, "qk_norm", true));
        assertEquals(List.of("S2L1C_L8", "PLANET", "LULC", "coords"), List.copyOf(config.modalities().keySet()));
        assertEquals(List.of("BLUE", "CIRRUS", "THERMAL_1"), config.modalities().get("S2L1C_L8").bands());
        assertEquals(new TerraMindModality("PLANET", TerraMindModality.Kind.IMAGE, 6, 8, List.of()),
                config.modalities().get("PLANET"));
        assertEquals(16, config.modalities().get("S2L1C_L8").patchSize());
        assertEquals(MergeMethod.CONCAT, config.mergeMethod());
        assertEquals(0.1, config.modalityDropRate());
        assertEquals(3, config.imageModalities());
        assertEquals(true, config.size().qkNorm());
        assertEquals(List.of("image"), List.copyOf(named("terramind_v1_tiny", Map.of()).modalities().keySet()));
        assertEquals(5, named("terramind_v1_tiny", Map.of("in_chans", 5)).modalities().get("image").size());
        assertEquals(4, config(Map.of("image", 4), Map.of()).modalities().get("image").size());
        assertEquals(Pretraining.V01, named("terramind_v01_base", Map.of()).pretraining());
    }

    /** Null is a method of its own, not the default. */
    @Test
    void noMergingIsNullOrNone() {
        Map<String, Object> none = new LinkedHashMap<>(Collections.singletonMap("merge_method", null));
        assertEquals(MergeMethod.NONE, named("terramind_v1_tiny", none).mergeMethod());
        assertEquals(MergeMethod.NONE, named("terramind_v1_tiny", Map.of("merge_method", "None")).mergeMethod());
        assertEquals(MergeMethod.MEAN, named("terramind_v1_tiny", Map.of()).mergeMethod());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        refused("did you mean terramind_v1_base?", "terramind_v2_base", Map.of());
        refused("dim (did you mean", "terramind_v1_base", Map.of("dim", 64));
        refused("merge_method is median", "terramind_v1_base", Map.of("merge_method", "median"));
        refused("modality_drop_rate is 1.5", "terramind_v1_base", Map.of("modality_drop_rate", 1.5));
        refused("modalities is S2L2A, expected a list", "terramind_v1_base", Map.of("modalities", "S2L2A"));
        refused("modalities has 3", "terramind_v1_base", Map.of("modalities", List.of(3)));
        refused("NDVI has one", "terramind_v1_base", Map.of("modalities", Map.of("NDVI", "one")));
        refused("0 channels", "terramind_v1_base", Map.of("modalities", Map.of("NDVI", 0)));
        refused("\"a.b\"", "terramind_v1_base", Map.of("modalities", Map.of("a.b", 1)));
        refused("not among the modalities S2L2A", "terramind_v1_base",
                Map.of("modalities", List.of("S2L2A"), "bands", Map.of("S2", List.of("BLUE"))));
        refused("no bands of PLANET were pretrained", "terramind_v1_base",
                Map.of("modalities", Map.of("PLANET", 3), "bands", Map.of("PLANET", List.of("BLUE"))));
        refused("no bands of untok_sen1grd@224", "terramind_v01_base",
                Map.of("modalities", List.of("S1GRD"), "bands", Map.of("S1GRD", List.of("VV"))));
        refused("expected a list of names", "terramind_v1_base",
                Map.of("modalities", List.of("S2L2A"), "bands", Map.of("S2L2A", List.of(2))));
        refused("img_size 8 is below the patch of 16", "terramind_v1_base", Map.of("img_size", 8));
        refused("statistics of modality PLANET", "terramind_v1_base",
                Map.of("modalities", Map.of("PLANET", 3), "standardize", true));
        refused("statistics of the bands THERMAL_1 of S2L1C", "terramind_v1_base", Map.of("modalities",
                List.of("S2L1C"), "bands", Map.of("S2L1C", List.of("BLUE", "THERMAL_1")), "standardize", true));
        refuses(ArgumentException.class, () -> config(Map.of("image", 3), Map.of("patch_size", List.of(8, 16))),
                "patch_size is [8, 16]");
        refuses(ArgumentException.class, () -> config(List.of("DEM"), Map.of("img_size", List.of(8, 224))),
                "img_size 8 x 224 is below the patch of 16");
        refuses(ArgumentException.class, () -> config(List.of("DEM"), Map.of("dim", 18)), "dim 18");
        refuses(ArgumentException.class, () -> config(List.of("DEM"), Map.of("act", "ReLU")), "act is ReLU");
        refuses(ArgumentException.class, () -> config(List.of("DEM"), Map.of("encoder_depth", 0)), "encoder_depth 0");
    }

    /** They share one patch embedding, so concat could not announce its channels. */
    @Test
    void twoModalitiesOfOneEmbeddingAreSharedButNotConcatenated() {
        List<String> twice = List.of("S2L2A", "S2L2A_summer");
        assertEquals(1, config(twice, Map.of()).imageModalities());
        refuses(ArgumentException.class, () -> config(twice, Map.of("merge_method", "concat")), "S2L2A_summer",
                "untok_sen2l2a@224", "S2L1C and RGB");
        refuses(ArgumentException.class, () -> config(twice, Map.of("bands", Map.of("S2L2A", List.of("RED")))),
                "S2L2A_summer");
    }

    private static void refused(String says, String name, Map<String, ?> given) {
        refuses(ArgumentException.class, () -> named(name, given), says);
    }
}
