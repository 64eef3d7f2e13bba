// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.GatunH;
import io.gatun.core.internal.GraphEvent;
import io.gatun.core.internal.GraphHandle;
import io.gatun.core.internal.Leaks;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Work that was recorded once and is replayed with one call: on CUDA a captured graph, whose launch costs the host a
 * few microseconds however many kernels it has.
 *
 * <p>A graph owns the tensors it reads and writes: each replay copies its inputs in and its result out, so no tensor of
 * a caller is ever bound to a graph. What the body makes beside that, constants included, stays as it was recorded;
 * weights it reads live as long as the graph.
 *
 * <p>Safe for use by many threads; replays of one graph run after each other, so work that is to overlap takes a graph
 * of its own for each scope.
 */
public final class Graph implements AutoCloseable {
    /**
     * An input.
     *
     * @param dtype its element type
     * @param shape its extents
     */
    public record Input(DType dtype, Shape shape) {}

    /** What is recorded. */
    @FunctionalInterface
    public interface Body {
        /**
         * Queues the work. It must not wait for the scope, read a tensor or keep one.
         *
         * @param scope where it runs
         * @param inputs in the order in which they were described, dense and with undefined contents
         * @return the result, a tensor of the scope
         */
        Tensor run(Scope scope, List<Tensor> inputs);
    }

    private final Device device;
    private final GraphHandle handle;
    private final List<Tensor> inputs;
    private final Tensor result;
    private final Leaks.Watch watch;

    private Graph(Device device, GraphHandle handle, List<Tensor> inputs, Tensor result) {
        this.device = device;
        this.handle = handle;
        this.inputs = inputs;
        this.result = result;
        this.watch = Leaks.watch(this, "a graph on " + device.name(), () -> handle.drop(0));
    }

    /**
     * Records work. The body runs once, on a scope of the graph's own; nothing is computed.
     *
     * @param device where it will run
     * @param inputs what it reads anew in each replay
     * @param body the work
     * @return a graph that the caller closes
     * @throws DeviceException if the device has no graphs ({@link Device#hasGraphs()}), or the work cannot be recorded
     * @throws DeviceMemoryException if the graph's tensors do not fit into memory
     */
    public static Graph record(Device device, List<Input> inputs, Body body) {
        if (!device.hasGraphs()) {
            throw new DeviceException("device " + device.name() + " has no graphs. Ask Device.hasGraphs() first, and"
                    + " run the work directly.");
        }
        GraphEvent event = new GraphEvent();
        event.begin();
        Scope scope = Scope.open(device);
        try {
            List<Tensor> own = inputs.stream().map(input -> scope.empty(input.dtype(), input.shape())).toList();
            List<Tensor> results = new ArrayList<>(1);
            GraphHandle handle = scope.handle().record(scope, () -> results.add(body.run(scope, own)));
            try {
                Tensor result = results.getFirst();
                result.requireOpen();
                if (result.buffer().owner() != scope.handle()) {
                    throw new ArgumentException("Graph.record: the result, " + result + ", is not of the scope that"
                            + " the work was given. Return a tensor that the work makes.");
                }
                event.device = device.name();
                event.resultShape = result.shape().toString();
                event.commit();
                return new Graph(device, handle, own, result);
            } catch (RuntimeException | Error e) {
                handle.drop(0); // closes the scope
                throw e;
            }
        } catch (RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /**
     * Runs the work on inputs, in the order of a scope; returns at once.
     *
     * @param scope where it runs; any scope of the device
     * @param values one for each input, of its type and shape, any strides
     * @return a dense tensor of the scope
     * @throws ShapeException if a shape is not that of the recording
     * @throws DTypeException if a type is not that of the recording
     * @throws ArgumentException if the number of inputs is not that of the recording
     * @throws DeviceMemoryException if the result does not fit into memory
     * @throws IllegalStateException if the graph is closed, or the scope in use by another thread
     */
    public Tensor replay(Scope scope, List<Tensor> values) {
        if (values.size() != inputs.size()) {
            throw new ArgumentException("replay: " + values.size() + " inputs were given, " + inputs.size()
                    + " were recorded");
        }
        for (int i = 0; i < inputs.size(); i++) {
            Check.dtype("replay", "input " + i, values.get(i), inputs.get(i).dtype());
            Check.shape("replay", "input " + i, values.get(i), inputs.get(i).shape().toArray());
        }
        return scope.filled(result.dtype(), result.shape(), out -> {
            scope.handle().read(handle, "replay: the graph");
            List<MemorySegment> in = values.stream().map(value -> scope.in("replay: an input", value)).toList();
            handle.queue(scope.handle(), () -> {
                for (int i = 0; i < inputs.size(); i++) {
                    scope.queued(GatunH.gatun_copy(
                            scope.stream(), in.get(i), inputs.get(i).struct(), scope.error()));
                }
                scope.queued(GatunH.gatun_graph_launch(handle.address(), scope.stream(), scope.error()));
                scope.queued(GatunH.gatun_copy(scope.stream(), result.struct(), out.struct(), scope.error()));
            });
        });
    }

    /**
     * Whether a replay on a scope would not wait for an earlier one on another scope.
     *
     * @param scope where it would run
     * @return false if it might
     */
    public boolean isFree(Scope scope) {
        return handle.isFree(scope.handle());
    }

    /**
     * The device it runs on.
     *
     * @return the device
     */
    public Device device() {
        return device;
    }

    /** Frees the graph and its tensors once no queued work uses them. Idempotent; safe from any thread. */
    @Override
    public void close() {
        handle.drop(0);
        watch.closed();
    }

    @Override
    public String toString() {
        return "Graph[" + device.name() + ", " + inputs.size() + " inputs -> " + result.shape()
                + (handle.isClosed() ? ", closed]" : "]");
    }
}
