// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Assembles pickles, good and bad, instruction by instruction, and checkpoints around them. */
final class Pickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Pickle() {
        op("\u0080\2");
    }

    /** Instructions and their arguments as Latin-1 characters. */
    Pickle op(String characters) {
        out.writeBytes(characters.getBytes(StandardCharsets.ISO_8859_1));
        return this;
    }

    Pickle text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        op("X");
        out.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(utf8.length).array());
        out.writeBytes(utf8);
        return this;
    }

    Pickle number(long value) {
        op("\u008a\b");
        out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
        return this;
    }

    Pickle tuple(long... values) {
        op("(");
        for (long value : values) {
            number(value);
        }
        return op("t");
    }

    /** A tensor of float32 elements over record {@code key} of {@code numElements}. */
    Pickle tensor(String key, long numElements, long offset, long[] size, long[] strides) {
        op("ctorch._utils\n_rebuild_tensor_v2\n((").text("storage").op("ctorch\nFloatStorage\n").text(key).text("cpu");
        number(numElements).op("tQ").number(offset).tuple(size).tuple(strides);
        return op("\u0089ccollections\nOrderedDict\n)RtR");
    }

    byte[] end() {
        op(".");
        return out.toByteArray();
    }

    /**
     * A storage in a legacy file that is the part from {@code start} on, {@code length} elements, of storage
     * {@code key}.
     */
    Pickle viewedStorage(String key, long numElements, long start, long length) {
        op("(").text("storage").op("ctorch\nFloatStorage\n").text(key).text("cpu").number(numElements);
        return op("(").text("view").number(start).number(length).op("ttQ");
    }

    /** Writes {@code end()} as a legacy checkpoint with these bytes behind the pickles. */
    Path saveLegacy(Path file, byte[] storages, String... keys) throws IOException {
        var list = new Pickle().op("](");
        Arrays.stream(keys).forEach(list::text);
        return legacy(file, 1001, true, end(), list.op("e").end(), storages);
    }

    /** A legacy checkpoint of these facts, followed by {@code rest}. */
    static Path legacy(Path file, long version, boolean littleEndian, byte[]... rest) throws IOException {
        var out = new ByteArrayOutputStream();
        out.writeBytes(new Pickle().op("\u008a\n\u006c\u00fc\u009c\u0046\u00f9\u0020\u006a\u00a8\u0050\u0019").end());
        out.writeBytes(new Pickle().number(version).end());
        out.writeBytes(new Pickle().op("}").text("little_endian").op(littleEndian ? "\u0088s" : "\u0089s").end());
        for (byte[] part : rest) {
            out.writeBytes(part);
        }
        return Files.write(file, out.toByteArray());
    }

    /** A storage as legacy files have it: number of elements, elements. */
    static byte[] storage(float... elements) {
        ByteBuffer bytes = ByteBuffer.allocate(8 + 4 * elements.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(elements.length).asFloatBuffer().put(elements);
        return bytes.array();
    }

    /** Writes {@code end()} and one record {@code data/0} of {@code floats} zeros as a checkpoint. */
    Path save(Path file, int floats) throws IOException {
        Map<String, byte[]> records = new LinkedHashMap<>();
        records.put("archive/data.pkl", end());
        records.put("archive/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
        records.put("archive/data/0", new byte[4 * floats]);
        return archive(file, records);
    }

    /** An archive of uncompressed records, as torch.save writes them. */
    static Path archive(Path file, Map<String, byte[]> records) throws IOException {
        try (OutputStream out = Files.newOutputStream(file); ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> record : records.entrySet()) {
                ZipEntry entry = new ZipEntry(record.getKey());
                CRC32 crc = new CRC32();
                crc.update(record.getValue());
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(record.getValue().length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(record.getValue());
                zip.closeEntry();
            }
        }
        return file;
    }
}
