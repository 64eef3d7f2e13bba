// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Device;
import io.gatun.core.DeviceException;
import org.opentest4j.TestAbortedException;

/** The CUDA device of tests. */
public final class CudaDevice {
    private CudaDevice() {}

    /** Skips the test where there is none. */
    public static Device orSkip() {
        try {
            return Device.cuda(0);
        } catch (DeviceException e) {
            throw new TestAbortedException("no CUDA device: " + e.getMessage(), e);
        }
    }

    /** Whether the host runs the kernels in a GPU's place, some thousand times slower. */
    static boolean isEmulated(Device device) {
        return device.info().processor().contains("host harness");
    }
}
