// SPDX-License-Identifier: Apache-2.0
package io.gatun.cli;

import io.gatun.cli.plot.UnitLabel;
import io.gatun.core.ArgumentException;
import io.gatun.core.OutputException;
import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.RunOptions;
import io.gatun.wrappers.reconstruct.Scores;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The main job on the sample that comes with the source tree. */
@Command(name = "demo", description = "Runs the main job on the sample in the source tree: the Tasman Sea in 2014.")
final class DemoCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "0..1", defaultValue = "gatun-demo", paramLabel = "FOLDER",
            description = "Where the map and the picture go; created if absent (default: ${DEFAULT-VALUE}).")
    private Path folder;

    @Mixin
    private ComputeOptions compute;

    DemoCommand() {}

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Path sample = sample();
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new OutputException(folder + ": the folder cannot be created (" + e + "). Choose another.", e);
        }
        Path map = folder.resolve("monthly.nc");
        Path picture = folder.resolve("monthly.png");
        ReconstructionJob job = new ReconstructionJob(List.of(sample.resolve("tasman_daily_gappy_2014.nc")),
                DailyFiles.Options.none(), RunOptions.defaults(), sample.resolve("model.safetensors"),
                Optional.empty(), Optional.empty(), compute.device(), compute.precision(), map,
                List.of(sample.resolve("tasman_monthly_truth_2014.nc")), Optional.of(picture), Optional.empty());
        ReconstructionJob.Result result = job.run(new Progress.Lines(out));
        Scores scores = result.scores().orElseThrow();
        String units = UnitLabel.ofDifferences(result.maps().units());
        out.print(ScoreTable.of(scores, result.maps().units()));
        out.printf(Locale.ROOT, "RMSE %.3f %s%n", scores.reconstruction().rmse(), units);
        out.println("map: " + map);
        out.println("picture: " + picture);
        out.flush();
        return 0;
    }

    private static Path sample() {
        String root = System.getProperty("gatun.root");
        if (root == null || !Files.isDirectory(Path.of(root, "sample"))) {
            throw new ArgumentException("the sample is not here: it comes with the source tree, and the demo is started"
                    + " there with ./gatun demo. Elsewhere use gatun reconstruct with files of your own.");
        }
        return Path.of(root, "sample");
    }
}
