// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.core.Device;
import io.gatun.core.DeviceReport;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Windows by the batch, read ahead, on a GPU or the host harness in its place. */
@Tag("gpu")
@Timeout(600)
class CudaReconstructionTest {
    @TempDir
    private Path folder;

    @Test
    void theMapIsThatOfTheCpu() {
        DeviceReport.Entry cuda = Device.report().entries().getLast();
        assumeTrue(cuda.usable(), cuda.detail());
        Device device = Device.of(cuda.device());
        List<Path> files = List.of(GridFixture.of(8, 20).write(folder.resolve("daily.nc")));
        RunOptions options = RunOptions.defaults().withWindow(8, 8).withOverlap(2);
        Preprocessing preprocessing = Preprocessing.absolute(15, 2.5, "degree_Celsius");
        long before = device.memory().buffersLive();
        MonthlyMaps onCpu = SmallCheckpoint.reconstruct(files, options, preprocessing);
        MonthlyMaps onCuda = SmallCheckpoint.reconstruct(files, options, preprocessing, device);
        assertEquals(before, device.memory().buffersLive());
        MonthlyMaps byTwo =
                SmallCheckpoint.reconstruct(files, options.withWindowsPerCall(2), preprocessing, device);
        for (int month = 0; month < onCpu.months().size(); month++) {
            assertArrayEquals(onCpu.reconstruction(month), onCuda.reconstruction(month), 1e-3f);
            assertArrayEquals(onCuda.reconstruction(month), byTwo.reconstruction(month), "batches changed a bit");
        }
    }
}
