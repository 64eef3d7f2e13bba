// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import io.gatun.data.TestDevices;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replays against launches one by one: the same bits, whatever the input. Sizes are for the slow host harness. */
@Tag("gpu")
@Timeout(600)
class ForwardGraphTest {
    private static final SpatioTemporalConfig CONFIG = ModelReferenceTest.small();
    private static final Checkpoint CHECKPOINT = RandomCheckpoint.of(CONFIG, 3, 1);
    private static final int[] SHAPE = {1, 1, 2, 3, 4, 4};

    @TempDir
    private Path folder;
    private Device device;
    private SpatioTemporalModel model;
    private long before;

    @BeforeEach
    void open() {
        device = TestDevices.cudaOrSkip();
        assumeTrue(device.hasGraphs(), device + " has no graphs");
        before = device.memory().buffersLive();
        model = SpatioTemporalModel.load(CHECKPOINT, device);
    }

    @AfterEach
    void nothingIsLeft() {
        if (model != null) {
            model.close();
            assertEquals(before, device.memory().buffersLive());
        }
    }

    private static Sample sample(long seed) {
        return Sample.random(seed, SHAPE).withPadded(false, false, true, false, false, false);
    }

    /** The same launches without a graph. */
    private float[] plain(Sample sample) {
        int[] shape = sample.shape();
        try (Scope scope = Scope.open(device)) {
            MonthlyInput input = MonthlyInput.none().withMonths(sample.months());
            if (sample.land().isPresent()) {
                input = input.withLandMask(scope.ofBooleans(sample.land().get(), shape[0], shape[4], shape[5]));
            }
            if (sample.padded().isPresent()) {
                input = input.withPaddedDays(new PaddedDays(shape[0], shape[2], shape[3], sample.padded().get()));
            }
            Tensor data = scope.of(sample.data(), sample.longShape());
            Tensor missing = scope.ofBooleans(sample.missing(), sample.longShape());
            return model.forward(scope, data, missing, input, Trace.NONE).toFloatArray();
        }
    }

    /** "recorded" and, for each forward, "replayed" or "launched", while something runs. */
    private List<String> seen(Runnable work) throws IOException {
        Path file = folder.resolve("seen.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("io.gatun.Forward");
            recording.enable("io.gatun.GraphRecording");
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.gatun."))
                .sorted((a, b) -> a.getEndTime().compareTo(b.getEndTime())).map(ForwardGraphTest::name).toList();
    }

    private static String name(RecordedEvent event) {
        return event.getEventType().getName().equals("io.gatun.GraphRecording") ? "recorded"
                : event.getBoolean("replayed") ? "replayed" : "launched";
    }

    @Test
    void replaysOfChangedInputsAreThePlainForwardBitForBit() throws IOException {
        List<String> seen = seen(() -> {
            for (int seed = 0; seed < 4; seed++) {
                Sample sample = sample(seed);
                assertArrayEquals(plain(sample), sample.run(model), "seed " + seed);
            }
        });
        assertEquals(List.of("launched", "recorded", "replayed", "replayed", "replayed"), seen);
    }

    @Test
    void paddedDaysMonthsAndLandAreOfTheRecording() {
        Sample base = sample(1);
        List<Sample> kinds = List.of(base, base.withPadded(true, false, false, false, false, false),
                base.withMonths(4, 11),
                new Sample(SHAPE, base.data(), base.missing(), Optional.empty(), base.padded(), List.of()),
                new Sample(SHAPE, base.data(), base.missing(), base.land(), Optional.empty(), List.of()));
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < kinds.size(); i++) {
                assertArrayEquals(plain(kinds.get(i)), kinds.get(i).run(model), "kind " + i + ", round " + round);
            }
        }
    }

    @Test
    void whatIsWarmedUpIsReplayedFromTheFirstCall() throws IOException {
        Sample sample = sample(2);
        ForwardShape shape = ForwardShape.of(1, 2, 3, 4, 4).withLand()
                .withPaddedDays(new PaddedDays(1, 2, 3, sample.padded().orElseThrow()));
        assertEquals(List.of("recorded"), seen(() -> model.warmUp(List.of(shape, shape))));
        float[] expected = plain(sample);
        assertEquals(List.of("replayed", "replayed"), seen(() -> {
            assertArrayEquals(expected, sample.run(model));
            assertArrayEquals(expected, sample.run(model));
        }));
        assertThrows(ShapeException.class, () -> model.warmUp(List.of(ForwardShape.of(1, 2, 3, 5, 4))));
    }

    @Test
    void threadsOnOneShapeGetTheirOwnResults() throws Exception {
        List<Callable<Void>> work = new ArrayList<>();
        for (int thread = 0; thread < 2; thread++) {
            Sample sample = sample(10 + thread);
            float[] expected = plain(sample);
            work.add(() -> {
                for (int i = 0; i < 4; i++) {
                    assertArrayEquals(expected, sample.run(model));
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(work.size())) {
            for (Future<Void> done : threads.invokeAll(work)) {
                done.get();
            }
        }
    }

    @Test
    void aModelClosesUnderAQueuedReplay() {
        Sample sample = sample(3);
        float[] expected = plain(sample);
        sample.run(model);
        try (Scope scope = Scope.open(device)) {
            MonthlyInput input = MonthlyInput.none()
                    .withLandMask(scope.ofBooleans(sample.land().orElseThrow(), 1, 4, 4))
                    .withPaddedDays(new PaddedDays(1, 2, 3, sample.padded().orElseThrow()));
            Tensor data = scope.of(sample.data(), sample.longShape());
            Tensor result = model.forward(scope, data, scope.ofBooleans(sample.missing(), sample.longShape()), input);
            model.close();
            assertArrayEquals(expected, result.toFloatArray());
        }
    }
}
