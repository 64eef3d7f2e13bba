// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.MemoryStats;
import io.gatun.data.TestDevices;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a model holds of a GPU's memory, and what happens where that is not enough. */
@Tag("gpu")
@Timeout(600)
class CudaMemoryTest {
    private static final int[] SHAPE = {1, 1, 2, 3, 4, 4};

    private static SpatioTemporalModel model(Device device) {
        SpatioTemporalConfig config = ModelReferenceTest.small();
        return SpatioTemporalModel.load(RandomCheckpoint.of(config, 3, 1), device);
    }

    @Test
    void tenThousandForwardsTakeNoMoreMemoryThanThree() {
        Device device = TestDevices.cudaOrSkip();
        int forwards = TestDevices.isEmulated(device) ? 30 : 10_000;
        MemoryStats before = device.memory();
        try (SpatioTemporalModel model = model(device)) {
            Sample sample = Sample.random(1, SHAPE);
            float[] expected = sample.run(model);
            sample.run(model);
            sample.run(model);
            MemoryStats warm = device.memory();
            for (int i = 0; i < forwards; i++) {
                assertArrayEquals(expected, sample.run(model), "forward " + i);
            }
            MemoryStats after = device.memory();
            assertEquals(warm.buffersLive(), after.buffersLive());
            assertEquals(warm.bytesInUse(), after.bytesInUse());
            assertEquals(warm.bytesCached(), after.bytesCached());
        }
        assertEquals(before.buffersLive(), device.memory().buffersLive());
        assertEquals(before.bytesInUse(), device.memory().bytesInUse());
    }

    @Test
    void whatIsTooLargeIsRefusedAndSmallerWorkGoesOn() {
        Device device = TestDevices.cudaOrSkip();
        try (SpatioTemporalModel model = model(device)) {
            Sample small = Sample.random(1, SHAPE);
            Sample large = Sample.random(2, 12, 1, 2, 3, 4, 4);
            float[] expected = small.run(model);
            device.trim();
            long need = model.forwardBytes(ForwardShape.of(1, 2, 3, 4, 4).withLand());
            device.setMemoryLimit(device.memory().bytesInUse() + device.memory().bytesCached() + 4 * need);
            long live = device.memory().buffersLive();
            try {
                String message = assertThrows(DeviceMemoryException.class, () -> large.run(model)).getMessage();
                assertTrue(message.contains("bytes"), message);
                assertEquals(live, device.memory().buffersLive());
                assertArrayEquals(expected, small.run(model));
            } finally {
                device.setMemoryLimit(0);
            }
            assertEquals(expected.length * 12, large.run(model).length);
        }
    }
}
