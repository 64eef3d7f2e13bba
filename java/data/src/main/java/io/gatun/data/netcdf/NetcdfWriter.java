// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a NetCDF classic file with 64-bit offsets (CDF-2), readable by every NetCDF program; where a variable exceeds
 * 4 GiB, one with 64-bit data (CDF-5), which the NetCDF library reads since version 4.4.
 *
 * <p>First dimensions, global attributes and variables are declared, then data are written, in as many pieces as
 * wanted, each variable from its start to its end or at positions in any order, each element once; pieces of several
 * variables may alternate. The bytes go to a temporary file beside the target. {@link #commit()} moves it into place;
 * closing without commit, an error or an interrupt leaves nothing behind and an earlier file of that name untouched.
 *
 * {@snippet :
 * try (NetcdfWriter writer = NetcdfWriter.create(Path.of("monthly.nc"))) {
 *     writer.dimension("time", 12);
 *     writer.attribute("Conventions", AttributeValue.of("CF-1.8"));
 *     NetcdfWriter.Variable time = writer.variable("time", NetcdfType.DOUBLE, List.of("time"),
 *             Map.of("units", AttributeValue.of("days since 1970-01-01")));
 *     time.write(days);
 *     writer.commit();
 * }
 * }
 *
 * <p>To be used by one thread at a time. Unlimited dimensions are not written.
 */
public final class NetcdfWriter implements AutoCloseable {
    /** Values encoded at once. */
    private static final int BLOCK = 16384;

    private final PendingFile file;
    private final ClassicHeader header = new ClassicHeader();
    private final Map<String, Variable> variables = new LinkedHashMap<>();
    private boolean headerWritten;

    NetcdfWriter(PendingFile file) {
        this.file = file;
    }

    /**
     * Starts a file.
     *
     * @param target where it will be after {@link #commit()}; an existing file is replaced then
     * @return the writer, with nothing declared
     * @throws OutputException if the target is a directory, or its folder is absent or not writable
     */
    public static NetcdfWriter create(Path target) {
        return new NetcdfWriter(PendingFile.create(target));
    }

    /**
     * Declares a dimension.
     *
     * @param name its name
     * @param length number of steps, 1 to 2147483647
     * @throws ArgumentException if the name is no NetCDF name or taken, the length is out of range, or data were
     *     already written
     */
    public void dimension(String name, long length) {
        requireDeclaring("dimension " + name);
        header.addDimension(name, length);
    }

    /**
     * Sets a global attribute.
     *
     * @param name its name
     * @param value its value
     * @throws ArgumentException if the name or a number is not legal in this format, or data were already written
     */
    public void attribute(String name, AttributeValue value) {
        requireDeclaring("attribute " + name);
        header.addAttribute(name, value);
    }

    /**
     * Declares a variable.
     *
     * @param name its name
     * @param type byte, char, short, int, float or double
     * @param dimensions names of declared dimensions, outermost first; empty for a scalar
     * @param attributes in the order in which they are to be written
     * @return where its data are written
     * @throws ArgumentException if a name, type, dimension or attribute is not legal, the variable exceeds 2^60 bytes,
     *     or data were already written
     */
    public Variable variable(
            String name, NetcdfType type, List<String> dimensions, Map<String, AttributeValue> attributes) {
        requireDeclaring("variable " + name);
        Variable variable = new Variable(header.addVariable(name, type, dimensions, attributes));
        variables.put(name, variable);
        return variable;
    }

    /**
     * The data of one variable. Values are written after those of the last write, from the start at first, or at a
     * position.
     */
    public final class Variable {
        private final ClassicHeader.VariableEntry entry;
        private final Coverage written = new Coverage();
        private long next;

        private Variable(ClassicHeader.VariableEntry entry) {
            this.entry = entry;
        }

        /**
         * Writes the next values of a {@link NetcdfType#FLOAT} variable.
         *
         * @param values row-major; missing values as the variable's {@code _FillValue}
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, fewer values left, or some of them already
         */
        public void write(float[] values) {
            write(next, values);
        }

        /**
         * Writes values of a {@link NetcdfType#FLOAT} variable at a position.
         *
         * @param firstElement where the first goes, counted in elements, row-major
         * @param values row-major; missing values as the variable's {@code _FillValue}
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, ends before them, or has some of them already
         */
        public void write(long firstElement, float[] values) {
            put(NetcdfType.FLOAT, firstElement, values.length, (bytes, from, count) -> bytes.asFloatBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#DOUBLE} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, fewer values left, or some of them already
         */
        public void write(double[] values) {
            write(next, values);
        }

        /**
         * Writes values of a {@link NetcdfType#DOUBLE} variable at a position.
         *
         * @param firstElement where the first goes, counted in elements, row-major
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, ends before them, or has some of them already
         */
        public void write(long firstElement, double[] values) {
            put(NetcdfType.DOUBLE, firstElement, values.length, (bytes, from, count) -> bytes.asDoubleBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of an {@link NetcdfType#INT} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, fewer values left, or some of them already
         */
        public void write(int[] values) {
            write(next, values);
        }

        /**
         * Writes values of an {@link NetcdfType#INT} variable at a position.
         *
         * @param firstElement where the first goes, counted in elements, row-major
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, ends before them, or has some of them already
         */
        public void write(long firstElement, int[] values) {
            put(NetcdfType.INT, firstElement, values.length, (bytes, from, count) -> bytes.asIntBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#SHORT} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, fewer values left, or some of them already
         */
        public void write(short[] values) {
            write(next, values);
        }

        /**
         * Writes values of a {@link NetcdfType#SHORT} variable at a position.
         *
         * @param firstElement where the first goes, counted in elements, row-major
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, ends before them, or has some of them already
         */
        public void write(long firstElement, short[] values) {
            put(NetcdfType.SHORT, firstElement, values.length, (bytes, from, count) -> bytes.asShortBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#BYTE} or {@link NetcdfType#CHAR} variable.
         *
         * @param values row-major; text as single bytes
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, fewer values left, or some of them already
         */
        public void write(byte[] values) {
            write(next, values);
        }

        /**
         * Writes values of a {@link NetcdfType#BYTE} or {@link NetcdfType#CHAR} variable at a position.
         *
         * @param firstElement where the first goes, counted in elements, row-major
         * @param values row-major; text as single bytes
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type, ends before them, or has some of them already
         */
        public void write(long firstElement, byte[] values) {
            NetcdfType type = entry.type() == NetcdfType.CHAR ? NetcdfType.CHAR : NetcdfType.BYTE;
            put(type, firstElement, values.length, (bytes, from, count) -> bytes.slice()
                    .put(values, from, count));
        }

        private void put(NetcdfType type, long first, int count, Encoder encoder) {
            file.requireOpen();
            requireWritable(type, first, count);
            writeHeaderOnce();
            ByteBuffer block = ByteBuffer.allocate(Math.min(count, BLOCK) * type.sizeBytes());
            for (int done = 0; done < count; done += BLOCK) {
                int part = Math.min(BLOCK, count - done);
                encoder.put(block.clear(), done, part);
                file.write(block.limit(part * type.sizeBytes()), entry.begin() + (first + done) * type.sizeBytes());
            }
            written.add(first, first + count);
            next = first + count;
        }

        private void requireWritable(NetcdfType type, long first, int count) {
            String what = file.target() + ": variable " + entry.name();
            if (type != entry.type()) {
                throw new ArgumentException(what + " is of type " + entry.type().cdlName() + ", got values of type "
                        + type.cdlName() + ". Write its own type.");
            }
            if (first < 0 || first > entry.elements() - count) {
                throw new ArgumentException(what + " has " + entry.elements() + " values, got " + count
                        + " to write from element " + first + " on. Stay inside its size.");
            }
            if (written.overlaps(first, first + count)) {
                throw new ArgumentException(what + ": some of the elements " + first + " to " + (first + count - 1)
                        + " were written before. Write each element once.");
            }
        }

        private void requireComplete() {
            if (written.count() != entry.elements()) {
                throw new ArgumentException(file.target() + ": variable " + entry.name() + " got " + written.count()
                        + " of its " + entry.elements() + " values, element " + written.firstGap()
                        + " is the first without. Write the rest before commit().");
            }
        }
    }

    /**
     * Completes the file and moves it into place.
     *
     * @throws ArgumentException if a variable is not complete
     * @throws OutputException if the file cannot be written or moved
     * @throws InterruptedRunException if the thread was interrupted; nothing is under the target's name then
     */
    public void commit() {
        file.requireOpen();
        variables.values().forEach(Variable::requireComplete);
        writeHeaderOnce();
        file.commit(header.end());
    }

    /** Ends writing. Without an earlier {@link #commit()} nothing is left behind. Closing twice is allowed. */
    @Override
    public void close() {
        file.close();
    }

    private interface Encoder {
        void put(ByteBuffer bytes, int from, int count);
    }

    private void writeHeaderOnce() {
        if (!headerWritten) {
            headerWritten = true;
            file.expect(header.end());
            file.write(header.encode(), 0);
        }
    }

    private void requireDeclaring(String what) {
        file.requireOpen();
        if (headerWritten) {
            throw new ArgumentException(file.target() + ": " + what + " is declared after data were written. "
                    + "Declare everything first.");
        }
    }
}
