// SPDX-License-Identifier: Apache-2.0
package io.gatun.models.terramind.tokenizer;

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

    private final GraphPool<List<Shape>> pool;

    DenoisingGraphs(Device device, Body body) {
        pool = new GraphPool<>(MOST_OF_SHAPE, MOST,
                shapes -> Graph.record(device, shapes.stream().map(each -> new Graph.Input(DType.F32, each)).toList(),
                        (scope, inputs) -> body.run(scope, Step.of(inputs))),
                shapes -> "A step of decoding on " + shapes.getFirst(),
                line -> LOGGER.log(System.Logger.Level.WARNING, line));
    }

    /** The result, or empty where the step is to be run directly. */
    Optional<Tensor> replay(Scope scope, Step step) {
        List<Tensor> inputs = step.tensors();
        return pool.replay(scope, inputs.stream().map(Tensor::shape).toList(), inputs);
    }

    /** Gives the memory of graphs that are not in use back; whether there were any. */
    boolean clear() {
        return pool.clear();
    }

    @Override
    public void close() {
        pool.close();
    }
}
