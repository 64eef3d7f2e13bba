// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.cli.bench.InputSize;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.TensorData;
import io.gatun.data.checkpoint.Checkpoints;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a user waits for first: native library, device, model and one forward of one month in a JVM that has done none
 * of it yet. Each fork gives one value, so more of them come by {@code -f}, never by {@code -i} or {@code -wi}; the
 * start of the JVM is not in it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 10, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class FirstCallBenchmark {
    /** A weights file of a model with one channel; the default is found from the root of the checkout. */
    @Param("sample/model.safetensors")
    public String checkpoint;

    /** Rows and columns of cells. */
    @Param({"32", "128"})
    public int side;

    @Param("cpu")
    public String device;

    private Map<String, TensorData> input;

    @Setup
    public void fill() {
        input = new InputSize(1, 1, 31, side, side).input(1);
    }

    @Benchmark
    public TensorData firstMaps() {
        Checkpoint weights = Checkpoints.read(Path.of(checkpoint));
        try (Forward forward = Forward.of(weights, input, Device.of(device), Precision.STRICT)) {
            return forward.maps();
        }
    }
}
