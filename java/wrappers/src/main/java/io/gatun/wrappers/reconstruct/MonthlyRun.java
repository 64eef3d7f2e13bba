// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.reconstruct;

import io.gatun.core.Checkpoint;
import io.gatun.core.DataException;
import io.gatun.models.climanet.SpatioTemporalModel;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One run over its input: the monthly means first, then the windows of each year. */
final class MonthlyRun implements AutoCloseable {
    private final SpatioTemporalModel model;
    private final Preprocessing preprocessing;
    private final RunOptions options;
    private final DailyFiles input;
    private final ModelOrder ordered;
    private final ProgressListener progress;
    private final MonthlyMeans means;
    private final boolean[] land;
    private final MonthlyLayout layout;
    private final WindowChoice windows;
    private final double toModelUnits;
    private final List<YearMonth> inputMonths;
    private final List<String> notes;

    MonthlyRun(SpatioTemporalModel model, Checkpoint checkpoint, Preprocessing preprocessing, DailyFiles input,
            RunOptions options, ProgressListener progress) {
        this.model = model;
        this.preprocessing = preprocessing;
        this.options = options;
        this.input = input;
        this.ordered = new ModelOrder(input);
        this.progress = progress;
        this.notes = new ArrayList<>();
        this.toModelUnits = requireUsable(input, preprocessing, options);
        this.windows = WindowChoice.of(input.grid(), model.config(), preprocessing, options, notes);
        this.inputMonths = input.months();
        if (input.averagedDates() > 0) {
            notes.add(input.averagedDates() + " dates have several time steps; their mean counts, cell by cell");
        }
        input.grid().unevenRows().ifPresent(notes::add);
        this.means = MonthlyMeans.compute(ordered, inputMonths, progress);
        try {
            Units.requirePlausible(input.variable(), input.units(), means.lowest(), means.highest());
            this.land = land();
            this.layout = layout(checkpoint, ordered.restored(land), months(options));
            TrainingDomain.of(checkpoint)
                    .warning(input.grid(), means.lowest() + toModelUnits, means.highest() + toModelUnits)
                    .ifPresent(notes::add);
        } catch (RuntimeException | Error e) {
            means.close();
            throw e;
        }
    }

    /** What can be told before values are read; returns what brings the input to the model's units. */
    static double requireUsable(DailyFiles input, Preprocessing preprocessing, RunOptions options) {
        requireKnownLand(input, options);
        requireMonths(input, options);
        outputName(input);
        return toModelUnits(input, preprocessing);
    }

    private static double toModelUnits(DailyFiles input, Preprocessing preprocessing) {
        OptionalDouble offset = Units.offset(input.units(), preprocessing.units());
        return offset.orElseThrow(() -> new DataException("variable \"" + input.variable() + "\" is in " + input.units()
                + "; the checkpoint wants " + preprocessing.units() + ". Convert it first."));
    }

    private static void requireKnownLand(DailyFiles input, RunOptions options) {
        int days = input.dates().size();
        if (input.landMask().isEmpty() && days < RunOptions.MIN_DAYS_FOR_LAND && !options.landFromData()) {
            throw new DataException("nothing says which cells are land: the input has no variable \"land_mask\" (1"
                    + " land, 0 sea), and " + days + " days are too few to take cells without a value for land ("
                    + RunOptions.MIN_DAYS_FOR_LAND + " are wanted). Name a file that has a mask (--land-mask), or allow"
                    + " it (--land-from-data).");
        }
    }

    /** Variables of groups are written without the group's path; the output has variables of its own. */
    private static String outputName(DailyFiles input) {
        String name = input.variable().substring(input.variable().lastIndexOf('/') + 1);
        if (MonthlyFile.OWN_NAMES.contains(name)) {
            throw new DataException("variable \"" + input.variable() + "\" has a name that the output uses for itself ("
                    + String.join(", ", MonthlyFile.OWN_NAMES) + "). Rename it first (ncrename -v).");
        }
        return name;
    }

    private static void requireMonths(DailyFiles input, RunOptions options) {
        List<YearMonth> present = input.months();
        List<YearMonth> absent =
                options.months().stream().filter(month -> !present.contains(month)).sorted().toList();
        if (!absent.isEmpty()) {
            throw new DataException("of the months that were asked for, " + absent + " are not in the input, which has "
                    + present.getFirst() + " to " + present.getLast() + " (" + present.size()
                    + " months). Leave them out of --months, or add their files.");
        }
    }

