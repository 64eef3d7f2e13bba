// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.embed;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.data.geotiff.GeoTransform;
import io.gatun.data.scene.Composite;
import io.gatun.data.scene.PixelMask;
import io.gatun.data.scene.SceneComposite;
import io.gatun.data.scene.SceneFolder;
import io.gatun.data.scene.SceneQuery;
import io.gatun.wrappers.embed.SpatialSpec.BoundingBox;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Pixels from scenes on disk, under the name {@code local}: GeoTIFF and NetCDF files as {@link SceneFolder} reads them.
 * The collection of a sensor is not looked at: what lies in the folder is taken, in the units that it has there. Clouds
 * limit scenes of Sentinel-2 only, the orbit those of Sentinel-1; a scene that states neither is taken.
 */
public final class LocalProvider implements EmbeddingProvider {
    private static final double NO_LIMIT = 100;

    private final Path path;
    private final SceneFolder scenes;
    private final Optional<PixelMask> mask;

    private LocalProvider(Path path, SceneFolder scenes, Optional<PixelMask> mask) {
        this.path = path;
        this.scenes = scenes;
        this.mask = mask;
    }

    /**
     * Lists the scenes of a folder.
     *
     * @param path a folder, or one file
     * @return the provider
     * @throws DataException if there is no scene, or one of several has no date
     */
    public static LocalProvider open(Path path) {
        return new LocalProvider(path, SceneFolder.open(path), Optional.empty());
    }

    /**
     * The same without some pixels.
     *
     * @param pixels which do not count, such as {@link PixelMask#sentinel2Clouds()}; the scenes need the mask's band
     * @return the provider
     */
    public LocalProvider withMask(PixelMask pixels) {
        return new LocalProvider(path, scenes, Optional.of(pixels));
    }

    /**
     * What the first scene covers.
     *
     * @return the box around it
     * @throws DataException if it cannot be read
     */
    public BoundingBox extent() {
        SceneQuery.Box box = scenes.extent();
        return SpatialSpec.boundingBox(box.west(), box.south(), box.east(), box.north());
    }

    @Override
    public String name() {
        return "local";
    }

    /**
     * {@inheritDoc}
     *
     * <p>Pixels lie in the reference system of the earliest scene that takes part. What no scene covers is NaN.
     *
     * @throws ArgumentException if the region has too many pixels
     */
    @Override
    public FetchedPatch fetch(SpatialSpec region, TemporalSpec.Range time, SensorSpec sensor) {
        BoundingBox box = region.bounds();
        boolean optical = sensor.modality() == Modality.S2;
        SceneComposite image = scenes.fetch(new SceneQuery(
                new SceneQuery.Box(box.minLon(), box.minLat(), box.maxLon(), box.maxLat()), time.start(), time.end(),
                sensor.bands(), sensor.scaleM(), optical ? sensor.cloudyPct() : NO_LIMIT,
                switch (sensor.composite()) {
                    case MEDIAN -> Composite.MEDIAN;
                    case MOSAIC -> Composite.MOSAIC;
                }, mask, optical ? Optional.empty() : sensor.orbit().map(Enum::name)));
        GeoTransform place = image.transform();
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata.put("source", path.toString());
        metadata.put("scenes", image.scenes());
        metadata.put("scenes_of_unknown_cloud", image.cloudUnknown());
        metadata.put("mask", mask.map(m -> m.band() + m.excluded().stream().sorted().toList()).orElse("none"));
        return new FetchedPatch(new Raster(image.shape(), image.values()), Optional.of(new Georeference(
                image.crs().toString(), place.x0(), place.y0(), place.xColumn(), place.yRow())), metadata);
    }
}
