// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The model of a TerraTorch configuration on an image of zeros; arguments: the file, the image's extents.
 * {@code gatun predict} does the whole job, from file to file.
 */
public final class RunConfiguration {
    private RunConfiguration() {}

    public static void main(String[] args) {
        long[] shape = Arrays.stream(args).skip(1).mapToLong(Long::parseLong).toArray();
        TerraTorchConfig config = TerraTorchConfig.read(Path.of(args[0]), false);
        Blueprint<EncoderDecoderModel> blueprint = config.blueprint();
        Device device = Device.best();
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device);
                Scope scope = Scope.open(device)) {
            Input image = Input.of(scope.zeros(shape));
            System.out.println(config.task() + " " + model.forward(scope, image).output().shape());
        }
    }
}
