// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.gatun.core.internal.Buffer;
import io.gatun.core.internal.Leaks;
import io.gatun.core.internal.ScopeHandle;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * The owner of one piece of work: a stream on which its operations run in order, and the tensors they make, which all
 * end with it.
 *
 * <p>A scope serves one thread at a time, any thread; concurrent use is an {@link IllegalStateException}. Operations
 * may read tensors and weights of other scopes of the same device: they stay allocated until this scope has waited for
 * its work, even if their owner is closed meanwhile. They may write only tensors of this scope.
 */
public final class Scope implements AutoCloseable {
    private final Device device;
    private final Precision precision;
    private final ScopeHandle handle;
    private final Leaks.Watch watch;

    private Scope(Device device, Precision precision) {
        this.device = device;
        this.precision = precision;
        this.handle = new ScopeHandle(device.handle());
        this.watch = Leaks.watch(this, "a scope on " + device.name(), handle::close);
    }

    /**
     * Opens a scope.
     *
     * @param device where its tensors live
     * @return a scope that the caller closes
     * @throws IllegalStateException if the device is closed
     */
    public static Scope open(Device device) {
        return open(device, Precision.STRICT);
    }

    /**
     * Opens a scope for weights of a precision.
     *
     * @param device where its tensors and weights live
     * @param precision of the weights that are arranged in it
     * @return a scope that the caller closes
     * @throws IllegalStateException if the device is closed
     */
    public static Scope open(Device device, Precision precision) {
        return new Scope(device, precision);
    }

    /**
     * The device of the tensors.
     *
     * @return the device
     */
    public Device device() {
        return device;
    }

    /**
     * The precision of the weights that are arranged in this scope.
     *
     * @return {@link Precision#STRICT} unless asked otherwise
     */
    public Precision precision() {
        return precision;
    }

    /**
     * A tensor with undefined contents.
     *
     * @param dtype element type
     * @param shape extents
     * @return a dense tensor of this scope
     * @throws DeviceMemoryException if the device has not enough memory
     */
    public Tensor empty(DType dtype, long... shape) {
        return empty(dtype, Shape.of(shape));
    }

    /**
     * A tensor with undefined contents.
     *
     * @param dtype element type
     * @param shape extents
     * @return a dense tensor of this scope
     * @throws DeviceMemoryException if the device has not enough memory
     */
    public Tensor empty(DType dtype, Shape shape) {
        long bytes;
        try {
            bytes = Math.multiplyExact(shape.numElements(), dtype.sizeBytes());
        } catch (ArithmeticException e) {
            throw new ShapeException("a " + dtype.torchName() + " tensor of shape " + shape
                    + " has more than 2^63 bytes", e);
        }
        begin();
        try {
            Buffer buffer = handle.allocate(bytes);
            return new Tensor(device, Optional.of(this), buffer, 0, dtype, Strided.dense(shape));
        } finally {
            end();
        }
    }

    /**
     * An f32 tensor of zeros.
     *
     * @param shape extents
     * @return a dense tensor of this scope
     */
    public Tensor zeros(long... shape) {
        return full(DType.F32, 0, shape);
    }

    /**
     * A tensor of one value.
     *
     * @param dtype element type
     * @param value the value, converted to the type
     * @param shape extents
     * @return a dense tensor of this scope
     */
    public Tensor full(DType dtype, double value, long... shape) {
        return filled(dtype, Shape.of(shape), out -> Kernels.fill(this, out, value));
    }

    /**
     * An f32 tensor of rank 0.
     *
     * @param value its value
     * @return a tensor of this scope
     */
    public Tensor scalar(float value) {
        return of(new float[] {value});
    }

    /**
     * A copy of floats.
     *
     * @param values row-major, as many as the shape has
     * @param shape extents
     * @return a dense f32 tensor of this scope
     * @throws ShapeException if the numbers of elements differ
     */
    public Tensor of(float[] values, long... shape) {
        return of(DType.F32, MemorySegment.ofArray(values), Shape.of(shape));
    }

    /**
     * A copy of 64-bit integers.
     *
     * @param values row-major, as many as the shape has
     * @param shape extents
     * @return a dense i64 tensor of this scope
     * @throws ShapeException if the numbers of elements differ
     */
    public Tensor of(long[] values, long... shape) {
        return of(DType.I64, MemorySegment.ofArray(values), Shape.of(shape));
    }

