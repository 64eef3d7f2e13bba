// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Scope;
import io.gatun.models.Input;
import io.gatun.models.Model;

/** What {@link EncoderDecoderFactory} builds. */
public sealed interface EncoderDecoderModel extends Model permits PixelWiseModel, ScalarOutputModel {
    /**
     * Runs the model.
     *
     * @param scope owns the result; on the model's device
     * @param input images [B, C, H, W] or [B, C, T, H, W], f32, dense
     * @return logits
     */
    ModelOutput forward(Scope scope, Input input);

    /**
     * The task.
     *
     * @return what the model was built for
     */
    Task task();
}
