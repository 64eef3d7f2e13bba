// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.Fonts;
import io.gatun.cli.plot.MonthlyPicture;
import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.Device;
import io.gatun.core.OutputException;
import io.gatun.core.Precision;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import io.gatun.wrappers.reconstruct.MonthlyReconstruction;
import io.gatun.wrappers.reconstruct.RunOptions;
import io.gatun.wrappers.reconstruct.RunPlan;
import io.gatun.wrappers.reconstruct.Scores;
import java.nio.file.Path;
import java.time.YearMonth;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The main job, from files to files.
 *
 * @param inputs daily files
 * @param options what to read of them
 * @param run windows and months
 * @param checkpoint weights file
 * @param stripPrefix what to remove from the names of its tensors
 * @param normalisation of a checkpoint that does not state its own
 * @param device name of the device
 * @param precision arithmetic of the model
 * @param output monthly file to write
 * @param truth files of true monthly means; may be empty
 * @param picture picture to write
 * @param pictureMonth its month; empty: the one with most cells that were never observed
 */
record ReconstructionJob(
        List<Path> inputs, DailyFiles.Options options, RunOptions run, Path checkpoint, Optional<String> stripPrefix,
        Optional<Normalisation> normalisation, String device, Precision precision, Path output, List<Path> truth,
        Optional<Path> picture, Optional<YearMonth> pictureMonth) {
    /**
     * What came out.
     *
     * @param maps the maps, written already
     * @param scores where there is a truth
     */
    record Result(MonthlyMaps maps, Optional<Scores> scores) {}

    /**
     * Does the job. Whatever goes wrong, no file is left half written; a map that is complete stays, even if the truth
     * turns out not to fit it.
     */
    Result run(Progress progress) {
        requireUsablePaths();
        Device where = Device.of(device);
        progress.step("device: " + where.name() + " (" + where.info().processor() + "), precision " + precision);
        try (DailyFiles input = DailyFiles.open(inputs, options)) {
            progress.step("input: " + input.variable() + ", " + input.dates().size() + " days from "
                    + input.dates().getFirst() + " to " + input.dates().getLast() + ", " + input.grid());
            pictureMonth.ifPresent(month -> requireDaysOf(month, input));
            MonthlyMaps maps = reconstruct(input, where, progress);
            Optional<Scores.Truth> known =
                    truth.isEmpty() ? Optional.empty() : Optional.of(Scores.Truth.read(truth, maps));
            Optional<Scores> scores = known.map(t -> Scores.of(maps, t));
            picture.ifPresent(target -> {
                progress.step("writing " + target);
                MonthlyPicture.draw(maps, known, pictureMonth).write(target);
            });
            return new Result(maps, scores);
        }
    }

    private static void requireDaysOf(YearMonth month, DailyFiles input) {
        if (!input.months().contains(month)) {
            throw new ArgumentException("there is no " + month + " to draw: the input has days from "
                    + input.dates().getFirst() + " to " + input.dates().getLast() + ". Choose a month of it.");
        }
    }

    /** Says what the job would do; writes nothing. */
    RunPlan plan() {
        requireUsablePaths();
        try (DailyFiles input = DailyFiles.open(inputs, options);
                MonthlyReconstruction reconstruction = open(Device.of(device))) {
            return reconstruction.plan(input, run);
        }
    }

    private MonthlyReconstruction open(Device where) {
        Checkpoint read = StripPrefix.read(checkpoint, stripPrefix);
        return normalisation.isPresent() ? normalisation.get().open(read, where, precision)
                : MonthlyReconstruction.open(read, where, precision);
    }

    private MonthlyMaps reconstruct(DailyFiles input, Device where, Progress progress) {
        try (MonthlyReconstruction reconstruction = open(where)) {
            progress.step("checkpoint: " + checkpoint);
            return reconstruction.reconstructTo(input, run, output, progress);
        }
    }

    private void requireUsablePaths() {
        List<Path> read = Stream.of(inputs.stream(), truth.stream(), Stream.of(checkpoint),
                options.landMask().stream()).flatMap(paths -> paths).toList();
        OutputPaths.requireFile(output, read);
        picture.ifPresent(target -> {
            OutputPaths.requireFile(target, read);
            Fonts.require();
        });
        if (picture.filter(path -> OutputPaths.same(path, output)).isPresent()) {
            throw new OutputException(output + ": map and picture have one name, and one would replace the other. Give"
                    + " --plot another.");
        }
        truth.forEach(path -> NetcdfFile.open(path).close());
    }
}
