// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.AttributeValue;
import io.gatun.data.netcdf.GridVariable;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.data.netcdf.TimeAxis;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Scenes in NetCDF, one for each step of the time axis: a variable over [y, x] or [time, y, x] for each band, or one
 * over [band, y, x] or [time, band, y, x] with the attribute {@code band_names}.
 */
final class NetcdfScenes {
    private NetcdfScenes() {}

    static List<StoredScene> of(Path path) {
        try (NetcdfFile file = NetcdfFile.open(path)) {
            List<GridVariable> images = images(file);
            Optional<GridVariable> inTime = images.stream().filter(NetcdfScenes::hasTime).findFirst();
            if (inTime.isEmpty()) {
                return List.of(new StoredScene(path.getFileName().toString(), SceneName.of(path).date(),
                        () -> open(path, 0)));
            }
            TimeAxis times = TimeAxis.of(file, inTime.get());
            List<StoredScene> scenes = new ArrayList<>();
            for (int step = 0; step < times.size(); step++) {
                int wanted = step;
                LocalDate date = times.date(step);
                scenes.add(new StoredScene(path.getFileName() + " of " + date, Optional.of(date),
                        () -> open(path, wanted)));
            }
            return scenes;
        }
    }

    private static OpenScene open(Path path, int step) {
        NetcdfFile file = NetcdfFile.open(path);
        try {
            // Variables on the same axes are one grid, so that their coordinates are read once.
            Map<List<String>, List<GridVariable>> byAxes = new LinkedHashMap<>();
            images(file).forEach(
                    image -> byAxes.computeIfAbsent(image.dimensions(), _ -> new ArrayList<>()).add(image));
            List<BandGrid> grids = new ArrayList<>();
            byAxes.values().forEach(images -> grids.addAll(grids(file, images, step)));
            return new OpenScene(path.toString(), grids, properties(path, file, step), file::close);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Collection<BandGrid> grids(NetcdfFile file, List<GridVariable> images, int step) {
        NetcdfFrame frame = NetcdfFrame.of(file, images.getFirst());
        int axes = images.getFirst().shape().rank() - (hasTime(images.getFirst()) ? 1 : 0);
        return axes == 2 ? List.of(NetcdfGrid.ofVariables(images, frame, step))
                : images.stream().<BandGrid>map(image -> NetcdfGrid.ofBandAxis(image, frame, step)).toList();
    }

    /** Numeric variables over an image, without those that are coordinates. */
    private static List<GridVariable> images(NetcdfFile file) {
        List<GridVariable> images = file.variables().stream().filter(v -> v.type().isNumeric())
                .filter(v -> v.shape().rank() >= 2 && v.shape().rank() <= 4)
                .filter(v -> NetcdfFrame.isPlane(file, v)).toList();
        if (images.isEmpty()) {
            throw new DataException(file.path() + ": has no variable over an image, expected [y, x] or [time, y, x] for"
                    + " each band, or [band, y, x] or [time, band, y, x], with coordinate variables of the names of"
                    + " y and x. Its variables are " + file.variables().stream().map(v -> v.name() + v.dimensions())
                            .toList() + ".");
        }
        return images;
    }

    static boolean hasTime(GridVariable image) {
        String first = image.dimensions().getFirst();
        return image.shape().rank() == 4 || image.shape().rank() == 3 && (first.equals("time") || first.equals("t"));
    }

    private static Map<String, String> properties(Path path, NetcdfFile file, int step) {
        Map<String, String> properties = new LinkedHashMap<>();
        file.attributes().forEach((name, value) -> properties.put(name, switch (value) {
            case AttributeValue.Text(String text) -> text;
            case AttributeValue.Numbers numbers -> numbers.toDoubles().length == 1
                    ? String.valueOf(numbers.toDoubles()[0]) : numbers.toString();
        }));
        SceneName.of(path).cloudPercent().ifPresent(
                percent -> properties.put("cloud_percent", String.valueOf(percent)));
        properties.putAll(Sidecar.read(path.toAbsolutePath().getParent(), SceneName.stem(path)));
        if (file.hasVariable("cloud_percent")) {
            GridVariable clouds = file.variable("cloud_percent");
            double[] percents = clouds.readDoubles();
            if (step < percents.length && !Double.isNaN(percents[step])) {
                properties.put("cloud_percent", String.valueOf(percents[step]));
            }
        }
        return properties;
    }
}
