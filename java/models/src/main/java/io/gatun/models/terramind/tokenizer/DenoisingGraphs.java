// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

import io.gatun.core.DType;
import io.gatun.core.Device;
import io.gatun.core.DeviceMemoryException;
import io.gatun.core.GatunException;
import io.gatun.core.Graph;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.Scope;
import io.gatun.core.Shape;
import io.gatun.core.Tensor;
import io.gatun.models.internal.InstancePool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** Steps of a diffusion as recorded graphs: one serves all timesteps, which are among its inputs. */
final class DenoisingGraphs implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger("io.gatun.models");
    /** Decodings of one shape that can overlap. */
    private static final int MOST_OF_SHAPE = 2;
    /** Each holds all temporaries of a step. */
    private static final int MOST = 4;

    /**
     * What a step reads.
     *
     * @param x patches with noise
     * @param condition codes of each patch
     * @param time what the timestep adds in the blocks
     * @param coefficients of the scheduler
     * @param noise that is added, if any is
     */
    record Step(Tensor x, Tensor condition, Tensor time, Tensor coefficients, Optional<Tensor> noise) {
        List<Tensor> tensors() {
            List<Tensor> all = new ArrayList<>(List.of(x, condition, time, coefficients));
            noise.ifPresent(all::add);
            return all;
        }

        static Step of(List<Tensor> all) {
            return new Step(all.get(0), all.get(1), all.get(2), all.get(3),
                    all.size() > 4 ? Optional.of(all.get(4)) : Optional.empty());
        }
    }

    /** The step itself. */
    @FunctionalInterface
    interface Body {
        Tensor run(Scope scope, Step step);
    }

    private final Device device;
    private final Body body;
    private final InstancePool<List<Shape>, Graph> pool = new InstancePool<>(MOST_OF_SHAPE, MOST);
    private final AtomicBoolean failureTold = new AtomicBoolean();

    DenoisingGraphs(Device device, Body body) {
        this.device = device;
        this.body = body;
    }

    /** The result, or empty where the step is to be run directly. */
    Optional<Tensor> replay(Scope scope, Step step) {
        List<Shape> key = step.tensors().stream().map(Tensor::shape).toList();
        Optional<Graph> taken;
        try {
            taken = pool.take(key, graph -> graph.isFree(scope), () -> Graph.record(device,
                    key.stream().map(shape -> new Graph.Input(DType.F32, shape)).toList(),
                    (own, inputs) -> body.run(own, Step.of(inputs))));
        } catch (InterruptedRunException e) {
            throw e;
        } catch (GatunException e) {
            failed(key, e);
            return Optional.empty();
        }
        if (taken.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(taken.get().replay(scope, step.tensors()));
        } finally {
            pool.give(key, taken.get());
        }
    }

    /** Gives the memory of graphs that are not in use back; whether there were any. */
    boolean clear() {
        return pool.clear() > 0;
    }

    private void failed(List<Shape> key, GatunException e) {
        if (e instanceof DeviceMemoryException) {
            pool.clear();
        }
        if (!failureTold.getAndSet(true)) {
            LOGGER.log(System.Logger.Level.WARNING, "A step of decoding on " + key.getFirst()
                    + " could not be recorded as a graph and is launched kernel by kernel: " + e.getMessage());
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
