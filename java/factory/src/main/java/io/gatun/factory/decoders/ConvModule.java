// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory.decoders;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.models.layers.BatchNorm2d;
import io.gatun.models.layers.Conv2d;

/** TerraTorch's {@code ConvModule}: {@code conv} without bias, {@code norm}, ReLU; here one convolution. */
final class ConvModule {
    private ConvModule() {}

    static Conv2d load(Scope scope, StateDict state, long inputs, int outputs, int kernel) {
        return load(scope, state, inputs, outputs, kernel, 1);
    }

    static Conv2d load(Scope scope, StateDict state, long inputs, int outputs, int kernel, int dilation) {
        return Conv2d.loadNormed(scope, state.at("conv"), BatchNorm2d.take(state.at("norm"), outputs), inputs, outputs,
                kernel, dilation);
    }
}
