// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeviceTest {
    @Test
    void theCpuIsSharedAndClosingItDoesNothing() {
        assertSame(Device.cpu(), Device.of("cpu"));
        Device.cpu().close();
        assertTrue(Device.cpu().memory().bytesLimit() > 0);
        assertEquals("Device[cpu]", Device.cpu().toString());
    }

    @Test
    void optionsReachTheDevice() {
        try (Device device = Device.cpu(new CpuOptions(3, CpuLevel.PORTABLE, 12345678))) {
            DeviceInfo info = device.info();
            assertEquals(3, info.threads());
            assertEquals(CpuLevel.PORTABLE, info.cpuLevel());
            assertEquals(12345678, device.memory().bytesLimit());
            assertFalse(info.processor().isBlank());
            assertTrue(info.libraries().contains("portable"), info.libraries());
        }
        assertThrows(ArgumentException.class, () -> CpuOptions.DEFAULT.withThreads(-1));
        assertThrows(ArgumentException.class, () -> CpuOptions.DEFAULT.withThreads(5000));
        assertThrows(ArgumentException.class, () -> CpuOptions.DEFAULT.withMemoryLimitBytes(-1));
    }

    @Test
    void unknownNamesAreRefused() {
        for (String name : new String[] {"gpu", "cuda:", "cuda:-1", "CPU", ""}) {
            assertThrows(ArgumentException.class, () -> Device.of(name), name);
        }
    }

    @Test
    void anAbsentGpuIsADeviceExceptionWithItsReason() {
        String message = assertThrows(DeviceException.class, () -> Device.of("cuda:99")).getMessage();
        assertFalse(message.isBlank());
    }

    @Test
    void theReportNamesEveryKindOfDevice() {
        DeviceReport report = Device.report();
        assertEquals(2, report.entries().size());
        assertTrue(report.entries().getFirst().usable());
        DeviceReport.Entry cuda = report.entries().getLast();
        assertEquals("cuda:0", cuda.device());
        assertFalse(cuda.detail().isBlank());
        assertTrue(report.toString().startsWith("cpu: "), report.toString());
        assertEquals(!cuda.usable(), report.toString().contains("cuda:0: not usable: "), report.toString());
    }

    @Test
    void theEnvironmentChoosesTheDevice() throws Exception {
        String info = Jvm.run(DeviceProbe.class,
                Map.of("GATUN_DEVICE", "cpu", "GATUN_NUM_THREADS", "3", "GATUN_CPU", "portable"));
        assertTrue(info.contains("name=cpu,") && info.contains("threads=3, cpuLevel=PORTABLE"), info);
        String unknown = Jvm.run(DeviceProbe.class, Map.of("GATUN_DEVICE", "tpu"));
        assertTrue(unknown.contains("ArgumentException: unknown device \"tpu\""), unknown);
        String threads = Jvm.run(DeviceProbe.class, Map.of("GATUN_DEVICE", "cpu", "GATUN_NUM_THREADS", "many"));
        assertTrue(threads.contains("ArgumentException: GATUN_NUM_THREADS is \"many\""), threads);
    }

    @Test
    void aLibraryThatCannotBeLoadedIsADeviceException(@TempDir Path empty) throws Exception {
        String absent = Jvm.run(DeviceProbe.class, Map.of(), "-Dgatun.library.path=" + empty);
        assertTrue(absent.contains("DeviceException: No libgatun.so in " + empty), absent);
    }

    @Test
    void allocationsAreFlightRecorderEvents(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("allocations.jfr");
        try (Recording recording = new Recording(); Scope scope = Scope.open(Device.cpu())) {
            recording.enable("io.gatun.Allocation");
            recording.start();
            scope.empty(DType.F32, 12345).close();
            recording.stop();
            recording.dump(file);
        }
        assertTrue(RecordingFile.readAllEvents(file).stream()
                .anyMatch(event -> event.getEventType().getName().equals("io.gatun.Allocation")
                        && event.getLong("bytes") == 4 * 12345));
    }
}
