// SPDX-License-Identifier: Apache-2.0
package io.gatun.examples;

import io.gatun.core.Device;
import io.gatun.core.Scope;
import io.gatun.factory.Blueprint;
import io.gatun.factory.EncoderDecoderModel;
import io.gatun.factory.config.TerraTorchConfig;
import io.gatun.models.Input;
import java.nio.file.Path;

/** The model of a TerraTorch configuration. {@code gatun predict} does the rest of the job, from file to file. */
public final class RunConfiguration {
    private RunConfiguration() {}

    public static void main(String[] args) {
        TerraTorchConfig config = TerraTorchConfig.read(Path.of(args[0]), false);
        Blueprint<EncoderDecoderModel> blueprint = config.blueprint();
        Device device = Device.best();
        try (EncoderDecoderModel model = blueprint.load(blueprint.structure().random(1), device);
                Scope scope = Scope.open(device)) {
            System.out.println(config.task() + " "
                    + model.forward(scope, Input.of(scope.zeros(1, 6, 3, 64, 64))).output().shape());
        }
    }
}
