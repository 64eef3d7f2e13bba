// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.safetensors;

import io.gatun.core.ArgumentException;
import io.gatun.core.Checkpoint;
import io.gatun.core.CheckpointException;
import io.gatun.core.InterruptedRunException;
import io.gatun.core.OutputException;
import io.gatun.core.TensorData;
import io.gatun.data.internal.FileFormat;
import io.gatun.data.internal.HashedFile;
import io.gatun.data.internal.Json;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * Reads and writes safetensors files.
 *
 * <p>Reading is as strict as the format's reference implementation: header of at most 100 MB in UTF-8, no name twice,
 * tensors that fill the data section without hole, overlap or rest, sizes that fit shapes. Sub-byte, 8-bit float,
 * complex and unsigned 16- to 64-bit element types are refused by name. All methods may be called from any thread.
 */
public final class SafetensorsFile {
    private static final long MAX_HEADER_BYTES = 100_000_000;
    private static final int LENGTH_BYTES = 8;
    private static final int CHUNK_BYTES = 1 << 20;
    private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SafetensorsFile() {
    }

    /**
     * Reads a file once, into memory that the garbage collector frees.
     *
     * <p>Metadata becomes the checkpoint's configuration: a value that is the text of a JSON object as nested plain
     * data, any other as a string.
     *
     * @param path the file; larger than 2 GiB is fine
     * @return its tensors in the order of the header, its configuration and its digest
     * @throws CheckpointException if the file is missing, unreadable, truncated or not valid
     * @throws InterruptedRunException if the thread is interrupted
     */
    public static Checkpoint read(Path path) {
        String source = path.toString();
        try (HashedFile file = HashedFile.open(path)) {
            byte[] head = file.head();
            FileFormat format = FileFormat.of(head);
            if (format != FileFormat.SAFETENSORS && format != FileFormat.UNKNOWN) {
                throw new CheckpointException("Weights file " + path + " " + format.refusal(head));
            }
            if (file.size() < LENGTH_BYTES) {
                throw SafetensorsHeader.bad(source, "it has " + file.size() + " bytes, too few for a header");
            }
            long headerBytes = file.read(LENGTH_BYTES).get(LITTLE_ENDIAN_LONG, 0);
            if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
                throw SafetensorsHeader.bad(source, "its header would have " + Long.toUnsignedString(headerBytes)
                        + " bytes, at most " + MAX_HEADER_BYTES + " are allowed");
            }
            long dataBytes = file.size() - LENGTH_BYTES - headerBytes;
            if (dataBytes < 0) {
                throw SafetensorsHeader.bad(source, "its header has " + headerBytes + " bytes, the file only "
                        + file.size() + ": it is truncated");
            }
            SafetensorsHeader header = SafetensorsHeader.parse(source, text(source, file.read(headerBytes)), dataBytes);
            MemorySegment data = file.read(dataBytes);
            Map<String, TensorData> tensors = new LinkedHashMap<>();
            for (SafetensorsHeader.Entry entry : header.entries()) {
                MemorySegment bytes = data.asSlice(entry.begin(), entry.end() - entry.begin());
                tensors.put(entry.name(), new TensorData(entry.dtype(), entry.shape(), bytes));
            }
            return new Checkpoint(source, file.digest(), tensors, configuration(header.metadata()));
        }
    }

    /**
     * Writes a file: beside its target first, then moved into place, so that the target is never half written.
     *
     * @param path the target; an existing file is replaced
     * @param tensors name to tensor; those with wide element types are written first, otherwise in this order
     * @param metadata strings as they are, other plain data as its JSON text; see {@link #read}
     * @throws ArgumentException if a tensor is named {@code __metadata__}, metadata is no plain data, or the header
     *     would be larger than a reader accepts
     * @throws OutputException if the file cannot be written
     * @throws InterruptedRunException if the thread is interrupted; the target is as it was before
     */
    public static void write(Path path, Map<String, TensorData> tensors, Map<String, Object> metadata) {
        if (tensors.containsKey(SafetensorsHeader.METADATA)) {
            throw new ArgumentException("a tensor may not be named " + SafetensorsHeader.METADATA + "; rename it");
        }
        Map<String, String> strings = new LinkedHashMap<>();
        metadata.forEach((key, value) -> strings.put(key, value instanceof String text ? text : Json.write(value)));
        SafetensorsHeader header = SafetensorsHeader.layOut(tensors, strings);
        byte[] start = start(header);
        Path temporary = path.resolveSibling("." + path.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(
                    temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                write(channel, MemorySegment.ofArray(start));
                for (SafetensorsHeader.Entry entry : header.entries()) {
                    write(channel, tensors.get(entry.name()).bytes());
                }
                channel.force(true);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (ClosedByInterruptException e) {
            throw new InterruptedRunException("Writing " + path + " was interrupted; nothing was left there.", e);
        } catch (IOException e) {
            throw new OutputException("Weights file " + path + " cannot be written: " + e
                    + ". Check that its folder exists, is writable and has room.", e);
        } finally {
            temporary.toFile().delete();
        }
    }

    private static String text(String source, MemorySegment bytes) {
        if (bytes.byteSize() == 0 || bytes.get(ValueLayout.JAVA_BYTE, 0) != '{') {
            throw SafetensorsHeader.bad(source, "its header does not begin with '{'");
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.asByteBuffer()).toString();
        } catch (CharacterCodingException e) {
            throw SafetensorsHeader.bad(source, "its header is not UTF-8");
        }
    }

    private static Map<String, Object> configuration(Map<String, String> metadata) {
        Map<String, Object> configuration = new LinkedHashMap<>();
        metadata.forEach((key, text) -> configuration.put(key, nested(text)));
        return configuration;
    }

    private static Object nested(String text) {
        if (!text.startsWith("{")) {
            return text;
        }
        try {
            return Json.parseObject(text);
        } catch (IOException _) {
            return text; // free text that only begins like an object
        }
    }

    /** Length and header, padded with spaces so that the data begins at a multiple of eight. */
    private static byte[] start(SafetensorsHeader header) {
        byte[] json = header.toJson().getBytes(StandardCharsets.UTF_8);
        int padded = (json.length + 7) & -8;
        if (padded > MAX_HEADER_BYTES) {
            throw new ArgumentException("the header would have " + padded + " bytes, at most " + MAX_HEADER_BYTES
                    + " are allowed. Write less metadata.");
        }
        ByteBuffer start = ByteBuffer.allocate(LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(padded).put(json);
        while (start.hasRemaining()) {
            start.put((byte) ' ');
        }
        return start.array();
    }

    private static void write(FileChannel channel, MemorySegment bytes) throws IOException {
        // Copied, because memory over an array of floats has no view as a byte buffer.
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, bytes.byteSize()));
        for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, bytes.byteSize() - done));
            MemorySegment.copy(bytes, done, MemorySegment.ofBuffer(chunk), 0, chunk.limit());
            while (chunk.hasRemaining()) {
                channel.write(chunk);
            }
        }
    }
}
