// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Monthly maps from gappy daily files. */
@Command(name = "reconstruct", sortOptions = false,
        description = "Reconstructs monthly maps from daily NetCDF files with gaps.")
final class ReconstructCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--input", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Daily NetCDF files of one grid, in any order.")
    private List<Path> inputs;

    @Option(names = "--checkpoint", required = true, paramLabel = "FILE",
            description = "Weights of a SpatioTemporalModel: safetensors, or a PyTorch file (nothing in it is run).")
    private Path checkpoint;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "Monthly NetCDF file to write.")
    private Path output;

    @Option(names = "--truth", arity = "1..*", paramLabel = "FILE",
            description = "True monthly means, to print errors against.")
    private List<Path> truth = List.of();

    @Option(names = "--plot", paramLabel = "FILE", description = "Picture (PNG) of one month to write.")
    private Optional<Path> plot = Optional.empty();

    @Option(names = "--plot-month", paramLabel = "YYYY-MM",
            description = "Its month (default: the one with most cells that were never observed).")
    private Optional<YearMonth> plotMonth = Optional.empty();

    @Option(names = "--device", defaultValue = "auto", paramLabel = "auto|cpu|cuda:N",
            description = "Where to compute (default: ${DEFAULT-VALUE}).")
    private String device;

    @Option(names = "--variable", paramLabel = "NAME",
            description = "Variable to read (default: the one of standard name sea_surface_temperature).")
    private Optional<String> variable = Optional.empty();

    @Option(names = "--land-mask", paramLabel = "FILE",
            description = "File with the variable land_mask (default: the input files).")
    private Optional<Path> landMask = Optional.empty();

    @ArgGroup(exclusive = false, heading = "%nFor a checkpoint that does not state its normalisation:%n")
    private Normalisation normalisation;

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    ReconstructCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        ReconstructionJob job = new ReconstructionJob(inputs, new DailyFiles.Options(variable, landMask), checkpoint,
                Optional.ofNullable(normalisation), device, output, truth, plot, plotMonth);
        ReconstructionJob.Result result;
        try (Progress progress = Progress.onStandardError(err, quiet)) {
            result = job.run(progress);
        }
        MonthlyMaps maps = result.maps();
        if (!quiet) {
            maps.notes().forEach(note -> err.println("note: " + note));
            out.println(maps.months().size() + " months from " + maps.months().getFirst() + " to "
                    + maps.months().getLast());
        }
        result.scores().ifPresent(scores -> out.print(ScoreTable.of(scores, maps.units())));
        if (!quiet) {
            out.println("map: " + output);
            plot.ifPresent(path -> out.println("picture: " + path));
        }
        out.flush();
        return 0;
    }
}
