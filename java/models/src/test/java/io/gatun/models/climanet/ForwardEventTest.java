// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.gatun.core.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwardEventTest {
    @Test
    void aFlightRecordingNamesEachForward(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("forward.jfr");
        try (Recording recording = new Recording(); SpatioTemporalModel model = SpatioTemporalModel.load(
                RandomCheckpoint.of(ModelReferenceTest.small(), 3, 1), Device.cpu())) {
            recording.enable("io.gatun.Forward");
            recording.start();
            Sample.random(1, 1, 1, 2, 3, 4, 6).run(model);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("io.gatun.Forward")).toList();
        assertEquals(1, events.size());
        assertEquals("SpatioTemporalModel", events.get(0).getString("model"));
        assertEquals("[1, 1, 2, 3, 4, 6]", events.get(0).getString("inputShape"));
        assertEquals("cpu", events.get(0).getString("device"));
        assertFalse(events.get(0).getBoolean("replayed"));
    }
}
