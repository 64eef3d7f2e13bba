// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.bench.Benchmark;
import io.gatun.cli.bench.Comparison;
import io.gatun.cli.bench.InputSize;
import io.gatun.cli.bench.Report;
import io.gatun.cli.bench.ReportFile;
import io.gatun.cli.bench.ReportTable;
import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.DeviceInfo;
import io.gatun.data.checkpoint.Checkpoints;
import io.gatun.models.climanet.SpatioTemporalConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How fast this machine is, and how near to what it could be. */
@Command(name = "bench", sortOptions = false,
        description = {"Times the operations of a SpatioTemporalModel and its whole forward on this machine, beside",
            "what each needs at least: its bytes at the bandwidth of a copy, or its products at the rate of a big one,",
            "whichever takes longer, both measured in the same run."})
final class BenchCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--model", paramLabel = "FILE",
            description = "Weights of a SpatioTemporalModel (default: random ones, see --shape).")
    private Optional<Path> model = Optional.empty();

    @Option(names = "--shape", defaultValue = "W1", paramLabel = "W1|W2|W3|W4|BxMxTxHxW",
            converter = ShapeConverter.class,
            description = {"Batch, months, days, rows and columns of the input (default: ${DEFAULT-VALUE}): W1 is",
                "1x1x31x128x128, W2 1x12x31x64x64, W3 1x1x31x180x360, W4 1x2x31x64x64. Random weights are of",
                "ClimaNet's default configuration, with W4 of a smaller one."})
    private InputSize shape;

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--only", arity = "1..*", paramLabel = "NAME",
            description = "Names of the rows to measure, such as encode_pool or forward (default: all).")
    private Set<String> only = Set.of();

    @Option(names = "--rounds", defaultValue = "15", paramLabel = "N",
            description = "Samples of each time, 3 or more (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the machine and every sample to this file.")
    private Optional<Path> json = Optional.empty();

    @Option(names = "--compare", paramLabel = "FILE",
            description = "Say what is faster or slower than in this earlier file of --json.")
    private Optional<Path> compare = Optional.empty();

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    BenchCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        json.ifPresent(target -> OutputPaths.requireFile(target, model.stream().toList()));
        Optional<Report> then = compare.map(ReportFile::read);
        Checkpoint weights = model.map(Checkpoints::read).orElseGet(() -> Benchmark.randomWeights(shape));
        Device where = Device.of(compute.device());
        Benchmark benchmark = new Benchmark(shape, weights, where, compute.precision(), only, rounds);
        Report.Setting setting = setting(where, weights);
        then.ifPresent(old -> Comparison.requireComparable(compare.orElseThrow(), old.setting(), setting));
        Benchmark.Result result;
        try (Progress progress = Progress.onStandardError(err, quiet)) {
            result = benchmark.run(progress);
        }
        Report report = new Report(setting, result.rates(), result.rows());
        json.ifPresent(target -> ReportFile.write(target, report));
        out.print(ReportTable.of(report));
        then.ifPresent(old -> {
            List<String> differences = Comparison.differences(old.setting(), setting);
            if (!quiet && !differences.isEmpty()) {
                err.println("note: " + compare.orElseThrow() + " has " + String.join("; ", differences));
            }
            out.println();
            out.print(ReportTable.of(Comparison.of(old, report)));
        });
        if (!quiet) {
            json.ifPresent(path -> out.println("result: " + path));
        }
        out.flush();
        return 0;
    }

    private Report.Setting setting(Device where, Checkpoint weights) {
        DeviceInfo info = where.info();
        return new Report.Setting(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(), Gatun.Version.number(),
                Runtime.version().toString(), Stream.of("os.name", "os.version", "os.arch").map(System::getProperty)
                        .reduce((left, right) -> left + " " + right).orElseThrow(),
                info.name(), info.processor(), info.threads(), info.cpuLevel().toString(), info.libraries(),
                compute.precision().toString(), shape.toString(), SpatioTemporalConfig.of(weights).toString(),
                model.map(Path::toString).orElse("random"));
    }

    /** W1 to W4, or five extents. */
    private static final class ShapeConverter implements ITypeConverter<InputSize> {
        @Override
        public InputSize convert(String text) {
            try {
                return InputSize.parse(text);
            } catch (ArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
