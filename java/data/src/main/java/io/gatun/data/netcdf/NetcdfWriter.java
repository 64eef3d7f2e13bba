// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.ArgumentException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a NetCDF classic file with 64-bit offsets (CDF-2), readable by every NetCDF program.
 *
 * <p>First dimensions, global attributes and variables are declared, then data are written, each variable from its
 * start to its end, in as many pieces as wanted; pieces of several variables may alternate. The bytes go to a temporary
 * file beside the target. {@link #commit()} moves it into place; closing without commit, an error or an interrupt
 * leaves nothing behind and an earlier file of that name untouched.
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

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final ClassicHeader header = new ClassicHeader();
    private final Map<String, Variable> variables = new LinkedHashMap<>();
    private boolean headerWritten;
    private boolean open = true;

    private NetcdfWriter(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /**
     * Starts a file.
     *
     * @param target where it will be after {@link #commit()}; an existing file is replaced then
     * @return the writer, with nothing declared
     * @throws OutputException if the target is a directory, or its folder is absent or not writable
     */
    public static NetcdfWriter create(Path target) {
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(target)) {
            throw new OutputException(target + ": is a directory, expected the name of a file to write. "
                    + "Add a file name.");
        }
        if (!Files.isDirectory(folder)) {
            throw new OutputException(target + ": the folder " + folder + " does not exist. Create it first.");
        }
        Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            return new NetcdfWriter(target, temporary,
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw new OutputException(target + ": cannot write into the folder " + folder + " (" + e
                    + "). Choose another folder or change its permissions.", e);
        }
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
     * @throws ArgumentException if a name, type, dimension or attribute is not legal, the variable exceeds 4 GiB, or
     *     data were already written
     */
    public Variable variable(
            String name, NetcdfType type, List<String> dimensions, Map<String, AttributeValue> attributes) {
        requireDeclaring("variable " + name);
        Variable variable = new Variable(header.addVariable(name, type, dimensions, attributes));
        variables.put(name, variable);
        return variable;
    }

    /** The data of one variable, written from start to end. */
    public final class Variable {
        private final ClassicHeader.VariableEntry entry;
        private long written;

        private Variable(ClassicHeader.VariableEntry entry) {
            this.entry = entry;
        }

        /**
         * Writes the next values of a {@link NetcdfType#FLOAT} variable.
         *
         * @param values row-major; missing values as the variable's {@code _FillValue}
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type or fewer values left
         */
        public void write(float[] values) {
            append(NetcdfType.FLOAT, values.length, (bytes, from, count) -> bytes.asFloatBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#DOUBLE} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type or fewer values left
         */
        public void write(double[] values) {
            append(NetcdfType.DOUBLE, values.length, (bytes, from, count) -> bytes.asDoubleBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of an {@link NetcdfType#INT} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type or fewer values left
         */
        public void write(int[] values) {
            append(NetcdfType.INT, values.length, (bytes, from, count) -> bytes.asIntBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#SHORT} variable.
         *
         * @param values row-major
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type or fewer values left
         */
        public void write(short[] values) {
            append(NetcdfType.SHORT, values.length, (bytes, from, count) -> bytes.asShortBuffer()
                    .put(values, from, count));
        }

        /**
         * Writes the next values of a {@link NetcdfType#BYTE} or {@link NetcdfType#CHAR} variable.
         *
         * @param values row-major; text as single bytes
         * @throws OutputException if they cannot be written
         * @throws ArgumentException if the variable has another type or fewer values left
         */
        public void write(byte[] values) {
            NetcdfType type = entry.type() == NetcdfType.CHAR ? NetcdfType.CHAR : NetcdfType.BYTE;
            append(type, values.length, (bytes, from, count) -> bytes.slice().put(values, from, count));
        }

        private void append(NetcdfType type, int count, Encoder encoder) {
            requireOpen();
            if (type != entry.type() || count > entry.elements() - written) {
                throw new ArgumentException(target + ": variable " + entry.name() + " is of type "
                        + entry.type().cdlName() + " and has " + (entry.elements() - written) + " of "
                        + entry.elements() + " values left; got " + count + " of type " + type.cdlName()
                        + ". Write its own type, up to its size.");
            }
            attempt(() -> {
                writeHeaderOnce();
                ByteBuffer block = ByteBuffer.allocate(Math.min(count, BLOCK) * type.sizeBytes());
                for (int done = 0; done < count; done += BLOCK) {
                    int part = Math.min(BLOCK, count - done);
                    encoder.put(block.clear(), done, part);
                    writeFully(block.limit(part * type.sizeBytes()),
                            entry.begin() + (written + done) * type.sizeBytes());
                }
            });
            written += count;
        }

        private void requireComplete() {
            if (written != entry.elements()) {
                throw new ArgumentException(target + ": variable " + entry.name() + " got " + written + " of its "
                        + entry.elements() + " values. Write the rest before commit().");
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
        requireOpen();
        variables.values().forEach(Variable::requireComplete);
        attempt(() -> {
            if (Thread.currentThread().isInterrupted()) {
                throw new ClosedByInterruptException();
            }
            writeHeaderOnce();
            long padding = header.end() - channel.size();
            writeFully(ByteBuffer.allocate((int) padding), channel.size());
            channel.force(true);
            channel.close();
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            open = false;
        });
    }

    /** Ends writing. Without an earlier {@link #commit()} nothing is left behind. Closing twice is allowed. */
    @Override
    public void close() {
        if (open) {
            open = false;
            try (channel) {
                Files.deleteIfExists(temporary);
            } catch (IOException e) {
                throw new OutputException(temporary + ": the unfinished file cannot be removed (" + e
                        + "). Remove it by hand.", e);
            }
        }
    }

    private interface Encoder {
        void put(ByteBuffer bytes, int from, int count);
    }

    private interface Step {
        void run() throws IOException;
    }

    private void attempt(Step step) {
        try {
            step.run();
        } catch (ClosedByInterruptException e) {
            close();
            throw new InterruptedRunException(target + ": writing was interrupted, the file was not written. "
                    + "Start the run again.", e);
        } catch (IOException e) {
            close();
            throw new OutputException(target + ": cannot be written (" + e + "). Free space or choose another place; "
                    + "nothing was left behind.", e);
        }
    }

    private void writeHeaderOnce() throws IOException {
        if (!headerWritten) {
            headerWritten = true;
            writeFully(header.encode(), 0);
        }
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    private void requireDeclaring(String what) {
        requireOpen();
        if (headerWritten) {
            throw new ArgumentException(target + ": " + what + " is declared after data were written. "
                    + "Declare everything first.");
        }
    }

    private void requireOpen() {
        if (!open) {
            throw new IllegalStateException(target + ": the writer is closed");
        }
    }
}