    /**
     * A copy of booleans, such as a mask.
     *
     * @param values row-major, as many as the shape has
     * @param shape extents
     * @return a dense boolean tensor of this scope
     * @throws ShapeException if the numbers of elements differ
     */
    public Tensor ofBooleans(boolean[] values, long... shape) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) (values[i] ? 1 : 0);
        }
        return of(DType.BOOL, MemorySegment.ofArray(bytes), Shape.of(shape));
    }

    /**
     * A copy of a tensor in host memory, such as a weight of a checkpoint.
     *
     * @param data type, shape and bytes; boolean bytes other than 0 count as true
     * @return a dense tensor of this scope, of the same type
     */
    public Tensor of(TensorData data) {
        return of(data.dtype(), data.dtype() == DType.BOOL ? normalized(data.bytes()) : data.bytes(), data.shape());
    }

    private static MemorySegment normalized(MemorySegment booleans) {
        byte[] bytes = booleans.toArray(JAVA_BYTE);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (bytes[i] != 0 ? 1 : 0);
        }
        return MemorySegment.ofArray(bytes);
    }

    private Tensor of(DType dtype, MemorySegment values, Shape shape) {
        TensorData checked = new TensorData(dtype, shape, values);
        return filled(dtype, shape, out -> handle.copyIn(checked.bytes(), out.buffer()));
    }

    /**
     * Hands a tensor out of this scope: it lives until the caller closes it. Waits for the work queued so far. Other
     * views of the same memory may be used as long as this one lives; only one of them can be kept.
     *
     * @param tensor a tensor of this scope
     * @return the same tensor
     * @throws ArgumentException if it is not of this scope
     */
    public Tensor keep(Tensor tensor) {
        begin();
        try {
            tensor.requireOpen();
            if (tensor.buffer().owner() != handle) {
                throw new ArgumentException("keep: " + tensor + " does not belong to this scope, or was kept already");
            }
            tensor.kept(handle.keep(tensor.buffer()));
            return tensor;
        } finally {
            end();
        }
    }

    /**
     * Waits until all work queued so far is done. Borrowed tensors and weights are released then.
     *
     * @throws DeviceException if queued work failed
     */
    public void sync() {
        begin();
        try {
            handle.sync();
        } finally {
            end();
        }
    }

    /**
     * Whether this scope can no longer be used.
     *
     * @return true after {@link #close()}
     */
    public boolean isClosed() {
        return handle.isClosed();
    }

    /**
     * Waits for the queued work and frees all tensors and weights of this scope that were not kept. Idempotent; waits
     * for a call on another thread.
     *
     * @throws DeviceException if queued work failed; everything is freed all the same
     */
    @Override
    public void close() {
        try {
            handle.close();
        } finally {
            watch.closed();
        }
    }

    /** Takes the scope for a native call on this thread, until {@link #end}. */
    void begin() {
        handle.begin();
    }

    void end() {
        handle.end();
    }

    MemorySegment stream() {
        return handle.stream();
    }

    MemorySegment error() {
        return handle.error();
    }

    ScopeHandle handle() {
        return handle;
    }

    /** A tensor as an argument that is read. */
    MemorySegment in(String role, Tensor tensor) {
        tensor.requireOpen();
        handle.read(tensor.buffer(), role);
        return tensor.struct();
    }

    /** The same for one that may be absent: NULL then. */
    MemorySegment in(String role, Optional<Tensor> tensor) {
        return tensor.isPresent() ? in(role, tensor.get()) : MemorySegment.NULL;
    }

    /** Weights as an argument. */
    MemorySegment in(String role, Weights weights) {
        handle.read(weights.packed(), role);
        return weights.packed().address();
    }

    /** A tensor as an argument that is written. */
    MemorySegment out(String role, Tensor tensor) {
        tensor.requireOpen();
        handle.write(tensor.buffer(), role);
        return tensor.struct();
    }

    /** Checks the status of a call that queued work on this scope. */
    void queued(int status) {
        handle.queued(status);
    }

    /** A new tensor for a native call to write, which gives its status; where it is refused nothing stays behind. */
    Tensor queued(DType dtype, Shape shape, ToIntFunction<MemorySegment> call) {
        return filled(dtype, shape, out -> queued(call.applyAsInt(out.struct())));
    }

    /** A new tensor for some work to write; where the work fails nothing stays behind. */
    Tensor filled(DType dtype, Shape shape, Consumer<Tensor> work) {
        begin();
        try {
            Tensor out = empty(dtype, shape);
            try {
                work.accept(out);
                return out;
            } catch (RuntimeException | Error e) {
                out.close();
                throw e;
            }
        } finally {
            end();
        }
    }
}