    private boolean[] land() {
        boolean[] land = input.landMask().map(ordered::ordered).orElseGet(() -> new boolean[input.grid().cells()]);
        if (input.landMask().isEmpty()) {
            int count = 0;
            for (int cell = 0; cell < land.length; cell++) {
                land[cell] = !means.isEverObserved(cell);
                count += land[cell] ? 1 : 0;
            }
            notes.add("no land mask: " + count + " of " + land.length + " cells have no value on any of "
                    + input.dates().size() + " days and are taken for land");
        }
        return land;
    }

    private List<YearMonth> months(RunOptions options) {
        List<YearMonth> observed = new ArrayList<>();
        for (int month = 0; month < inputMonths.size(); month++) {
            if (means.isObserved(month)) {
                observed.add(inputMonths.get(month));
            } else {
                notes.add(inputMonths.get(month) + " is left out: its " + daysOf(inputMonths.get(month))
                        + " days have no value at sea");
            }
        }
        if (observed.isEmpty()) {
            throw new DataException("the input has " + input.dates().size() + " days and not one value at sea, from "
                    + input.dates().getFirst() + " to " + input.dates().getLast() + " on " + input.grid()
                    + ". Check the variable, its fill value and the land mask.");
        }
        List<YearMonth> wanted = observed.stream()
                .filter(month -> options.months().isEmpty() || options.months().contains(month)).toList();
        if (wanted.isEmpty()) {
            throw new DataException("none of the months that were asked for, "
                    + options.months().stream().sorted().toList() + ", has observations; the input has " + observed);
        }
        return wanted;
    }

    private long daysOf(YearMonth month) {
        return input.dates().stream()
                .filter(date -> date.year() == month.getYear() && date.month() == month.getMonthValue()).count();
    }

    private MonthlyLayout layout(Checkpoint checkpoint, boolean[] land, List<YearMonth> months) {
        return new MonthlyLayout(input.grid(), input.calendar(), land, months,
                months.stream().map(month -> Math.toIntExact(daysOf(month))).toList(), outputName(input),
                input.description().text("standard_name").orElse(""),
                input.description().text("long_name").orElse(input.variable()), input.units(),
                String.valueOf(Path.of(checkpoint.source()).getFileName()), checkpoint.digest(), windows.toString(),
                "float32");
    }

    MonthlyLayout layout() {
        return layout;
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Computes everything; years without a wanted month are skipped, a wanted month sees its whole year. */
    void run(MonthlyRows sink) {
        MonthlyRows inFileOrder = ordered.toFile(sink);
        Map<Integer, List<WindowedRun.Month>> years = new TreeMap<>();
        for (int month = 0; month < inputMonths.size(); month++) {
            if (means.isObserved(month)) {
                years.computeIfAbsent(inputMonths.get(month).getYear(), _ -> new ArrayList<>())
                        .add(new WindowedRun.Month(month, inputMonths.get(month)));
            }
        }
        years.keySet().retainAll(layout.months().stream().map(YearMonth::getYear).collect(Collectors.toSet()));
        WindowedRun run = new WindowedRun(model, preprocessing, options, ordered, means, land, windows.rows(),
                windows.columns(), toModelUnits);
        long total = (long) windows.count() * years.size();
        long[] done = {0};
        years.forEach((year, months) -> {
            String step = "reconstructing " + year;
            progress.progress(step, done[0], total);
            run.run(months, (month, firstRow, reconstruction, mean, days) -> {
                int index = layout.months().indexOf(months.get(month).month());
                if (index >= 0) {
                    inFileOrder.rows(index, firstRow, reconstruction, mean, days);
                }
            }, () -> progress.progress(step, ++done[0], total));
        });
        long unknown = run.cellsWithoutBaseline();
        if (unknown > 0) {
            notes.add(unknown + " sea cells and months have no observation within " + BaselineFill.REACH
                    + " cells: their mean of observations stays missing");
        }
    }

    @Override
    public void close() {
        means.close();
    }
}
