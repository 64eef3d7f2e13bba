// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.cli.bench.Workload;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole forward, from inputs to maps in the memory of the device.
 *
 * <p>All benchmarks, from the root of the checkout after {@code ./gatun verify -DskipTests}:
 *
 * <pre>{@code
 * java -jar bench/target/benchmarks.jar -l                              # what there is
 * java -jar bench/target/benchmarks.jar                                 # everything
 * java -jar bench/target/benchmarks.jar ForwardBenchmark -p workload=W1,W4
 * java -jar bench/target/benchmarks.jar KernelBenchmark.conv2d -p workload=W3 -p device=cuda:0
 * java -jar bench/target/benchmarks.jar LoadBenchmark -p checkpoint=/path/to/model.safetensors
 * }</pre>
 *
 * <p>{@code GATUN_NUM_THREADS} sets the workers of the CPU device. The jar holds the native library;
 * {@code -Dgatun.library.path=FOLDER} before {@code -jar} takes another.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class ForwardBenchmark {
    @Param
    public Workload workload;

    @Param("cpu")
    public String device;

    private Forward forward;

    @Setup
    public void load() {
        forward = Forward.of(workload.checkpoint(), workload.size().input(1), Device.of(device), Precision.STRICT);
        MemorySegment maps = forward.maps().bytes();
        // Time spent on NaN or infinity says nothing about real maps.
        if (!maps.elements(ValueLayout.JAVA_FLOAT_UNALIGNED)
                .allMatch(map -> Float.isFinite(map.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 0)))) {
            throw new IllegalStateException("the maps of " + workload + " are not finite");
        }
    }

    @Benchmark
    public Shape forward() {
        return forward.run();
    }

    @TearDown
    public void close() {
        forward.close();
    }
}
