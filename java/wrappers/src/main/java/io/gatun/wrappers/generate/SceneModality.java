// SPDX-License-Identifier: Apache-2.0
package io.gatun.wrappers.generate;

import io.gatun.core.ArgumentException;
import io.gatun.data.scene.SceneRaster;
import io.gatun.models.terramind.TerraMindModality;
import java.nio.file.Path;
import java.util.List;

/**
 * A modality of TerraMind as scenes have it.
 *
 * @param name as the user spells it
 * @param bands names of its bands in files, in the model's order; of classes their names
 * @param units of its values before they are standardised; empty where they have none
 * @param classes whether its values are numbers of classes
 */
public record SceneModality(String name, List<String> bands, String units, boolean classes) {
    /** Copies the list. */
    public SceneModality {
        bands = List.copyOf(bands);
    }

    /**
     * The modality of a name.
     *
     * @param name in any of the spellings of {@link TerraMindModality#pretrained}
     * @return the modality
     * @throws ArgumentException if there is none of that name, or it is no image
     */
    public static SceneModality of(String name) {
        String key = TerraMindModality.pretrained(name).key();
        String kind = key.replaceAll("^(un)?tok_|@.*$", "");
        return switch (kind) {
            case "sen2l2a" -> new SceneModality(name, List.of(
                    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12"), "", false);
            case "sen2l1c" -> new SceneModality(name, List.of(
                    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12"), "", false);
            case "sen2rgb" -> new SceneModality(name, List.of("B4", "B3", "B2"), "", false);
            case "sen1grd", "sen1rtc" -> new SceneModality(name, List.of("VV", "VH"), "dB", false);
            case "dem" -> new SceneModality(name, List.of("DEM"), "m", false);
            case "ndvi" -> new SceneModality(name, List.of("NDVI"), "1", false);
            case "lulc" -> new SceneModality(name, LandCover.names(LandCover.values().length), "", true);
            default -> throw new ArgumentException("the modality " + name + " (" + key + ") is no image of a scene;"
                    + " expected one of S2L2A, S2L1C, RGB, S1GRD, S1RTC, DEM, LULC, NDVI");
        };
    }

    /**
     * The modality of a name, to be generated.
     *
     * @param name as for {@link #of}
     * @return the modality
     * @throws ArgumentException if there is none of that name, or it can only be an input
     */
    public static SceneModality target(String name) {
        SceneModality modality = of(name);
        if (TerraMindModality.pretrained(name).key().contains("sen2l1c")) {
            throw new ArgumentException("the modality " + name + " can be an input, but not be generated; of Sentinel-2"
                    + " it is S2L2A that can");
        }
        TerraMindModality.target(name);
        return modality;
    }

    /**
     * Opens a scene of this modality.
     *
     * @param path a file, or a folder with the files of its bands
     * @return the input; its raster has to be closed
     * @throws io.gatun.core.DataException if it cannot be read, or has not these bands
     */
    public SceneInput open(Path path) {
        return new SceneInput(name, SceneRaster.open(path, classes ? List.of("LULC") : bands), classes);
    }

    /**
     * What a generator gives of it.
     *
     * @param channels bands or classes of the model
     * @param standardised whether values stay standardised, without units
     * @return the output
     */
    public WindowGenerator.Output output(int channels, boolean standardised) {
        List<String> names = classes ? LandCover.names(channels) : bands;
        if (names.size() != channels) {
            throw new ArgumentException("the model gives " + channels + " channels as " + name + ", expected "
                    + names.size() + ": " + names);
        }
        return new WindowGenerator.Output(name, names, standardised ? "" : units, classes);
    }
}
