// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.geotiff.PixelWindow;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Some bands of one scene, read in windows: of its own pixels, or of another's, onto which it is resampled. A file in
 * GeoTIFF or NetCDF, or a folder of GeoTIFF files of one scene's bands, as {@link SceneFolder} reads them. Its pixels
 * are those of its finest band. For one thread.
 */
public final class SceneRaster implements AutoCloseable {
    private final Path path;
    private final OpenScene scene;
    private final List<OpenScene.Place> places;
    private final TargetGrid pixels;

    private SceneRaster(Path path, OpenScene scene, List<OpenScene.Place> places) {
        this.path = path;
        this.scene = scene;
        this.places = places;
        BandGrid finest = places.stream().map(OpenScene.Place::grid)
                .min(Comparator.comparingDouble(grid -> area(grid.transform()))).orElseThrow();
        this.pixels = new TargetGrid(finest.crs(), finest.transform(), finest.width(), finest.height());
    }

    private static double area(GeoTransform t) {
        return Math.abs(t.xColumn() * t.yRow() - t.xRow() * t.yColumn());
    }

    /**
     * Opens a scene.
     *
     * @param path a file or a folder
     * @param bands names of the wanted bands, in order. A file of as many nameless bands has them in this order, and
     *     where one is wanted and the scene has one, it is that, whatever its name
     * @return the open scene
     * @throws DataException if there is not one scene, it does not have the bands, or it cannot be read
     */
    public static SceneRaster open(Path path, List<String> bands) {
        OpenScene scene = SceneFolder.open(path).only();
        try {
            boolean single = bands.size() == 1 && scene.grids().size() == 1
                    && scene.grids().getFirst().bands().size() == 1;
            return new SceneRaster(path, scene, single ? List.of(new OpenScene.Place(scene.grids().getFirst(), 0))
                    : bands.stream().map(band -> scene.place(band, bands)).toList());
        } catch (RuntimeException e) {
            scene.close();
            throw e;
        }
    }

    /**
     * The scene's pixels.
     *
     * @return those of its finest band
     */
    public TargetGrid pixels() {
        return pixels;
    }

    /**
     * Number of bands.
     *
     * @return as many as were asked for
     */
    public int bands() {
        return places.size();
    }

    /**
     * Reads some pixels.
     *
     * @param target where they lie; a part of {@link #pixels()} is read as it is, else values are interpolated
     * @param nearest whether the nearest pixel's value is taken, as classes need it, and not one between the four around
     * @return [bands, rows, columns], NaN where there is no value
     * @throws DataException if the file is damaged
     * @throws InterruptedRunException if the thread is interrupted
     */
    public float[] read(TargetGrid target, boolean nearest) {
        int count = target.width() * target.height();
        float[] result = new float[Math.multiplyExact(places.size(), count)];
        List<BandGrid> grids = places.stream().map(OpenScene.Place::grid).distinct().toList();
        for (BandGrid grid : grids) {
            int[] own = IntStream.range(0, places.size()).filter(i -> places.get(i).grid().equals(grid)).toArray();
            int[] bands = Arrays.stream(own).map(i -> places.get(i).band()).toArray();
            float[] values = values(grid, bands, target, nearest);
            for (int i = 0; i < own.length; i++) {
                System.arraycopy(values, i * count, result, own[i] * count, count);
            }
        }
        return result;
    }

    private static float[] values(BandGrid grid, int[] bands, TargetGrid target, boolean nearest) {
        Sampler sampler = Sampler.of(grid, target, 0, target.height());
        if (!nearest) {
            return sampler.bilinear(bands);
        }
        int count = target.width() * target.height();
        float[] result = new float[bands.length * count];
        for (int i = 0; i < bands.length; i++) {
            System.arraycopy(sampler.nearest(bands[i]), 0, result, i * count, count);
        }
        return result;
    }

    /**
     * Reads the whole scene on few pixels, row by row.
     *
     * @param target its pixels, see {@link TargetGrid#shrunk}
     * @return [bands, rows, columns] of the pixels next to the centres, NaN where there is no value
     */
    public float[] preview(TargetGrid target) {
        float[] result = new float[places.size() * target.height() * target.width()];
        for (int row = 0; row < target.height(); row++) {
            float[] line = read(target.part(new PixelWindow(row, 0, 1, target.width())), true);
            for (int band = 0; band < places.size(); band++) {
                System.arraycopy(line, band * target.width(), result,
                        (band * target.height() + row) * target.width(), target.width());
            }
        }
        return result;
    }

    /** For messages. */
    @Override
    public String toString() {
        return path.toString();
    }

    @Override
    public void close() {
        scene.close();
    }
}
