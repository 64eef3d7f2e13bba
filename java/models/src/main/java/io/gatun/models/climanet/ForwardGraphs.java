// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.climanet;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.Graph;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.models.internal.GraphPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The forward passes of a model as recorded graphs. */
final class ForwardGraphs implements AutoCloseable {
    /** Forwards of one shape that can overlap. */
    private static final int MOST_OF_SHAPE = 4;
    /** Each holds all temporaries of its pass. */
    private static final int MOST = 16;

    /** What a recording depends on; months are rows of the month tables, padded is by temporal patches. */
    record Key(Shape data, List<Integer> months, Optional<PaddedDays> padded, boolean land) {
        Shape landShape() {
            return Shape.of(data.dim(0), data.dim(4), data.dim(5));
        }
    }

    /** The pass itself: data and mask [B, C, M, T, H, W], land [B, H, W]. */
    @FunctionalInterface
    interface Pass {
        Tensor run(Scope scope, Key key, Tensor data, Tensor mask, Optional<Tensor> land);
    }

    private final Device device;
    private final Pass pass;
    private final GraphPool<Key> pool;

    /** log gets at most one line: why the first recording that failed did. */
    ForwardGraphs(Device device, Pass pass, Consumer<String> log) {
        this.device = device;
        this.pass = pass;
        pool = new GraphPool<>(
                MOST_OF_SHAPE, MOST, this::record, key -> "A forward pass on input " + key.data(), log);
    }

    /** The result, or empty where the pass is to be run directly. */
    Optional<Tensor> replay(Scope scope, Key key, Tensor data, Tensor mask, Optional<Tensor> land) {
        List<Tensor> inputs = new ArrayList<>(List.of(data, mask));
        land.ifPresent(inputs::add);
        return pool.replay(scope, key, inputs);
    }

    /** Records a pass that has run before. */
    void prepare(Key key) {
        pool.prepare(key);
    }

    /** Gives the memory of graphs that are not in use back; whether there were any. */
    boolean clear() {
        return pool.clear();
    }

    private Graph record(Key key) {
        List<Graph.Input> inputs = new ArrayList<>(
                List.of(new Graph.Input(DType.F32, key.data()), new Graph.Input(DType.BOOL, key.data())));
        if (key.land()) {
            inputs.add(new Graph.Input(DType.BOOL, key.landShape()));
        }
        return Graph.record(device, inputs, (scope, own) -> pass.run(scope, key, own.get(0), own.get(1),
                key.land() ? Optional.of(own.get(2)) : Optional.empty()));
    }

    @Override
    public void close() {
        pool.close();
    }
}
