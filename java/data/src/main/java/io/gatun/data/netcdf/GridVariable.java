// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import io.gatun.core.DataException;
import io.gatun.core.Shape;
import io.gatun.core.ShapeException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A variable of an open {@link NetcdfFile}. Data are read on demand, row-major, in slices along the first axis or
 * in boxes; chunked files are read fastest in pieces that start and end at chunk borders. A scalar counts as one step.
 *
 * <p>Usable until the file is closed, by one thread at a time.
 */
public final class GridVariable {
    private static final int BLOCK = 8192;

    private final NetcdfFile file;
    private final StoredVariable stored;
    private final NetcdfType type;

    GridVariable(NetcdfFile file, StoredVariable stored) {
        this.file = file;
        this.stored = new StoredVariable(stored.name(), stored.type(), List.copyOf(stored.dimensions()),
                stored.shape(), Collections.unmodifiableMap(new LinkedHashMap<>(stored.attributes())), stored.data());
        boolean unsigned = text("_Unsigned").filter("true"::equalsIgnoreCase).isPresent();
        this.type = unsigned ? stored.type().unsigned() : stored.type();
    }

    /**
     * The name in the file; variables of groups carry the group's path, {@code group/name}.
     *
     * @return the name
     */
    public String name() {
        return stored.name();
    }

    /**
     * Type of the stored numbers, before unpacking.
     *
     * @return the type; the unsigned one where the attribute {@code _Unsigned} says so
     */
    public NetcdfType type() {
        return type;
    }

    /**
     * The extents.
     *
     * @return one per dimension, outermost first
     */
    public Shape shape() {
        return stored.shape();
    }

    /**
     * Names of the dimensions.
     *
     * @return as many as the shape has axes
     */
    public List<String> dimensions() {
        return stored.dimensions();
    }

    /**
     * The attributes.
     *
     * @return name to value, unmodifiable
     */
    public Map<String, AttributeValue> attributes() {
        return stored.attributes();
    }

    /**
     * A text attribute.
     *
     * @param name its name
     * @return the text, or empty where the attribute is absent or numeric
     */
    public Optional<String> text(String name) {
        return attributes().get(name) instanceof AttributeValue.Text(String value)
                ? Optional.of(value) : Optional.empty();
    }

    /**
     * Scale, offset and missing values.
     *
     * @return how {@link #readDoubles()} and {@link #readFloats()} unpack
     * @throws DataException if one of its attributes is unusable, for example a text as scale factor
     */
    public Packing packing() {
        return Packing.of(toString(), type, attributes());
    }

    /**
     * Number of steps along the first axis.
     *
     * @return 1 for a scalar
     */
    public long steps() {
        return shape().rank() == 0 ? 1 : shape().dim(0);
    }

    /**
     * All values, unpacked.
     *
     * @return one per element, NaN where missing
     * @throws DataException if the variable holds text or the file is damaged
     */
    public double[] readDoubles() {
        return readDoubles(0, steps());
    }

    /**
     * Values of some steps of the first axis, unpacked in double precision.
     *
     * @param start first step
     * @param count number of steps
     * @return {@code count} steps, row-major, NaN where missing
     * @throws ArgumentException if the steps are not inside the variable
     * @throws DataException if the variable holds text or the file is damaged
     */
    public double[] readDoubles(long start, long count) {
        return unpackDoubles(packing(), readSteps(start, count));
    }

    /**
     * Values of a box, unpacked in double precision. Only the byte ranges or chunks that the box touches are
     * read, each chunk once; memory is that of the box, stored and unpacked, and of one chunk.
     *
     * @param start first index on each axis; as many as the shape has axes, none for a scalar
     * @param count number of indices on each axis
     * @return the box, row-major, NaN where missing
     * @throws ShapeException if the box has another rank or is not inside the variable
     * @throws DataException if the variable holds text, the file is damaged, or the box exceeds 2 GiB as stored
     */
    public double[] readDoubles(long[] start, long[] count) {
        return unpackDoubles(packing(), readBox(start, count));
    }

    private double[] unpackDoubles(Packing packing, ByteBuffer bytes) {
        double[] values = allocate(bytes.remaining() / type.sizeBytes(), double[]::new);
        type.widen(bytes, values, values.length);
        for (int i = 0; i < values.length; i++) {
            values[i] = packing.unpack(values[i]);
        }
        return values;
    }

    /**
     * All values, unpacked.
     *
     * @return one per element, NaN where missing
     * @throws DataException if the variable holds text or the file is damaged
     */
    public float[] readFloats() {
        return readFloats(0, steps());
    }

