// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The first image file directory. Values are read when they are asked for, so that the tables of a file with millions
 * of blocks take no memory.
 */
final class TiffDirectory {
    private static final int MAX_TEXT_BYTES = 1 << 20;

    private final TiffSource source;
    private final Map<Integer, Entry> entries = new HashMap<>();

    private record Entry(int tag, int type, long count, long at) {
        String name() {
            return "tag " + tag;
        }
    }

    private TiffDirectory(TiffSource source) {
        this.source = source;
    }

    static TiffDirectory read(TiffSource source) {
        int countBytes = source.isBig() ? 8 : 2;
        int entryBytes = source.isBig() ? 20 : 12;
        long at = source.firstDirectory();
        ByteBuffer head = source.read(at, countBytes, "the number of tags");
        long count = source.isBig() ? head.getLong() : Short.toUnsignedInt(head.getShort());
        if (count < 1 || count > 0xffff) {
            throw source.bad("its directory has " + Long.toUnsignedString(count) + " tags, expected 1 to 65535",
                    "It is damaged; fetch it again");
        }
        ByteBuffer bytes = source.read(at + countBytes, (int) count * entryBytes, "the directory");
        TiffDirectory directory = new TiffDirectory(source);
        for (int i = 0; i < count; i++) {
            directory.add(bytes, i * entryBytes, at + countBytes);
        }
        return directory;
    }

    private void add(ByteBuffer bytes, int from, long directoryAt) {
        int tag = Short.toUnsignedInt(bytes.getShort(from));
        int type = Short.toUnsignedInt(bytes.getShort(from + 2));
        boolean big = source.isBig();
        long count = big ? bytes.getLong(from + 4) : Integer.toUnsignedLong(bytes.getInt(from + 4));
        int valueAt = from + (big ? 12 : 8);
        int inline = big ? 8 : 4;
        boolean fits = count >= 0 && count <= inline && count * bytesOf(type) <= inline;
        long at = fits ? directoryAt + valueAt
                : big ? bytes.getLong(valueAt) : Integer.toUnsignedLong(bytes.getInt(valueAt));
        entries.putIfAbsent(tag, new Entry(tag, type, count, at));
    }

    private static int bytesOf(int type) {
        return switch (type) {
            case 3, 8 -> 2;
            case 4, 9, 11, 13 -> 4;
            case 5, 10, 12, 16, 17, 18 -> 8;
            default -> 1;
        };
    }

    boolean has(int tag) {
        return entries.containsKey(tag);
    }

    /** How many values a tag has; 0 where it is absent. */
    long count(int tag) {
        return has(tag) ? entries.get(tag).count() : 0;
    }

    /** The first value of a tag, or what the format says holds without it. */
    long number(int tag, long absent) {
        return has(tag) ? numberAt(tag, 0) : absent;
    }

    /** One value of a whole-number tag that must be there. */
    long numberAt(int tag, long index) {
        Entry entry = entry(tag, index);
        ByteBuffer bytes = value(entry, index);
        return switch (entry.type()) {
            case 1 -> Byte.toUnsignedLong(bytes.get());
            case 6 -> bytes.get();
            case 3 -> Short.toUnsignedLong(bytes.getShort());
            case 8 -> bytes.getShort();
            case 4, 13 -> Integer.toUnsignedLong(bytes.getInt());
            case 9 -> bytes.getInt();
            case 16, 17, 18 -> bytes.getLong();
            default -> throw source.bad(entry.name() + " is of type " + entry.type() + ", expected whole numbers",
                    "Rewrite the file, for example with gdal_translate");
        };
    }

    /** All values of a tag of double numbers. */
    double[] doubles(int tag, int most) {
        long count = count(tag);
        if (count < 1 || count > most || entries.get(tag).type() != 12) {
            throw source.bad("tag " + tag + " has " + count + " values of type " + entries.get(tag).type()
                    + ", expected up to " + most + " double numbers",
                    "Rewrite the file, for example with gdal_translate");
        }
        double[] values = new double[(int) count];
        source.read(entries.get(tag).at(), Math.toIntExact(count * Double.BYTES), "tag " + tag)
                .asDoubleBuffer().get(values);
        return values;
    }

    /** The text of a tag, without what follows its first NUL. */
    String text(int tag) {
        Entry entry = entry(tag, 0);
        if (entry.type() != 2 || entry.count() > MAX_TEXT_BYTES) {
            throw source.bad(entry.name() + " has " + Long.toUnsignedString(entry.count()) + " values of type "
                    + entry.type() + ", expected a text of at most " + MAX_TEXT_BYTES + " bytes",
                    "Rewrite the file, for example with gdal_translate");
        }
        String text = new String(source.read(entry.at(), (int) entry.count(), entry.name()).array(),
                StandardCharsets.UTF_8);
        int end = text.indexOf('\0');
        return (end < 0 ? text : text.substring(0, end)).strip();
    }

    private Entry entry(int tag, long index) {
        Entry entry = entries.get(tag);
        if (entry == null || index < 0 || index >= entry.count()) {
            throw source.bad("tag " + tag + (entry == null ? " is absent" : " has " + entry.count()
                    + " values, value " + index + " is needed"), "It is damaged or no image; fetch it again");
        }
        return entry;
    }

    private ByteBuffer value(Entry entry, long index) {
        int bytes = bytesOf(entry.type());
        // The count was read from the file, so the product may be anything.
        if (index > source.size() / bytes) {
            throw source.bad(entry.name() + " would have " + Long.toUnsignedString(entry.count()) + " values",
                    "It is damaged; fetch it again");
        }
        return source.read(entry.at() + index * bytes, bytes, entry.name());
    }
}
