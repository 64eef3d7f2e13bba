// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MultiSourceRegistryTest {
    private static MultiSourceRegistry<String> registry() {
        Registry<String> first = new Registry<>();
        first.register("unet", "a");
        first.register("fcn", "b");
        Registry<String> second = new Registry<>();
        second.register("unet", "c");
        second.register("second_one", "d");
        MultiSourceRegistry<String> registry = new MultiSourceRegistry<>("decoder");
        registry.registerSource("first", first);
        registry.registerSource("second", second);
        registry.registerSource("far", new Elsewhere<>("faraway", Map.of("unet", "use unet", "", "use fcn")));
        return registry;
    }

    @Test
    void aPrefixChoosesTheSourceElseTheirOrderDoes() {
        assertEquals("a", registry().get("unet"));
        assertEquals("c", registry().get("second_unet"));
        assertEquals("d", registry().get("second_second_one"));
        assertEquals(Optional.empty(), registry().find("second_one"), "second is a prefix here, as upstream has it");
    }

    @Test
    void namesAreListedWithTheirSourceAndFoundByWildcards() {
        assertEquals(List.of("first_unet", "first_fcn", "second_unet", "second_second_one"),
                List.copyOf(registry().names()));
        assertEquals(List.of("first_unet", "second_unet"), registry().names("un*"));
        assertEquals(List.of("second_unet", "second_second_one"), registry().names("second_*"));
        assertEquals(List.of("first_fcn"), registry().names("f?n"));
    }

    @Test
    void anUnknownNameHasEachSourcesReason() {
        String message = assertThrows(ArgumentException.class, () -> registry().get("unett")).getMessage();
        assertTrue(message.contains("no decoder \"unett\"") && message.contains("first: not there; the nearest is unet")
                && message.contains("far: names of faraway are not built; use fcn"), message);
        message = assertThrows(ArgumentException.class, () -> registry().get("far_unet")).getMessage();
        assertTrue(message.contains("in source far") && message.contains("use unet"), message);
    }

    @Test
    void takenNamesAndSourcesAreRefused() {
        assertThrows(ArgumentException.class, () -> registry().register("first", "unet", "x"));
        assertThrows(ArgumentException.class, () -> registry().register("far", "new", "x"));
        assertThrows(ArgumentException.class, () -> registry().register("none", "new", "x"));
        assertThrows(ArgumentException.class, () -> registry().registerSource("first", new Registry<>()));
        assertThrows(ArgumentException.class, () -> registry().registerSource("with_score", new Registry<>()));
    }

    @Test
    void theRegistriesOfTheProcessHaveUpstreamsNames() {
        assertTrue(Registries.backbones().names("prithvi_eo_v2_300*").contains("terratorch_prithvi_eo_v2_300_tl"));
        assertEquals(9, Registries.necks().names("terratorch_*").size());
        assertTrue(Registries.decoders().get("LinearDecoder").includesHead());
    }
}
