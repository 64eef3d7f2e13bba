// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.GatunException;
import io.gatun.core.ShapeException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpatioTemporalConfigTest {
    /** Of upstream's model with its defaults: parameters, without the buffers. */
    private static final long UPSTREAM_PARAMETERS = 2_124_826;

    @Test
    void defaultsAreUpstreams() {
        assertEquals(new SpatioTemporalConfig(1, 128, new PatchSize(1, 4, 4), 31, 12, 12, 256, 1, 256, 256, 2, 4),
                SpatioTemporalConfig.of(Map.of()));
        Checkpoint checkpoint = RandomCheckpoint.of(SpatioTemporalConfig.defaults(), 3, 1);
        SpatioTemporalModel.load(checkpoint, SpatioTemporalConfig.defaults(), Device.cpu()).close();
        long parameters = checkpoint.tensors().entrySet().stream()
                .filter(e -> !e.getKey().endsWith(".pe") && !e.getKey().contains("running_")
                        && !e.getKey().endsWith("num_batches_tracked"))
                .mapToLong(e -> e.getValue().shape().numElements()).sum();
        assertEquals(UPSTREAM_PARAMETERS, parameters);
    }

    @Test
    void everyArgumentIsTaken() {
        SpatioTemporalConfig config =
                new SpatioTemporalConfig(3, 24, new PatchSize(2, 5, 7), 30, 11, 10, 18, 2, 40, 50, 3, 8);
        assertEquals(config, SpatioTemporalConfig.of(RandomCheckpoint.arguments(config)));
        assertEquals(12, RandomCheckpoint.arguments(config).size());
    }

    @Test
    void unknownArgumentIsNamedWithTheKnownOnes() {
        String text = assertThrows(ArgumentException.class,
                () -> SpatioTemporalConfig.of(Map.of("embed_dims", 64))).getMessage();
        assertTrue(text.contains("\"embed_dims\"") && text.contains("embed_dim,"), text);
    }

    @Test
    void badValuesAreNamed() {
        refuses(ArgumentException.class, "embed_dim", "64", "embed_dim is 64");
        refuses(ArgumentException.class, "embed_dim", 64.5, "embed_dim is 64.5");
        refuses(ArgumentException.class, "max_days", 1L << 40, "max_days is 1099511627776");
        refuses(ArgumentException.class, "patch_size", 4, "patch_size is 4");
        refuses(ArgumentException.class, "patch_size", List.of(4, 4), "patch_size is [4, 4]");
        refuses(ArgumentException.class, "patch_size", List.of(1, 4.5, 4), "patch_size[1] is 4.5");
        refuses(ArgumentException.class, "patch_size", List.of(1, 4, "4"), "patch_size[2] is 4");
        refuses(ShapeException.class, "patch_size", List.of(1, 0, 4), "(1, 0, 4)");
        refuses(ShapeException.class, "embed_dim", 30, "embed_dim is 30");
        refuses(ShapeException.class, "embed_dim", 0, "embed_dim is 0");
        refuses(ShapeException.class, "spatial_heads", 3, "spatial_heads 3");
        refuses(ShapeException.class, "spatial_heads", 0, "spatial_heads 0");
        refuses(ShapeException.class, "hidden", 33, "hidden is 33");
        refuses(ShapeException.class, "overlap", -1, "overlap -1");
        refuses(ShapeException.class, "spatial_depth", -1, "spatial_depth -1");
        for (String key : Set.of("in_chans", "max_days", "max_months", "num_months", "max_H", "max_W")) {
            refuses(ShapeException.class, key, 0, key + " 0");
        }
    }

    private static void refuses(Class<? extends GatunException> type, String key, Object value, String part) {
        String text = assertThrows(type, () -> SpatioTemporalConfig.of(Map.of(key, value)), key + " " + value)
                .getMessage();
        assertTrue(text.contains(part), text);
    }

    @Test
    void aCheckpointWithoutConfigurationTellsItByItsShapes() {
        SpatioTemporalConfig config =
                new SpatioTemporalConfig(2, 24, new PatchSize(2, 5, 3), 7, 6, 5, 18, 2, 256, 256, 3, 4);
        Checkpoint stated = RandomCheckpoint.of(config, 1, 1);
        Checkpoint bare = new Checkpoint(stated.source(), stated.digest(), stated.tensors(), Map.of());
        assertEquals(config, SpatioTemporalConfig.of(bare));
        Sample sample = Sample.random(1, 1, 2, 1, 4, 5, 6);
        try (SpatioTemporalModel one = SpatioTemporalModel.load(stated, Device.cpu());
                SpatioTemporalModel other = SpatioTemporalModel.load(bare, Device.cpu())) {
            assertArrayEquals(sample.run(one), sample.run(other));
        }
    }
}
