// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.Scope;
import io.gatun.core.StateDict;
import io.gatun.core.Tensor;
import io.gatun.models.layers.TransformerEncoderLayer;
import java.util.ArrayList;
import java.util.List;

/** Post-norm transformer over all patches of a map, without a final norm. Upstream class of the same name. */
final class SpatialTransformer {
    private final List<TransformerEncoderLayer> layers;

    SpatialTransformer(Scope scope, StateDict state, int embedDim, int depth, int numHeads, double mlpRatio) {
        List<TransformerEncoderLayer> loaded = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            loaded.add(TransformerEncoderLayer.load(
                    scope, state.at("enc.layers." + i), embedDim, (long) (embedDim * mlpRatio), numHeads));
        }
        layers = List.copyOf(loaded);
    }

    /** x [B, N, E] to the same. */
    Tensor forward(Scope scope, Tensor x) {
        return forward(scope, x, Trace.NONE);
    }

    Tensor forward(Scope scope, Tensor x, Trace trace) {
        Tensor mixed = x;
        for (int i = 0; i < layers.size(); i++) {
            Tensor before = mixed;
            mixed = layers.get(i).apply(scope, before);
            trace.accept("layer_" + i, mixed);
            if (before != x) {
                before.close();
            }
        }
        return mixed;
    }
}
