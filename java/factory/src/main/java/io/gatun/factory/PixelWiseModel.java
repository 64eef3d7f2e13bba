// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Device;
import io.gatun.core.Images;
import io.gatun.core.Kernels;
import io.gatun.core.Precision;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.Tensor;
import io.gatun.models.Input;
import io.gatun.models.layers.ChannelsLast;

/**
 * Segmentation and regression: images in, maps of the images' size out. TerraTorch's class of the same name.
 */
public final class PixelWiseModel implements EncoderDecoderModel {
    private final Stages stages;
    private final boolean rescale;

    PixelWiseModel(Stages stages, boolean rescale) {
        this.stages = stages;
        this.rescale = rescale;
    }

    /**
     * Runs the model: the image is padded to whole patches, and the output cut back to its size.
     *
     * @param scope owns the result; on the model's device
     * @param input images [B, C, H, W] or [B, C, T, H, W], f32, dense
     * @return logits or values [B, classes, H, W], without the axis of classes if there is one; of the decoder's own
     *     size if the model was built without rescaling and that is smaller than the image
     */
    @Override
    public ModelOutput forward(Scope scope, Input input) {
        ImageSize image = Stages.sizeOf(input);
        Input padded = stages.padded(scope, input);
        ImageSize size = Stages.sizeOf(padded);
        return stages.forward(scope, padded, map -> finished(scope, map, size, image));
    }

    private Tensor finished(Scope scope, Tensor map, ImageSize size, ImageSize image) {
        Tensor full = map;
        if (rescale && (map.dim(2) != size.height() || map.dim(3) != size.width())) {
            full = ChannelsLast.toMap(Images.resize2d(scope, ChannelsLast.of(scope, map), size.height(), size.width(),
                    ResizeMode.BILINEAR, false));
        }
        Tensor cut = full.slice(2, 0, Math.min(image.height(), full.dim(2)))
                .slice(3, 0, Math.min(image.width(), full.dim(3)));
        Tensor dense = Kernels.copy(scope, cut);
        return dense.dim(1) == 1 ? dense.reshape(dense.dim(0), dense.dim(2), dense.dim(3)) : dense;
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
