// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.gatun.core.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the header of a NetCDF classic file: CDF-1, CDF-2 (64-bit offsets) and CDF-5 (64-bit data), after the format
 * description in the NetCDF Users Guide. Whatever the header claims is checked against the length of the file before
 * anything is allocated for it.
 */
final class ClassicReader {
    private static final int DIMENSIONS = 10;
    private static final int VARIABLES = 11;
    private static final int ATTRIBUTES = 12;

    private final FileChannel channel;
    private final HeaderCursor cursor;
    private final int version;
    private final List<NetcdfDimension> dimensions = new ArrayList<>();
    private final Map<String, String> unsupported = new TreeMap<>();
    private int recordDimension = -1;

    private ClassicReader(FileChannel channel, int version) throws IOException {
        this.channel = channel;
        this.version = version;
        this.cursor = new HeaderCursor(channel, 4);
    }

    static Container read(Path path, FileChannel channel) throws IOException {
        byte[] magic = Bytes.readUpTo(channel, 0, 4);
        int version = magic[3];
        if (version != 1 && version != 2 && version != 5) {
            throw new IOException("NetCDF classic version " + version + ", known are 1, 2 and 5");
        }
        return new ClassicReader(channel, version).read();
    }

    private Container read() throws IOException {
        long records = count();
        if (records < -1) {
            throw new IOException("the header claims " + records + " records");
        }
        readDimensions();
        Map<String, AttributeValue> attributes = readAttributes();
        List<Entry> entries = readVariables();
        long recordSize = recordSize(entries);
        long stored = records >= 0 ? records : recordsInFile(entries, recordSize);
        if (recordDimension >= 0) {
            dimensions.set(recordDimension, new NetcdfDimension(dimensions.get(recordDimension).name(), stored, true));
        }
        List<StoredVariable> variables = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.dimensions().length > Shape.MAX_RANK) {
                unsupported.put(entry.name(), "it has " + entry.dimensions().length + " dimensions, at most "
                        + Shape.MAX_RANK + " are supported. Split or flatten it first.");
            } else {
                variables.add(locate(entry, stored, recordSize));
            }
        }
        String format = switch (version) {
            case 1 -> "NetCDF classic (CDF-1)";
            case 2 -> "NetCDF classic, 64-bit offsets (CDF-2)";
            default -> "NetCDF classic, 64-bit data (CDF-5)";
        };
        return new Container(format, dimensions, attributes, variables, unsupported);
    }

    /** A variable's header entry; {@code stepElements} counts elements of one step of the first axis. */
    private record Entry(String name, int[] dimensions, Map<String, AttributeValue> attributes, NetcdfType type,
            long begin, boolean isRecord, long stepElements) {
        long stepBytes() {
            return Math.multiplyExact(stepElements, type.sizeBytes());
        }
    }

    private void readDimensions() throws IOException {
        long count = listLength(DIMENSIONS, "dimensions");
        for (long i = 0; i < count; i++) {
            String name = name();
            long length = count();
            if (length < 0) {
                throw new IOException("dimension \"" + name + "\" has the length " + length);
            }
            if (length == 0) {
                if (recordDimension >= 0) {
                    throw new IOException("two unlimited dimensions, \"" + dimensions.get(recordDimension).name()
                            + "\" and \"" + name + "\"");
                }
                recordDimension = dimensions.size();
            }
            dimensions.add(new NetcdfDimension(name, length, length == 0));
        }
    }

    private Map<String, AttributeValue> readAttributes() throws IOException {
        long count = listLength(ATTRIBUTES, "attributes");
        Map<String, AttributeValue> attributes = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String name = name();
            NetcdfType type = NetcdfType.ofCode(cursor.int32(), version);
            long length = count();
            if (length < 0 || length > cursor.remaining() / type.sizeBytes()) {
                throw new IOException("attribute \"" + name + "\" claims " + length + " values");
            }
            byte[] bytes = cursor.paddedBytes(length * type.sizeBytes(), "attribute \"" + name + "\"");
            attributes.put(name, AttributeCodec.decode(type, ByteBuffer.wrap(bytes)));
        }
        return attributes;
    }

    private List<Entry> readVariables() throws IOException {
        long count = listLength(VARIABLES, "variables");
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            Entry entry = readVariable();
            if (entries.put(entry.name(), entry) != null) {
                throw new IOException("two variables are called \"" + entry.name() + "\"");
            }
        }
        return new ArrayList<>(entries.values());
    }

    private Entry readVariable() throws IOException {
        String name = name();
        long rank = count();
        if (rank < 0 || rank > cursor.remaining() / 4) {
            throw new IOException("variable \"" + name + "\" claims " + rank + " dimensions");
        }
        int[] ids = new int[(int) rank];
        long stepElements = 1;
        for (int axis = 0; axis < ids.length; axis++) {
            long id = count();
            if (id < 0 || id >= dimensions.size() || id == recordDimension && axis > 0) {
                throw new IOException("variable \"" + name + "\" has dimension number " + id + " on axis " + axis
                        + "; there are " + dimensions.size() + ", an unlimited one comes first");
            }
            ids[axis] = (int) id;
            stepElements = axis == 0 ? 1 : Math.multiplyExact(stepElements, dimensions.get(ids[axis]).length());
        }
        Map<String, AttributeValue> attributes = readAttributes();
        NetcdfType type = NetcdfType.ofCode(cursor.int32(), version);
        count(); // The stored size is redundant, and wrong for variables of 4 GiB and more.
        long begin = version == 1 ? cursor.int32() : cursor.int64();
        boolean isRecord = ids.length > 0 && ids[0] == recordDimension;
        return new Entry(name, ids, attributes, type, begin, isRecord, stepElements);
    }

    /** Bytes from one record to the next: each variable is padded to four bytes, unless it is the only one. */
    private static long recordSize(List<Entry> entries) {
        List<Entry> records = entries.stream().filter(Entry::isRecord).toList();
        if (records.size() == 1) {
            return records.getFirst().stepBytes();
        }
        long size = 0;
        for (Entry entry : records) {
            size = Math.addExact(size, Math.addExact(entry.stepBytes(), 3) / 4 * 4);
        }
        return size;
    }

    /** Number of whole records where the header leaves it open, as a program that is still writing does. */
    private long recordsInFile(List<Entry> entries, long recordSize) throws IOException {
        long begin = entries.stream().filter(Entry::isRecord).mapToLong(Entry::begin).min().orElse(0);
        return recordSize == 0 ? 0 : Math.max(0, channel.size() - begin) / recordSize;
    }

    private StoredVariable locate(Entry entry, long records, long recordSize) throws IOException {
        long[] extents = new long[entry.dimensions().length];
        List<String> names = new ArrayList<>();
        for (int axis = 0; axis < extents.length; axis++) {
            NetcdfDimension dimension = dimensions.get(entry.dimensions()[axis]);
            extents[axis] = dimension.length();
            names.add(dimension.name());
        }
        long steps = entry.isRecord() ? records : extents.length == 0 ? 1 : extents[0];
        long stride = entry.isRecord() ? recordSize : entry.stepBytes();
        long end = steps == 0 ? 0 : Math.addExact(Math.addExact(entry.begin(), entry.stepBytes()),
                Math.multiplyExact(steps - 1, stride));
        if (entry.begin() < 0 || end > channel.size()) {
            throw new IOException("variable \"" + entry.name() + "\" ends at byte " + end + ", the file at byte "
                    + channel.size());
        }
        ByteLayout layout = ByteLayout.contiguous(entry.begin(), extents, entry.type().sizeBytes());
        return new StoredVariable(entry.name(), entry.type(), names, Shape.of(extents), entry.attributes(),
                new ClassicData(channel, entry.isRecord() ? layout.withStepStride(stride) : layout));
    }

    private long listLength(int expectedTag, String what) throws IOException {
        int tag = cursor.int32();
        long length = count();
        // An entry takes at least eight bytes.
        if (tag == 0 && length == 0 || tag == expectedTag && length >= 0 && length <= cursor.remaining() / 8) {
            return length;
        }
        throw new IOException("list of " + what + " starts with tag " + tag + " and length " + length
                + ", expected tag " + expectedTag);
    }

    private String name() throws IOException {
        String name = new String(cursor.paddedBytes(count(), "a name"), StandardCharsets.UTF_8);
        if (name.isEmpty()) {
            throw new IOException("a name in the header is empty");
        }
        return name;
    }

    /** A count, 32 bits wide before CDF-5; all bits set, "not known yet", is -1. */
    private long count() throws IOException {
        return version == 5 ? cursor.int64() : cursor.int32();
    }
}
