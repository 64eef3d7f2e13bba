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
    /** Values that a preview holds at a time beside its own, 32 MiB. */
    private static final long PREVIEW_VALUES = 1 << 23;

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
     * @param nearest whether the nearest pixel's value is taken, as classes need it, not one between the four around
     * @return [bands, rows, columns], NaN where there is no value
     * @throws DataException if the file is damaged
     * @throws InterruptedRunException if the thread is interrupted
     */
    public float[] read(TargetGrid target, boolean nearest) {
        return read(places, target, nearest);
    }

    private static float[] read(List<OpenScene.Place> places, TargetGrid target, boolean nearest) {
        int count = target.width() * target.height();
        float[] result = new float[Math.multiplyExact(places.size(), count)];
        List<BandGrid> grids = places.stream().map(OpenScene.Place::grid).distinct().toList();
        for (BandGrid grid : grids) {
            int[] own = IntStream.range(0, places.size()).filter(i -> places.get(i).grid().equals(grid)).toArray();
            int[] bands = Arrays.stream(own).map(i -> places.get(i).band()).toArray();
            Sampler sampler = Sampler.of(grid, target, 0, target.height());
            float[] values = nearest ? sampler.nearest(bands) : sampler.bilinear(bands);
            for (int i = 0; i < own.length; i++) {
                System.arraycopy(values, i * count, result, own[i] * count, count);
            }
        }
        return result;
    }

    /**
     * Reads the whole scene on few pixels: some rows at a time, as each time whole blocks of the file are unpacked.
     *
     * @param target its pixels, see {@link TargetGrid#shrunk}
     * @param bands places among the bands of this raster
     * @return [bands, rows, columns] of the pixels next to the centres, NaN where there is no value
     */
    public float[] preview(TargetGrid target, int... bands) {
        return preview(target, bands, PREVIEW_VALUES);
    }

    float[] preview(TargetGrid target, int[] bands, long valuesAtOnce) {
        List<OpenScene.Place> wanted = Arrays.stream(bands).mapToObj(places::get).toList();
        double behindOne = Math.max(1, target.rowMetres() / pixels.rowMetres()) * pixels.width() * bands.length;
        int atOnce = Math.clamp((long) (valuesAtOnce / behindOne), 1, target.height());
        float[] result = new float[bands.length * target.height() * target.width()];
        for (int row = 0; row < target.height(); row += atOnce) {
            int count = Math.min(atOnce, target.height() - row);
            float[] part = read(wanted, target.part(new PixelWindow(row, 0, count, target.width())), true);
            for (int band = 0; band < bands.length; band++) {
                System.arraycopy(part, band * count * target.width(), result,
                        (band * target.height() + row) * target.width(), count * target.width());
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
