// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import io.gatun.wrappers.reconstruct.Preprocessing;
import io.gatun.wrappers.reconstruct.RunOptions;
import io.gatun.wrappers.reconstruct.RunPlan;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Monthly maps from gappy daily files. */
@Command(name = "reconstruct", sortOptions = false,
        description = "Reconstructs monthly maps from daily NetCDF files with gaps.")
final class ReconstructCommand implements Callable<Integer> {
    private static final double MIB = 1 << 20;

    @Spec
    private CommandSpec spec;

    @Option(names = "--input", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Daily NetCDF files of one grid, in any order; patterns such as 'sst_*.nc' are expanded.")
    private List<String> inputs;

    @Option(names = "--checkpoint", required = true, paramLabel = "FILE",
            description = "Weights of a SpatioTemporalModel: safetensors, or a PyTorch file (nothing in it is run).")
    private Path checkpoint;

    @Option(names = "--strip-prefix", paramLabel = "PREFIX",
            description = "Remove this from the names of the checkpoint's tensors, for example model. or module.")
    private Optional<String> stripPrefix = Optional.empty();

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "Monthly NetCDF file to write.")
    private Path output;

    @Option(names = "--truth", arity = "1..*", paramLabel = "FILE",
            description = "True monthly means, to print errors against.")
    private List<Path> truth = List.of();

    @Option(names = "--plot", paramLabel = "FILE", description = "Picture (PNG) of one month to write.")
    private Optional<Path> plot = Optional.empty();

    @Option(names = "--plot-month", paramLabel = "YYYY-MM", converter = MonthConverter.class,
            description = "Its month (default: the one with most cells that were never observed).")
    private Optional<YearMonth> plotMonth = Optional.empty();

    @Mixin
    private ComputeOptions compute;

    @Option(names = "--variable", paramLabel = "NAME",
            description = "Variable to read (default: the one of standard name sea_surface_temperature).")
    private Optional<String> variable = Optional.empty();

    @Option(names = "--land-mask", paramLabel = "FILE",
            description = {"File that says which cells are land: 1 on land, 0 on sea, in its variable land_mask or its",
                "only other map. Found by latitude and longitude, it may go beyond the input's grid; without",
                "coordinates it has the input's rows and columns (default: land_mask of the input)."})
    private Optional<Path> landMask = Optional.empty();

    @Option(names = "--land-from-data",
            description = "Take cells without a value for land even where there are fewer than 60 days.")
    private boolean landFromData;

    @Option(names = "--months", arity = "1..*", paramLabel = "YYYY-MM", converter = MonthConverter.class,
            description = "Months to write (default: all). The model sees every month of their years.")
    private Set<YearMonth> months = Set.of();

    @Option(names = "--window", paramLabel = "ROWSxCOLUMNS", converter = TileConverter.class,
            description = "Cells the model sees at a time (default: those of its training). It changes the result.")
    private Optional<Preprocessing.Tile> window = Optional.empty();

    @Option(names = "--overlap", paramLabel = "CELLS",
            description = "Cells that windows share at least (default: half the window).")
    private Optional<Integer> overlap = Optional.empty();

    @Option(names = "--dry-run", description = "Print windows, memory and expected time, and write nothing.")
    private boolean dryRun;

    @ArgGroup(exclusive = false, heading = "%nFor a checkpoint that does not state its normalisation:%n")
    private Normalisation normalisation;

    @Option(names = "--quiet", description = "No progress, no notes.")
    private boolean quiet;

    ReconstructCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        requireConsistent();
        ReconstructionJob job = new ReconstructionJob(FilePatterns.expand(inputs),
                new DailyFiles.Options(variable, landMask),
                new RunOptions(window, overlap, months, Optional.empty(), landFromData), checkpoint, stripPrefix,
                Optional.ofNullable(normalisation), compute.device(), compute.precision(), output,
                truth, plot, plotMonth);
        if (dryRun) {
            print(job.plan(), out, err);
            return 0;
        }
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

    private void requireConsistent() {
        if (landMask.isPresent() && landFromData) {
            throw new ParameterException(spec.commandLine(), "--land-mask and --land-from-data are two answers to one"
                    + " question: which cells are land. Give one of them.");
        }
        if (plotMonth.isPresent() && plot.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "--plot-month chooses the month of a picture, and there is"
                    + " none. Give --plot FILE too.");
        }
    }

    private static void print(RunPlan plan, PrintWriter out, PrintWriter err) {
        plan.notes().forEach(note -> err.println("note: " + note));
        out.println("months: " + plan.months().size() + ", from " + plan.months().getFirst() + " to "
                + plan.months().getLast());
        out.println("windows: " + plan.windows() + "; " + plan.calls() + " model calls");
        out.printf(Locale.ROOT, "memory: %.0f MiB on the device beside the weights, %.0f MiB of Java heap%n",
                plan.deviceBytes() / MIB, plan.heapBytes() / MIB);
        out.printf(Locale.ROOT, "time: about %.0f s, reading and writing not counted%n", plan.time().toMillis() / 1e3);
        out.flush();
    }

    /** A year and a month in figures. */
    private static final class MonthConverter implements ITypeConverter<YearMonth> {
        @Override
        public YearMonth convert(String text) {
            try {
                return YearMonth.parse(text);
            } catch (DateTimeParseException _) {
                throw new TypeConversionException("\"" + text + "\" is no month; expected year and month in figures, as"
                        + " 2014-03; several are separated by blanks");
            }
        }
    }

    /** 32x48, or 32 for both. */
    private static final class TileConverter implements ITypeConverter<Preprocessing.Tile> {
        private static final Pattern FORM = Pattern.compile("(\\d{1,6})(?:x(\\d{1,6}))?");

        @Override
        public Preprocessing.Tile convert(String text) {
            Matcher matcher = FORM.matcher(text);
            if (!matcher.matches()) {
                throw new TypeConversionException("\"" + text + "\" is no window; expected rows x columns, as 32x48");
            }
            int rows = Integer.parseInt(matcher.group(1));
            return new Preprocessing.Tile(rows, matcher.group(2) == null ? rows : Integer.parseInt(matcher.group(2)));
        }
    }
}
