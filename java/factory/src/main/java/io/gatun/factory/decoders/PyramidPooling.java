// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Activation;
import io.gatun.core.Images;
import io.gatun.core.ResizeMode;
import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.ChannelConcat;
import io.gatun.models.layers.Conv2d;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pyramid pooling (Zhao et al. 2017): an image beside averages of it over coarser and coarser grids, each through a 1x1
 * convolution and enlarged again, then a 3x3 convolution over all.
 */
record PyramidPooling(List<Integer> scales, List<Conv2d> convs, Conv2d bottleneck, boolean alignCorners) {
    /** {@code psp_modules.i.1} and {@code bottleneck}. */
    static PyramidPooling load(Scope scope, StateDict state, int inputs, UperNetDecoder.Options options) {
        List<Integer> scales = options.poolScales();
        int channels = options.channels();
        return new PyramidPooling(scales, IntStream.range(0, scales.size()).mapToObj(i -> ConvModule.load(
                        scope, state.at("psp_modules." + i + ".1"), inputs, channels, 1)).toList(),
                ConvModule.load(scope, state.at("bottleneck"), inputs + (long) scales.size() * channels, channels, 3),
                options.alignCorners());
    }

    /** x [B, H, W, I]; the result [B, H, W, C]. */
    Tensor apply(Scope scope, Tensor x) {
        ChannelConcat all = new ChannelConcat(scope, x.dim(0), x.dim(1), x.dim(2), bottleneck.weight().inputs());
        all.add(x);
        for (int i = 0; i < scales.size(); i++) {
            long side = scales.get(i);
            try (Tensor pooled = Images.resize2d(scope, x, side, side, ResizeMode.AREA, false);
                    Tensor mixed = convs.get(i).apply(scope, pooled, Activation.RELU);
                    Tensor enlarged = Images.resize2d(
                            scope, mixed, x.dim(1), x.dim(2), ResizeMode.BILINEAR, alignCorners)) {
                all.add(enlarged);
            }
        }
        try (Tensor image = all.image()) {
            return bottleneck.apply(scope, image, Activation.RELU);
        }
    }
}
