// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.scene;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A folder of scenes, or one file.
 *
 * <p>GeoTIFF ({@code .tif}, {@code .tiff}): a file with all bands of a date, named by GDAL's band descriptions; or a
 * file for each band, whose name has the band between separators ({@code T51_20220605_B02_10m.tif}). Dates are in the
 * names: YYYYMMDD, YYYY-MM-DD or YYYY_MM_DD, the first that is one. NetCDF ({@code .nc}, {@code .nc4}): each band in a
 * variable, or a band axis; dates are on the time axis, or in the name where there is none. Other files and folders
 * within are left alone. One file may be without date, and then belongs to each range.
 *
 * <p>How much of a scene is clouded, in percent, is taken from the first of: {@code cloud_percent},
 * {@code eo:cloud_cover}, {@code CLOUDY_PIXEL_PERCENTAGE}, {@code CLOUD_COVERAGE_ASSESSMENT}, {@code CLOUD_COVER}; in a
 * JSON file of the scene's name beside it (members, or STAC's properties), else in the file name
 * ({@code ..._cloud12.5.tif}, {@code ..._cc12.tif}), else in GDAL's metadata or NetCDF's attributes; in NetCDF the
 * variable {@code cloud_percent} over time goes before all.
 *
 * <p>Immutable, for any number of threads; files are open only while a method runs.
 */
public final class SceneFolder {
    private final Path path;
    private final List<StoredScene> scenes;

    private SceneFolder(Path path, List<StoredScene> scenes) {
        this.path = path;
        this.scenes = scenes;
    }

    /**
     * Lists the scenes.
     *
     * @param path a folder or a file
     * @return the folder
     * @throws DataException if there is none, a file of a folder has no date, or a NetCDF file cannot be read
     */
    public static SceneFolder open(Path path) {
        List<Path> files = list(path);
        List<StoredScene> scenes = new ArrayList<>();
        scenes.addAll(TiffScenes.of(files.stream().filter(SceneFolder::isTiff).toList()));
        files.stream().filter(SceneFolder::isNetcdf).forEach(file -> scenes.addAll(NetcdfScenes.of(file)));
        if (scenes.isEmpty()) {
            throw new DataException(path + ": holds no scene among its " + files.size()
                    + " files, expected names that end in .tif, .tiff, .nc or .nc4. Convert what is there, for example"
                    + " with gdal_translate.");
        }
        List<String> undated = scenes.stream().filter(s -> s.date().isEmpty()).map(StoredScene::name).toList();
        if (scenes.size() > 1 && !undated.isEmpty()) {
            throw new DataException(path + ": " + undated.size() + " of its " + scenes.size() + " scenes have no date"
                    + " in their name, the first is " + undated.getFirst() + ". Expected " + SceneName.DATES
                    + ". Rename them.");
        }
        scenes.sort(Comparator.comparing((StoredScene s) -> s.date().orElse(LocalDate.MIN))
                .thenComparing(StoredScene::name));
        return new SceneFolder(path, List.copyOf(scenes));
    }

    private static List<Path> list(Path path) {
        if (Files.isRegularFile(path)) {
            return List.of(path);
        }
        try (Stream<Path> stream = Files.list(path)) {
            return stream.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException e) {
            throw new DataException(path + ": cannot be listed (" + e + "). Give a scene, or a folder of scenes that"
                    + " may be read.", e);
        }
    }

    private static boolean isTiff(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).matches(".*\\.tiff?");
    }

    private static boolean isNetcdf(Path file) {
        return file.toString().toLowerCase(Locale.ROOT).matches(".*\\.nc4?");
    }

    /**
     * Names of the scenes.
     *
     * @return earliest first
     */
    public List<String> names() {
        return scenes.stream().map(StoredScene::name).toList();
    }

    /** The one scene that there is, open. */
    OpenScene only() {
        if (scenes.size() != 1) {
            throw new DataException(path + ": holds " + scenes.size() + " scenes, from " + scenes.getFirst().name()
                    + " to " + scenes.getLast().name() + "; expected one. Give the file of one, or the folder that has"
                    + " the bands of one.");
        }
        return scenes.getFirst().open();
    }

    /**
     * What the first scene covers.
     *
     * @return the box around it, in degrees
     * @throws DataException if it cannot be read
     */
    public SceneQuery.Box extent() {
        try (OpenScene scene = scenes.getFirst().open()) {
            return Extent.of(scene.grids().getFirst());
        }
    }

    /**
     * Cuts a region out of the scenes of a range of days and composes them. Pixels lie north up in the reference system
     * of the earliest scene that reaches into the region, on its lattice; scenes in other systems are reprojected. Each
     * band is interpolated bilinearly, the mask's is taken from the nearest pixel.
     *
     * @param query what is wanted
     * @return the composite
     * @throws DataException if no scene is left by dates, orbit, clouds or place, a band is absent, no pixel has a
     *     value, or a file cannot be read
     * @throws ArgumentException if the region has too many pixels
     * @throws InterruptedRunException if the thread is interrupted
     */
    public SceneComposite fetch(SceneQuery query) {
        List<StoredScene> inTime = scenes.stream().filter(s -> s.date().isEmpty()
                || !s.date().get().isBefore(query.start()) && s.date().get().isBefore(query.end())).toList();
        if (inTime.isEmpty()) {
            throw new DataException(path + ": none of its " + scenes.size() + " scenes is from " + query.start()
                    + " to before " + query.end() + "; they are from " + scenes.getFirst().date().orElseThrow() + " to "
                    + scenes.getLast().date().orElseThrow() + ". Choose other days.");
        }
        SceneChoice choice = SceneChoice.of(path, inTime, query);
        return new Composition(path, query, choice).run();
    }
}
