// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.wrappers.reconstruct.DailyFiles;
import io.gatun.wrappers.reconstruct.MonthlyMaps;
import io.gatun.wrappers.reconstruct.MonthlyReconstruction;
import io.gatun.wrappers.reconstruct.ProgressListener;
import io.gatun.wrappers.reconstruct.Scores;
import java.nio.file.Path;
import java.util.List;

/** The main job as a library call: the README shows what stands between the two markers. */
final class MonthlyMapExample {
    private MonthlyMapExample() {}

    static Scores run(Path sample, Path output) {
        // README: start
        List<Path> daily = List.of(sample.resolve("tasman_daily_gappy_2014.nc"));
        List<Path> truth = List.of(sample.resolve("tasman_monthly_truth_2014.nc"));
        MonthlyMaps maps;
        try (var reconstruction = MonthlyReconstruction.open(sample.resolve("model.safetensors"), Device.best());
                var input = DailyFiles.open(daily, DailyFiles.Options.none())) {
            maps = reconstruction.reconstruct(input, ProgressListener.none());
        }
        maps.write(output);
        Scores scores = Scores.of(maps, Scores.Truth.read(truth, maps));
        System.out.printf("RMSE %.3f K%n", scores.reconstruction().rmse());
        // README: end
        return scores;
    }
}
