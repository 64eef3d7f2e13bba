// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.ArgumentException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchOperationTest {
    private static Operation.Cost cost(Operation operation, boolean winograd) {
        return operation.cost(new Extents(Workload.W1.config(), Workload.W1.size(), winograd));
    }

    @Test
    void costsOfW1AreThoseCountedByHand() {
        // 1024 patches of 128 values, 31 days, 16384 cells of 128 channels; 32 inputs of a patch.
        assertEquals(new Operation.Cost(4 * (1024 * 512 + 128 * 384 + 384), 2.0 * 1024 * 128 * 384),
                cost(Operation.LINEAR_QKV, true));
        assertEquals(new Operation.Cost(4 * (2 * 1024 * 128 + 2 * 128), 0), cost(Operation.LAYER_NORM, true));
        assertEquals(4.0 * 1024 * 1024 * 128, cost(Operation.ATTENTION, true).flops());
        assertEquals(new Operation.Cost(16 * 1024 * 128 + 1024, 4.0 * 1024 * 1024 * 128),
                cost(Operation.CROSS_ATTENTION, true));
        assertEquals(new Operation.Cost(1024 * (4 * 4096 + 16), 0), cost(Operation.SAMPLE_TOKENS, true));
        assertEquals(2.0 * 31 * 1024 * 32 * 128, cost(Operation.PATCH_EMBED, true).flops());
        assertEquals(5.0 * 31 * 16384 + 4 * (31 * 1024 * 128 + 32 * 128 + 3 * 128),
                cost(Operation.PATCH_EMBED, true).bytes());
        assertEquals(2.0 * 1024 * 36 * 256 * 128, cost(Operation.CONV_TRANSPOSE2D, true).flops());
        assertEquals(2.0 * 16384 * 4 * 128 * 128, cost(Operation.DECODER_PREFIX, true).flops());
        assertEquals(2.0 * 16384 * 9 * 128 * 128, cost(Operation.CONV2D, false).flops());
        assertEquals(2.0 * 16384 * 9 * 128 * 128 / 4, cost(Operation.CONV2D, true).flops());
    }

    @Test
    void fusedOperationsNeedNoMoreThanTheirStages() {
        for (Workload workload : Workload.values()) {
            Extents extents = new Extents(workload.config(), workload.size(), true);
            assertTrue(Operation.ENCODE_POOL.cost(extents).flops()
                    <= Operation.PATCH_EMBED.cost(extents).flops() + Operation.TEMPORAL_POOL.cost(extents).flops(),
                    workload::name);
            double projection = 2.0 * extents.patches() * workload.config().embedDim() * workload.config().hidden();
            assertTrue(Operation.DECODER_PREFIX.cost(extents).flops() <= projection
                    + Operation.CONV_TRANSPOSE2D.cost(extents).flops() + Operation.CONV2D.cost(extents).flops(),
                    workload::name);
        }
    }

    @Test
    void foldingDropsProductsOfW1() {
        double encoder = cost(Operation.PATCH_EMBED, false).flops() + cost(Operation.TEMPORAL_POOL, false).flops();
        assertTrue(cost(Operation.ENCODE_POOL, false).flops() < 0.5 * encoder);
        double decoder = cost(Operation.CONV_TRANSPOSE2D, false).flops() + cost(Operation.CONV2D, false).flops();
        assertTrue(cost(Operation.DECODER_PREFIX, false).flops() < 0.5 * decoder);
    }

    @Test
    void forwardOfTwoLayersRunsEachOperationAsOften() {
        assertEquals(1 + 1 + 1 + 1 + 1 + 4 * 3 + 2 + 6, Arrays.stream(Operation.values())
                .mapToInt(operation -> operation.timesInForward(Workload.W1.config())).sum());
    }

    @Test
    void shapesAreReadByNameOrExtents() {
        assertEquals(Workload.W3.size(), InputSize.parse("w3"));
        InputSize size = InputSize.parse("2x12x31x64x48");
        assertEquals(new InputSize(2, 12, 31, 64, 48), size);
        assertEquals("2x12x31x64x48", size.toString());
        for (String wrong : List.of(
                "W5", "", "1x1x31x64", "1x1x0x64x64", "1x12x31x9999x9999", "1x1x31x64x64x1", "1x1x31x64x9999999")) {
            assertThrows(ArgumentException.class, () -> InputSize.parse(wrong), wrong);
        }
    }
}
