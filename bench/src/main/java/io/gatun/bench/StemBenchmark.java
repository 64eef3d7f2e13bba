// SPDX-License-Identifier: Apache-2.0
package io.gatun.bench;

import io.gatun.cli.bench.Forward;
import io.gatun.cli.bench.RandomTensors;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Shape;
import io.gatun.core.Structure;
import io.gatun.models.Arguments;
import io.gatun.models.terrafm.TerraFM;
import io.gatun.models.terrafm.TerraFMConfig;
import java.util.HashMap;
import java.util.List;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * TerraFM with the patch embedding that upstream's forward takes for 12 bands, and with that of Level-2A: they are of
 * one size, so the choice between them is one of results, not of time. A forward of 224 x 224, up to the map of the
 * last block; the weights are random.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = {"-Xmx512m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow"})
public class StemBenchmark {
    private static final String BACKBONE = "terrafm_base";
    private static final int SIDE = 224;

    @Param({"upstream-exact", "l2a-stem"})
    public String stem;

    /** Channels of a token; the default is TerraFM-B's. */
    @Param("768")
    public int embedDim;

    @Param("1")
    public int batch;

    @Param("cpu")
    public String device;

    private Forward forward;

    @Setup
    public void load() {
        Map<String, Object> arguments = new HashMap<>(
                Map.of("embed_dim", embedDim, "stem", stem, "out_indices", List.of(11)));
        TerraFMConfig config = TerraFMConfig.of(BACKBONE, Arguments.of(BACKBONE, arguments));
        Checkpoint random = Structure.of(TerraFM.loader(config)::load).random(1);
        arguments.put("backbone", BACKBONE);
        Checkpoint weights = new Checkpoint(
                random.source(), random.digest(), random.tensors(), Map.of("backbone_args", arguments));
        forward = Forward.of(weights,
                Map.of("image", new RandomTensors().normal(0.2, 0.1, batch, TerraFMConfig.S2_BANDS, SIDE, SIDE)),
                Device.of(device), Precision.STRICT);
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
