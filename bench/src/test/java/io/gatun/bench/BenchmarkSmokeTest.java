// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gatun.core.Fusions;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Reductions;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Each benchmark once, in this JVM and with the smallest sizes: it must run; its time means nothing. */
class BenchmarkSmokeTest {
    private static final List<Class<?>> BENCHMARKS = List.of(ForwardBenchmark.class, KernelBenchmark.class,
            LoadBenchmark.class, FirstCallBenchmark.class, StemBenchmark.class);

    @Test
    void everyBenchmarkRunsOnceAndGivesATime() throws RunnerException {
        Path sample = Path.of(System.getProperty("gatun.root"), "sample", "model.safetensors");
        ChainedOptionsBuilder options = new OptionsBuilder()
                .forks(0).warmupIterations(0).measurementIterations(1).mode(Mode.SingleShotTime)
                .param("workload", "W4").param("side", "32").param("checkpoint", sample.toString())
                .param("stem", "l2a-stem").param("embedDim", "24")
                .shouldFailOnError(true).verbosity(VerboseMode.SILENT);
        BENCHMARKS.forEach(benchmark -> options.include(benchmark.getName() + "\\."));

        Collection<RunResult> results = new Runner(options.build()).run();

        Set<String> ran = new TreeSet<>();
        for (RunResult result : results) {
            ran.add(result.getParams().getBenchmark());
            assertTrue(result.getPrimaryResult().getScore() > 0, () -> result.getParams().id() + " took no time");
        }
        assertEquals(written(), ran);
        assertEquals(ran.size(), results.size(), "one result for each benchmark");
    }

    @Test
    void everyKernelHasABenchmark() {
        Set<String> kernels = Stream.of(Kernels.class, Images.class, Reductions.class, Fusions.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(kernels, benchmarks(KernelBenchmark.class).collect(Collectors.toCollection(TreeSet::new)));
    }

    private static Set<String> written() {
        return BENCHMARKS.stream()
                .flatMap(type -> benchmarks(type).map(name -> type.getName() + "." + name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Stream<String> benchmarks(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods()).filter(method -> method.isAnnotationPresent(Benchmark.class))
                .map(Method::getName);
    }
}
