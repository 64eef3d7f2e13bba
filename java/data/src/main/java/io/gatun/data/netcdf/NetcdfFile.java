// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.DataException;
import io.gatun.core.NearestName;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A NetCDF file open for reading: NetCDF-4 (HDF5), or NetCDF classic in its three versions (CDF-1, CDF-2 with 64-bit
 * offsets, CDF-5 with 64-bit data). The format is told by the file's first bytes, not by its name.
 *
 * <p>Headers are read by {@link #open}, data on demand. To be used by one thread at a time. An interrupt while data
 * are read ends in an {@link io.gatun.core.InterruptedRunException} and leaves the file unusable. After
 * {@link #close()}, reading is an {@link IllegalStateException}.
 */
public final class NetcdfFile implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final Container content;
    private final Map<String, GridVariable> variables = new LinkedHashMap<>();
    private volatile boolean closed;

    private NetcdfFile(Path path, FileChannel channel, Container content) {
        this.path = path;
        this.channel = channel;
        this.content = content;
        for (StoredVariable variable : content.variables()) {
            variables.put(variable.name(), new GridVariable(this, variable));
        }
    }

    /**
     * Opens a file.
     *
     * @param path the file
     * @return the open file
     * @throws DataException if it is absent, a directory, unreadable, not NetCDF, or damaged
     */
    public static NetcdfFile open(Path path) {
        Objects.requireNonNull(path, "path");
        if (Files.notExists(path)) {
            throw new DataException(path + ": no such file. Expected a NetCDF file; the path is relative to "
                    + Path.of("").toAbsolutePath() + ". Correct the path.");
        }
        if (Files.isDirectory(path)) {
            throw new DataException(path + ": is a directory, expected a NetCDF file. Name a file in it.");
        }
        return ReadGuard.run(path, "opening the file", () -> {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            try {
                return new NetcdfFile(path, channel, switch (FileFormat.detect(path, channel)) {
                    case CLASSIC -> ClassicReader.read(path, channel);
                    case HDF -> HdfReader.read(path, channel);
                });
            } catch (Throwable e) {
                channel.close();
                throw e;
            }
        });
    }

    /**
     * The path it was opened with.
     *
     * @return the path
     */
    public Path path() {
        return path;
    }

    /**
     * Name of the file format.
     *
     * @return for example {@code NetCDF-4 (HDF5)}
     */
    public String format() {
        return content.format();
    }

    /**
     * The dimensions: in file order in a classic file, in the order of the HDF5 library in a NetCDF-4 file, as all
     * that is listed here.
     *
     * @return an unmodifiable list
     */
    public List<NetcdfDimension> dimensions() {
        return Collections.unmodifiableList(content.dimensions());
    }

    /**
     * The global attributes.
     *
     * @return an unmodifiable map
     */
    public Map<String, AttributeValue> attributes() {
        return Collections.unmodifiableMap(content.attributes());
    }

    /**
     * The variables that can be read.
     *
     * @return a fresh list
     */
    public List<GridVariable> variables() {
        return new ArrayList<>(variables.values());
    }

    /**
     * Whether there is a readable variable of a name.
     *
     * @param name the name
     * @return true if {@link #variable(String)} returns it
     */
    public boolean hasVariable(String name) {
        return variables.containsKey(name);
    }

    /**
     * The variable of a name.
     *
     * @param name the name
     * @return the variable
     * @throws DataException if it is absent (the message lists those present and suggests the nearest) or of a kind
     *     that cannot be read
     */
    public GridVariable variable(String name) {
        GridVariable variable = variables.get(name);
        if (variable != null) {
            return variable;
        }
        if (content.unsupported().containsKey(name)) {
            throw new DataException(path + ": variable \"" + name + "\" cannot be read: "
                    + content.unsupported().get(name));
        }
        if (variables.isEmpty()) {
            throw new DataException(path + ": no variable \"" + name + "\"; the file holds no variable at all. "
                    + "Choose another file.");
        }
        String present = variables.values().stream()
                .map(v -> v.name() + v.dimensions().stream().collect(Collectors.joining(", ", "(", ")")))
                .collect(Collectors.joining(", "));
        throw new DataException(path + ": no variable \"" + name + "\". Did you mean \""
                + NearestName.of(name, variables.keySet()) + "\"? Present: " + present + ".");
    }

    /** Closes the file. Closing twice is allowed. */
    @Override
    public void close() {
        closed = true;
        ReadGuard.run(path, "closing the file", () -> {
            channel.close();
            return path;
        });
    }

    <T> T guard(String action, ReadGuard.Action<T> work) {
        if (closed) {
            throw new IllegalStateException(path + ": " + action + " after close()");
        }
        return ReadGuard.run(path, action, work);
    }

    /** The two families of formats, told by the first bytes. */
    private enum FileFormat {
        CLASSIC,
        HDF;

        private static final byte[] HDF_SIGNATURE = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

        static FileFormat detect(Path path, FileChannel channel) throws IOException {
            byte[] start = Bytes.readUpTo(channel, 0, 8);
            if (start.length >= 4 && start[0] == 'C' && start[1] == 'D' && start[2] == 'F') {
                return CLASSIC;
            }
            // A user block of 512 bytes or a power of two times that may precede the signature.
            for (long offset = 0; offset < channel.size(); offset = Math.max(512, 2 * offset)) {
                if (Arrays.equals(Bytes.readUpTo(channel, offset, 8), HDF_SIGNATURE)) {
                    return HDF;
                }
            }
            throw new DataException(path + ": not a NetCDF file: " + describe(start, channel.size())
                    + ". Expected NetCDF-4 (starts with \\x89HDF) or NetCDF classic (starts with CDF). "
                    + "Convert it to NetCDF, or fetch it again.");
        }

        private static String describe(byte[] start, long size) {
            if (size == 0) {
                return "it is empty";
            }
            String text = new String(start, StandardCharsets.ISO_8859_1);
            String kind = text.startsWith("GRIB") ? ", a GRIB file"
                    : text.startsWith("\u001f\u008b") ? ", a gzip archive to unpack first"
                    : text.startsWith("PK") ? ", a zip archive to unpack first"
                    : text.startsWith("\u000e\u0003\u0013\u0001") ? ", an HDF4 file"
                    : text.startsWith("II*") || text.startsWith("MM\0") ? ", a TIFF image"
                    : text.stripLeading().startsWith("<") ? ", a web page or XML" : "";
            return "its " + size + " bytes start with " + HexFormat.ofDelimiter(" ").formatHex(start) + kind;
        }
    }
}