    /**
     * Values of some steps of the first axis, unpacked in double precision and rounded to float at the end.
     *
     * @param start first step
     * @param count number of steps
     * @return {@code count} steps, row-major, NaN where missing
     * @throws ArgumentException if the steps are not inside the variable
     * @throws DataException if the variable holds text or the file is damaged
     */
    public float[] readFloats(long start, long count) {
        return unpackFloats(packing(), readSteps(start, count));
    }

    /**
     * Values of a box, unpacked in double precision and rounded to float at the
     * end. Only the byte ranges or chunks that the box touches are
     * read, each chunk once; memory is that of the box, stored and unpacked, and of one chunk.
     *
     * @param start first index on each axis; as many as the shape has axes, none for a scalar
     * @param count number of indices on each axis
     * @return the box, row-major, NaN where missing
     * @throws ShapeException if the box has another rank or is not inside the variable
     * @throws DataException if the variable holds text, the file is damaged, or the box exceeds 2 GiB as stored
     */
    public float[] readFloats(long[] start, long[] count) {
        return unpackFloats(packing(), readBox(start, count));
    }

    private float[] unpackFloats(Packing packing, ByteBuffer bytes) {
        float[] values = allocate(bytes.remaining() / type.sizeBytes(), float[]::new);
        double[] block = new double[Math.min(BLOCK, values.length)];
        for (int done = 0; done < values.length; done += block.length) {
            int length = Math.min(block.length, values.length - done);
            type.widen(bytes, block, length);
            for (int i = 0; i < length; i++) {
                values[done + i] = (float) packing.unpack(block[i]);
            }
        }
        return values;
    }

    /**
     * Stored 16-bit integers of some steps, not unpacked, for kernels that unpack while they load: see
     * {@link #packing()}.
     *
     * @param start first step
     * @param count number of steps
     * @return {@code count} steps, row-major, as stored
     * @throws ArgumentException if the steps are not inside the variable
     * @throws DataException if the variable is not of type {@link NetcdfType#SHORT} or the file is damaged
     */
    public short[] readPackedShorts(long start, long count) {
        if (type != NetcdfType.SHORT) {
            throw new DataException(this + " is stored as " + type.cdlName()
                    + ", expected short (16-bit integers). Read it with readFloats().");
        }
        ByteBuffer bytes = readSteps(start, count);
        short[] values = allocate(bytes.remaining() / Short.BYTES, short[]::new);
        bytes.asShortBuffer().get(values);
        return values;
    }

    private ByteBuffer readSteps(long start, long count) {
        if (start < 0 || count < 0 || start > steps() - count) {
            throw new ArgumentException(this + ": steps " + start + " to " + (start + count - 1) + " (" + count
                    + ") were asked for, the first axis has " + steps() + ". Stay inside the variable's shape.");
        }
        if (count == 0) {
            return ByteBuffer.allocate(0);
        }
        long[] first = new long[shape().rank()];
        long[] extents = shape().toArray();
        if (extents.length > 0) {
            first[0] = start;
            extents[0] = count;
        }
        return readStored(first, extents);
    }

    private ByteBuffer readBox(long[] start, long[] count) {
        boolean inside = start.length == shape().rank() && count.length == shape().rank();
        for (int axis = 0; inside && axis < start.length; axis++) {
            inside = start[axis] >= 0 && count[axis] >= 0 && start[axis] <= shape().dim(axis) - count[axis];
        }
        if (!inside) {
            throw new ShapeException(this + ": " + Arrays.toString(count) + " values from index "
                    + Arrays.toString(start) + " on were asked for, the shape is " + shape()
                    + ". Give one start and count per axis, inside the variable's shape.");
        }
        return readStored(start.clone(), count.clone());
    }

    private ByteBuffer readStored(long[] start, long[] count) {
        if (!type.isNumeric()) {
            throw new DataException(this + " holds text (type char), expected numbers. Choose another variable.");
        }
        // Inside the shape, whose number of elements is known to be a long.
        if (Shape.of(count).numElements() > StoredData.MAX_BYTES / type.sizeBytes()) {
            throw new DataException(this + ": " + Arrays.toString(count) + " values of " + type.sizeBytes()
                    + " bytes are more than the " + StoredData.MAX_BYTES + " bytes that one read can return. "
                    + "Read fewer steps or a smaller box at a time.");
        }
        return file.guard("reading variable \"" + name() + "\"", () -> stored.data().read(start, count));
    }

    private interface Allocation<T> {
        T ofLength(int length);
    }

    private <T> T allocate(int length, Allocation<T> allocation) {
        return file.guard("making room for " + length + " values of variable \"" + name() + "\"",
                () -> allocation.ofLength(length));
    }

    /** The file and the variable, for messages: {@code sst.nc: variable "sst"}. */
    @Override
    public String toString() {
        return file.path() + ": variable \"" + name() + "\"";
    }
}
