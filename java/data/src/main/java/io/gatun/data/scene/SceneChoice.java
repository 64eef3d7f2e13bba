// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;

/**
 * The scenes that take part in a composite.
 *
 * @param target its pixels
 * @param finest how many pixels of a scene lie along one of the target, at most
 */
record SceneChoice(List<StoredScene> scenes, TargetGrid target, double finest, int cloudUnknown) {
    static SceneChoice of(Path path, List<StoredScene> inTime, SceneQuery query) {
        List<StoredScene> chosen = new ArrayList<>();
        List<String> clouded = new ArrayList<>();
        int elsewhere = 0;
        int otherOrbit = 0;
        int unknown = 0;
        double finest = 1;
        TargetGrid target = null;
        for (StoredScene stored : inTime) {
            try (OpenScene scene = stored.open()) {
                OptionalDouble cloud = scene.cloudPercent();
                BandGrid grid = scene.place(query.bands().getFirst(), query.bands()).grid();
                if (query.orbit().isPresent()
                        && scene.orbit().filter(o -> !o.equalsIgnoreCase(query.orbit().get())).isPresent()) {
                    otherOrbit++;
                } else if (cloud.orElse(0) > query.maxCloudPercent()) {
                    clouded.add(stored.name() + " " + cloud.getAsDouble() + " %");
                } else if (!reaches(grid, query)) {
                    elsewhere++;
                } else {
                    chosen.add(stored);
                    unknown += cloud.isEmpty() ? 1 : 0;
                    target = target == null ? TargetGrid.of(query.region(), query.scaleMetres(), grid) : target;
                    finest = Math.max(finest, density(scene, query, target));
                }
            }
        }
        if (target == null) {
            throw new DataException(path + ": of the " + inTime.size() + " scenes from " + query.start() + " to before "
                    + query.end() + ", " + elsewhere + " do not reach into " + query.region() + ", " + clouded.size()
                    + " have more than " + query.maxCloudPercent() + " % of clouds " + clouded + ", " + otherOrbit
                    + " are of another orbit; none is left. Choose another region, other days, or a higher limit.");
        }
        return new SceneChoice(chosen, target, finest, unknown);
    }

    private static boolean reaches(BandGrid grid, SceneQuery query) {
        double[] box = TargetGrid.envelope(query.region(), grid.crs());
        double[] xs = {grid.transform().x(0, 0), grid.transform().x(grid.width(), 0),
            grid.transform().x(0, grid.height()), grid.transform().x(grid.width(), grid.height())};
        double[] ys = {grid.transform().y(0, 0), grid.transform().y(grid.width(), 0),
            grid.transform().y(0, grid.height()), grid.transform().y(grid.width(), grid.height())};
        Arrays.sort(xs);
        Arrays.sort(ys);
        // A region far from the zone has coordinates that are no numbers, and compares as outside.
        return box[0] < xs[3] && box[2] > xs[0] && box[1] < ys[3] && box[3] > ys[0];
    }

    private static double density(OpenScene scene, SceneQuery query, TargetGrid target) {
        double most = 1;
        for (String band : query.bands()) {
            BandGrid grid = scene.place(band, query.bands()).grid();
            Sampler row = Sampler.of(grid, target, target.height() / 2, 1);
            most = row.window().map(w -> (double) w.columns() / target.width()).stream()
                    .reduce(most, Math::max);
        }
        return most;
    }
}
