// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.cli.bench.InputSize;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Shape;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.climanet.SpatioTemporalConfig;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Loading a model in a JVM that is warm, from a file that the system has in its cache; and a forward of a month of 128
 * x 128 cells by a model that has just been loaded, beside one that it has done before.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class LoadBenchmark {
    /** A weights file; the default is found from the root of the checkout. */
    @Param("sample/model.safetensors")
    public String checkpoint;

    @Param("cpu")
    public String device;

    /** The file's bytes to tensors in host memory, with the digest. */
    @Benchmark
    public Checkpoint read() {
        return Checkpoints.read(Path.of(checkpoint));
    }

    /** The file's bytes to a model on the device, which is freed again. */
    @Benchmark
    public SpatioTemporalConfig load() {
        // Loading waits until the weights are in place.
        try (SpatioTemporalModel model = SpatioTemporalModel.load(read(), Device.of(device))) {
            return model.config();
        }
    }

    @Benchmark
    public Shape firstForward(Fresh fresh) {
        return fresh.forward.run();
    }

    @Benchmark
    public Shape laterForward(Used used) {
        return used.forward.run();
    }

    private Forward month() {
        return Forward.of(read(), new InputSize(1, 1, 31, 128, 128).input(1), Device.of(device), Precision.STRICT);
    }

    /** A model loaded for each call. */
    @State(Scope.Benchmark)
    public static class Fresh {
        private Forward forward;

        @Setup(Level.Invocation)
        public void load(LoadBenchmark all) {
            forward = all.month();
        }

        @TearDown(Level.Invocation)
        public void close() {
            forward.close();
        }
    }

    /** A model that has done a forward. */
    @State(Scope.Benchmark)
    public static class Used {
        private Forward forward;

        @Setup
        public void load(LoadBenchmark all) {
            forward = all.month();
            forward.run();
        }

        @TearDown
        public void close() {
            forward.close();
        }
    }
}
