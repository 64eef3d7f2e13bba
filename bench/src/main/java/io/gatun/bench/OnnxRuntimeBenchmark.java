// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import java.nio.file.Path;
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
 * The same whole forward in Gatun and in ONNX Runtime. {@link OnnxRuntimeComparison} runs it in turns and gives ratios;
 * the file is written by {@code bench/peers/export_onnx.py}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 3, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class OnnxRuntimeBenchmark {
    @Param
    public Engine engine;

    @Param("W1.onnx")
    public String onnx;

    @Param("1")
    public int threads;

    private Engine.Session session;

    @Setup
    public void open() {
        session = engine.open(Path.of(onnx), threads);
    }

    @Benchmark
    public int forward() {
        return session.run();
    }

    @TearDown
    public void close() {
        session.close();
    }
}
