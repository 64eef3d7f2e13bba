// SPDX-License-Identifier: Apache-2.0
package io.gatun.core.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gatun.core.ArgumentException;
import io.gatun.core.DTypeException;
import io.gatun.core.DeviceException;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.GatunException;
import io.gatun.core.NativeException;
import io.gatun.core.ShapeException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusTest {
    @Test
    void everyStatusHasItsExceptionAndKeepsTheText() {
        // In the order of gatun_status from 1, then a value that this header does not know.
        List<Class<? extends GatunException>> types = List.of(ArgumentException.class, ShapeException.class,
                DTypeException.class, DeviceException.class, DeviceMemoryException.class, DeviceException.class,
                DeviceException.class, DeviceException.class, NativeException.class, NativeException.class);
        for (int status = 1; status <= types.size(); status++) {
            GatunException exception = Status.exception(status, "why");
            assertEquals(types.get(status - 1), exception.getClass(), "status " + status);
            assertEquals(status == 10 ? "unknown status 10: why" : "why", exception.getMessage());
        }
    }
}
