// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.data.crs.Crs;
import io.gatun.data.geotiff.GeoTiff;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Scenes in GeoTIFF: a file with all bands, or the files of one scene whose names differ by the band. */
final class TiffScenes {
    private TiffScenes() {}

    static List<StoredScene> of(List<Path> files) {
        Map<String, List<Path>> byScene = new TreeMap<>();
        files.forEach(file -> byScene.computeIfAbsent(SceneName.of(file).key(), _ -> new ArrayList<>()).add(file));
        List<StoredScene> scenes = new ArrayList<>();
        byScene.forEach((key, paths) -> scenes.add(
                new StoredScene(key, SceneName.of(paths.getFirst()).date(), () -> open(key, paths))));
        return scenes;
    }

    private static OpenScene open(String key, List<Path> paths) {
        List<GeoTiff> files = new ArrayList<>();
        Runnable closing = () -> files.forEach(GeoTiff::close);
        try {
            List<BandGrid> grids = new ArrayList<>();
            Map<String, String> properties = new LinkedHashMap<>();
            for (Path path : paths) {
                GeoTiff file = GeoTiff.open(path);
                files.add(file);
                grids.add(grid(file));
                properties.putAll(file.metadata());
                SceneName.of(path).cloudPercent().ifPresent(
                        percent -> properties.put("cloud_percent", String.valueOf(percent)));
            }
            Path folder = paths.getFirst().toAbsolutePath().getParent();
            properties.putAll(Sidecar.read(folder, key));
            properties.putAll(Sidecar.read(folder, SceneName.stem(paths.getFirst())));
            return new OpenScene(paths.getFirst().toString(), grids, properties, closing);
        } catch (RuntimeException e) {
            closing.run();
            throw e;
        }
    }

    private static BandGrid grid(GeoTiff file) {
        GeoTransform transform = file.transform().orElseThrow(() -> new DataException(file.path()
                + ": does not say where its pixels lie (no pixel scale and tie point, no transformation). Give it a"
                + " georeference, for example with gdal_edit -a_ullr -a_srs."));
        int epsg = file.epsg().orElseThrow(() -> new DataException(file.path()
                + ": has no reference system with an EPSG code, expected EPSG:4326 or a UTM zone. Set it with gdal_edit"
                + " -a_srs, or reproject with gdalwarp -t_srs."));
        List<String> bands = file.bands() == 1
                ? List.of(SceneName.of(file.path()).band().orElse(SceneName.normal(file.bandNames().getFirst())))
                : file.bandNames().stream().map(SceneName::normal).toList();
        return new TiffGrid(file, bands, crs(file, epsg), transform);
    }

    private static Crs crs(GeoTiff file, int epsg) {
        try {
            return new Crs(epsg);
        } catch (DataException e) {
            throw new DataException(file.path() + ": " + e.getMessage(), e);
        }
    }

    private record TiffGrid(GeoTiff file, List<String> bands, Crs crs, GeoTransform transform) implements BandGrid {
        @Override
        public int width() {
            return file.width();
        }

        @Override
        public int height() {
            return file.height();
        }

        @Override
        public float[] read(int[] indices, PixelWindow window) {
            return file.read(indices, window);
        }
    }
}
