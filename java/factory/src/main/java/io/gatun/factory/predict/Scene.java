// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.predict;

import io.gatun.core.DataException;
import io.gatun.data.netcdf.NetcdfFile;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * An open scene: images by modality, all of one size.
 *
 * @param closing frees what the images are read from
 */
record Scene(SequencedMap<String, SceneImage> images, SceneFrame frame, Runnable closing) implements AutoCloseable {
    Scene {
        SceneImage first = images.firstEntry().getValue();
        images.values().forEach(image -> {
            if (image.height() != first.height() || image.width() != first.width()) {
                throw new DataException(image + " has " + image.height() + " x " + image.width() + " pixels and "
                        + first + " " + first.height() + " x " + first.width() + "; expected one"
                        + " size. Resample one of them.");
            }
        });
    }

    /**
     * Opens a scene: safetensors by the end of its name, else NetCDF.
     *
     * @param variable name of the image; only where there is one modality
     */
    static Scene open(Path path, TerraTorchConfig config, Optional<String> variable) {
        if (path.toString().endsWith(".safetensors")) {
            return TensorScene.open(path, config, variable);
        }
        NetcdfFile file = NetcdfFile.open(path);
        try {
            return NetcdfScene.of(file, config, variable);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    int height() {
        return images.firstEntry().getValue().height();
    }

    int width() {
        return images.firstEntry().getValue().width();
    }

    static void requireSingle(TerraTorchConfig config, Optional<String> variable) {
        if (variable.isPresent() && !config.preprocessing().containsKey(Input.IMAGE)) {
            throw new DataException("the variable " + variable.get() + " is named, and the model reads the modalities "
                    + config.preprocessing().keySet() + ", each from the variable of its name. Name none.");
        }
    }

    @Override
    public void close() {
        closing.run();
    }
}
