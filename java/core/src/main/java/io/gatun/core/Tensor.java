// SPDX-License-Identifier: Apache-2.0
package io.gatun.core;

import io.gatun.bindings.ffi.gatun_tensor;
import io.gatun.core.internal.Buffer;
import io.gatun.core.internal.Leaks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A view of memory on a device: element type, shape and strides.
 *
 * <p>Views made by {@link #reshape}, {@link #permute}, {@link #slice}, {@link #expand} and {@link #unsqueeze} share the
 * memory; nothing is copied. A tensor made in a {@link Scope} ends with the scope at the latest; closing it, and every
 * view of it, gives the memory back earlier. A tensor from {@link Scope#keep} or {@link #wrap} belongs to its caller,
 * who closes it and the views made from it; it is read-only.
 *
 * <p>Reading (the {@code to…} and {@code copyTo} methods) waits for the work of the tensor's scope. Safe for use by
 * several threads, as long as none of them writes into it.
 */
public final class Tensor implements AutoCloseable {
    private final Device device;
    private final Optional<Scope> scope; // keeps the scope reachable while its tensors are
    private final Buffer buffer;
    private final DType dtype;
    private final Strided layout;
    private final MemorySegment struct;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile int generation;
    private volatile Optional<Leaks.Watch> watch = Optional.empty();

    Tensor(Device device, Optional<Scope> scope, Buffer buffer, int generation, DType dtype, Strided layout) {
        this.device = device;
        this.scope = scope;
        this.buffer = buffer;
        this.generation = generation;
        this.dtype = dtype;
        this.layout = layout;
        this.struct = newStruct(dtype, layout);
        if (buffer.owner() == null) {
            watchForLeak();
        }
    }

    private MemorySegment newStruct(DType type, Strided view) {
        MemorySegment fresh = device.handle().newTensorStruct();
        gatun_tensor.struct_size(fresh, gatun_tensor.sizeof());
        gatun_tensor.buffer(fresh, buffer.address());
        gatun_tensor.byte_offset(fresh, view.offset() * type.sizeBytes());
        gatun_tensor.dtype(fresh, type.ordinal());
        gatun_tensor.rank(fresh, view.shape().rank());
        for (int axis = 0; axis < view.shape().rank(); axis++) {
            gatun_tensor.shape(fresh, axis, view.shape().dim(axis));
            gatun_tensor.stride(fresh, axis, view.strides()[axis]);
        }
        return fresh;
    }

    private void watchForLeak() {
        Buffer shared = buffer;
        int held = generation;
        watch = Optional.of(Leaks.watch(this, "a " + dtype.torchName() + " tensor of shape " + shape()
                + " that was kept, wrapped, or viewed from such a one,", () -> shared.drop(held)));
    }

    /**
     * A tensor over memory of the caller, without a copy. The arena is handed over: it is closed with the tensor. If
     * the caller closes it all the same, the tensor ends too, after the work that reads it.
     *
     * @param device a CPU device
     * @param segment native memory of a shared or automatic arena, dense, row-major, aligned to its elements, and not
     *     written to while the tensor lives
     * @param owner the arena that the segment was allocated from, and nothing else
     * @param dtype element type
     * @param shape extents
     * @return a tensor that the caller closes
     * @throws ArgumentException if the segment is not native, not aligned, not of that arena, or its arena is confined
     *     to a thread, or the device is not a CPU
     * @throws ShapeException if the segment does not have the size of the shape
     */
    public static Tensor wrap(Device device, MemorySegment segment, Arena owner, DType dtype, long... shape) {
        Shape extents = checkWrap(device, segment, dtype, shape);
        if (!segment.scope().equals(owner.scope())) {
            throw new ArgumentException("the segment does not belong to the given arena");
        }
        if (!segment.isAccessibleBy(new Thread(() -> {}))) {
            throw new ArgumentException("the segment's arena is confined to one thread; allocate it from"
                    + " Arena.ofShared()");
        }
        Buffer buffer = Buffer.wrap(device.handle(), segment, owner);
        return new Tensor(device, Optional.empty(), buffer, 0, dtype, Strided.dense(extents));
    }

    /**
     * A tensor over memory of the global arena, which is never freed, without a copy.
     *
     * @param device a CPU device
     * @param segment a segment of {@link Arena#global()}, dense, row-major, aligned to its elements, and not written to
     *     while the tensor lives
     * @param dtype element type
     * @param shape extents
     * @return a tensor that the caller closes
     * @throws ArgumentException if the segment is not of the global arena or not aligned, or the device is not a CPU
     * @throws ShapeException if the segment does not have the size of the shape
     */
    public static Tensor wrap(Device device, MemorySegment segment, DType dtype, long... shape) {
        Shape extents = checkWrap(device, segment, dtype, shape);
        if (!segment.scope().equals(Arena.global().scope())) {
            throw new ArgumentException("only a segment of the global arena can be wrapped without handing its arena"
                    + " over: pass the arena too, or copy with Scope.of");
        }
        Buffer buffer = Buffer.wrapForever(device.handle(), segment);
        return new Tensor(device, Optional.empty(), buffer, 0, dtype, Strided.dense(extents));
    }

    private static Shape checkWrap(Device device, MemorySegment segment, DType dtype, long... shape) {
        Shape extents = Shape.of(shape);
        if (!device.isCpu()) {
            throw new ArgumentException("host memory can only be wrapped for a CPU device, not for " + device.name()
                    + "; copy it with Scope.of");
        }
        if (!segment.isNative() || segment.address() % dtype.sizeBytes() != 0) {
            throw new ArgumentException("cannot wrap " + segment + " as " + dtype.torchName()
                    + ": expected native memory aligned to " + dtype.sizeBytes() + " bytes; copy it with Scope.of");
        }
        // Checks the size.
        return new TensorData(dtype, extents, segment).shape();
    }

    /**
     * Element type.
     *
     * @return the type
     */
    public DType dtype() {
        return dtype;
    }

    /**
     * Extents, outermost axis first.
     *
     * @return the shape
     */
    public Shape shape() {
        return layout.shape();
    }

    /**
     * Extent of one axis; negative axes count from the end.
     *
     * @param axis the axis
     * @return its extent
     * @throws ShapeException if there is no such axis
     */
    public long dim(int axis) {
        return shape().dim(axis);
    }

    /**
     * Elements from one index to the next, per axis; 0 where an axis was expanded.
     *
     * @return a fresh array
     */
    public long[] strides() {
        return layout.strides().clone();
    }

    /**
     * The device that holds the memory.
     *
     * @return the device
     */
    public Device device() {
        return device;
    }

    /**
     * Whether the elements lie row-major without gaps.
     *
     * @return true for every fresh tensor
     */
    public boolean isDense() {
        return layout.isDense();
    }

    /**
     * Whether this tensor can no longer be used.
     *
     * @return true after {@link #close()} or the end of the scope
     */
    public boolean isClosed() {
        return closed.get() || buffer.isClosed();
    }

    /**
     * The same elements under other extents.
     *
     * @param extents new extents; one may be -1, what is left over
     * @return a view
     * @throws ShapeException if the numbers of elements differ or this view is not dense
     */
    public Tensor reshape(long... extents) {
        return view(layout.reshape(extents));
    }

    /**
     * The axes in another order, as {@code torch.Tensor.permute}.
     *
     * @param axes for each new axis the old one
     * @return a view
     * @throws ShapeException if the axes are not a permutation
     */
    public Tensor permute(int... axes) {
        return view(layout.permute(axes));
    }

    /**
     * A range of one axis.
     *
     * @param axis the axis; negative axes count from the end
     * @param from first index
     * @param to index after the last
     * @return a view
     * @throws ShapeException if there is no such axis or range
     */
    public Tensor slice(int axis, long from, long to) {
        return view(layout.slice(axis, from, to));
    }

    /**
     * Repeats axes of extent 1, and adds axes in front, as {@code torch.Tensor.expand}.
     *
     * @param extents new extents, aligned at the end; -1 keeps one
     * @return a view with stride 0 where it repeats
     * @throws ShapeException if another extent than 1 would grow
     */
    public Tensor expand(long... extents) {
        return view(layout.expand(extents));
    }

    /**
     * Inserts an axis of extent 1.
     *
     * @param axis its place; negative places count from the end of the result
     * @return a view
     * @throws ShapeException if there is no such place
     */
    public Tensor unsqueeze(int axis) {
        return view(layout.unsqueeze(axis));
    }

    private Tensor view(Strided other) {
        requireOpen();
        return new Tensor(device, scope, buffer, buffer.hold(), dtype, other);
    }

    /**
     * The values, converted to f32 if they are of another type.
     *
     * @return row-major
     * @throws ShapeException if there are more than an array holds
     */
    public float[] toFloatArray() {
        float[] values = new float[arrayLength()];
        copyTo(values);
        return values;
    }

    /**
     * Copies the values, converted to f32 if they are of another type.
     *
     * @param target as many elements as the tensor has, row-major
     * @throws ShapeException if the number of elements differs
     */
    public void copyTo(float[] target) {
        if (target.length != shape().numElements()) {
            throw new ShapeException("the array has " + target.length + " elements, the tensor of shape " + shape()
                    + " has " + shape().numElements());
        }
        read(DType.F32, MemorySegment.ofArray(target));
    }

    /**
     * The values of a boolean tensor.
     *
     * @return row-major
     * @throws DTypeException if the tensor is not boolean
     * @throws ShapeException if there are more than an array holds
     */
    public boolean[] toBooleanArray() {
        if (dtype != DType.BOOL) {
            throw new DTypeException("toBooleanArray: the tensor is " + dtype.torchName() + ", expected bool");
        }
        byte[] bytes = new byte[arrayLength()];
        read(DType.BOOL, MemorySegment.ofArray(bytes));
        boolean[] values = new boolean[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            values[i] = bytes[i] != 0;
        }
        return values;
    }

    /**
     * The values of an integer or boolean tensor.
     *
     * @return row-major
     * @throws DTypeException if the tensor is floating-point
     * @throws ShapeException if there are more than an array holds
     */
    public long[] toLongArray() {
        if (dtype.isFloatingPoint()) {
            throw new DTypeException("toLongArray: the tensor is " + dtype.torchName() + ", expected an integer type");
        }
        long[] values = new long[arrayLength()];
        read(DType.I64, MemorySegment.ofArray(values));
        return values;
    }

    /**
     * The values as they are, in memory managed by the garbage collector.
     *
     * @return a dense copy
     */
    public TensorData toTensorData() {
        MemorySegment bytes = Arena.ofAuto().allocate(Math.max(1, shape().numElements() * dtype.sizeBytes()), 8)
                .asSlice(0, shape().numElements() * dtype.sizeBytes());
        read(dtype, bytes);
        return new TensorData(dtype, shape(), bytes);
    }

    private int arrayLength() {
        if (shape().numElements() > Integer.MAX_VALUE - 8) {
            throw new ShapeException("a tensor of shape " + shape() + " has " + shape().numElements()
                    + " elements, more than a Java array holds. Read it in slices.");
        }
        return (int) shape().numElements();
    }

    private void read(DType as, MemorySegment target) {
        requireOpen();
        long plain = as == dtype && isDense() ? layout.offset() * dtype.sizeBytes() : -1;
        MemorySegment dense = plain < 0 ? newStruct(as, Strided.dense(shape())) : MemorySegment.NULL;
        try {
            buffer.copyOut(struct, plain, dense, target);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * The memory itself, without a copy: row-major, native byte order. It ends when the tensor's memory is given back;
     * using it later is an {@link IllegalStateException}. Waits for the work queued so far; after further operations
     * on the tensor, wait with {@link Scope#sync()} before touching it.
     *
     * @return a segment of {@code shape().numElements() * dtype().sizeBytes()} bytes
     * @throws ArgumentException if the device is not a CPU
     * @throws ShapeException if the tensor is not dense
     */
    public MemorySegment asSegment() {
        requireOpen();
        if (!device.isCpu()) {
            throw new ArgumentException("memory of " + device.name() + " cannot be seen from Java; read it with"
                    + " toTensorData()");
        }
        if (!isDense()) {
            throw new ShapeException("a view of shape " + shape() + " with gaps has no segment. Copy it first:"
                    + " Kernels.copy(scope, tensor).");
        }
        try {
            return buffer.segment().asSlice(layout.offset() * dtype.sizeBytes(),
                    shape().numElements() * dtype.sizeBytes());
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /**
     * Ends this view. The memory is given back when no view of it is left, in stream order: queued work may still use
     * it. Idempotent; safe from any thread.
     */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            watch.ifPresent(Leaks.Watch::closed);
            buffer.drop(generation);
        }
    }

    /** Type and shape; no values. */
    @Override
    public String toString() {
        return "Tensor[" + dtype.torchName() + " " + shape() + " on " + device.name()
                + (isClosed() ? ", closed]" : "]");
    }

    Buffer buffer() {
        return buffer;
    }

    /** The native struct, for a call that a scope has made safe. */
    MemorySegment struct() {
        return struct;
    }

    void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("a tensor of shape " + shape() + " was used after it was closed");
        }
        buffer.requireOpen();
    }

    /** This tensor left its scope. */
    void kept(int newGeneration) {
        generation = newGeneration;
        watchForLeak();
    }
}
