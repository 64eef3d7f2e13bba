// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Device;
import io.gatun.core.Precision;
import io.gatun.core.Scope;
import io.gatun.models.Input;
import java.util.function.UnaryOperator;

/** Classification: images in, one vector of scores for each out. TerraTorch's class of the same name. */
public final class ScalarOutputModel implements EncoderDecoderModel {
    private final Stages stages;

    ScalarOutputModel(Stages stages) {
        this.stages = stages;
    }

    /**
     * Runs the model: the image is padded to whole patches first.
     *
     * @param scope owns the result; on the model's device
     * @param input images [B, C, H, W] or [B, C, T, H, W], f32, dense
     * @return logits [B, classes]
     */
    @Override
    public ModelOutput forward(Scope scope, Input input) {
        return stages.forward(scope, stages.padded(scope, input), UnaryOperator.identity());
    }

    Stages stages() {
        return stages;
    }

    @Override
    public Task task() {
        return stages.task();
    }

    @Override
    public Device device() {
        return stages.weights().device();
    }

    @Override
    public Precision precision() {
        return stages.precision();
    }

    @Override
    public void close() {
        stages.close();
    }
}
