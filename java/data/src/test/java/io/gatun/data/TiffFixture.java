// SPDX-License-Identifier: Apache-2.0
package io.gatun.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.DeflaterOutputStream;

/** Writes small GeoTIFF files in each layout, straight from the specification and without the reader's code. */
public final class TiffFixture {
    /** The value of a pixel before it is stored. */
    public interface Pixels {
        /** Of a band, row and column. */
        double at(int band, int row, int column);
    }

    private record Tag(int type, long count, byte[] bytes) {}

    private final int width;
    private final int height;
    private final int bands;
    private boolean big;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private boolean tiled;
    private int blockWidth;
    private int blockHeight;
    private boolean planar;
    private int compression = 1;
    private int predictor = 1;
    private int format = 1;
    private int bits = 16;
    private boolean sparseFirst;
    private final Map<Integer, List<Object>> extra = new TreeMap<>();

    /** An uncompressed little-endian image of unsigned 16-bit values in one strip. */
    public TiffFixture(int width, int height, int bands) {
        this.width = width;
        this.height = height;
        this.bands = bands;
        blockWidth = width;
        blockHeight = height;
    }

    /** BigTIFF. */
    public TiffFixture big() {
        big = true;
        return this;
    }

    /** Motorola's byte order. */
    public TiffFixture bigEndian() {
        order = ByteOrder.BIG_ENDIAN;
        return this;
    }

    /** Tiles. */
    public TiffFixture tiles(int tileWidth, int tileHeight) {
        tiled = true;
        blockWidth = tileWidth;
        blockHeight = tileHeight;
        return this;
    }

    /** Strips of so many rows. */
    public TiffFixture strips(int rows) {
        blockHeight = rows;
        return this;
    }

    /** Each band in blocks of its own. */
    public TiffFixture planar() {
        planar = true;
        return this;
    }

    /** TIFF's codes: 1, 5, 8 or 32946, and a predictor. */
    public TiffFixture packed(int code, int withPredictor) {
        compression = code;
        predictor = withPredictor;
        return this;
    }

    /** TIFF's SampleFormat and BitsPerSample. */
    public TiffFixture type(int sampleFormat, int bitsPerSample) {
        format = sampleFormat;
        bits = bitsPerSample;
        return this;
    }

    /** Leaves the first block out. */
    public TiffFixture sparseFirst() {
        sparseFirst = true;
        return this;
    }

    /** A tag of text. */
    public TiffFixture text(int tag, String text) {
        extra.put(tag, List.of(2, (text + "\0").getBytes(StandardCharsets.UTF_8)));
        return this;
    }

    /** A tag of double numbers. */
    public TiffFixture doubles(int tag, double... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(order);
        for (double value : values) {
            bytes.putDouble(value);
        }
        extra.put(tag, List.of(12, bytes.array()));
        return this;
    }

    /** A tag of shorts. */
    public TiffFixture shorts(int tag, int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(order);
        for (int value : values) {
            bytes.putShort((short) value);
        }
        extra.put(tag, List.of(3, bytes.array()));
        return this;
    }

    /** North up in a reference system. Call it after the byte order is set. */
    public TiffFixture north(int epsg, double west, double north, double pixel) {
        boolean degrees = epsg == 4326;
        return doubles(33550, pixel, pixel, 0).doubles(33922, 0, 0, 0, west, north, 0)
                .shorts(34735, 1, 1, 0, 3, 1024, 0, 1, degrees ? 2 : 1, 1025, 0, 1, 1,
                        degrees ? 2048 : 3072, 0, 1, epsg);
    }

    /** GDAL's descriptions of the bands, and items of the image. */
    public TiffFixture describe(List<String> names, Map<String, String> items) {
        StringBuilder xml = new StringBuilder("<GDALMetadata>");
        items.forEach((name, value) -> xml.append("<Item name=\"").append(name).append("\">").append(value)
                .append("</Item>"));
        for (int band = 0; band < names.size(); band++) {
            xml.append("<Item name=\"DESCRIPTION\" sample=\"").append(band).append("\" role=\"description\">")
                    .append(names.get(band)).append("</Item>");
        }
        return text(42112, xml.append("</GDALMetadata>").toString());
    }

    /** Writes it. */
    public void write(Path path, Pixels pixels) {
        try {
            Files.write(path, bytes(pixels));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The whole file. */
    public byte[] bytes(Pixels pixels) throws IOException {
        int head = big ? 16 : 8;
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        List<Long> offsets = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        for (int plane = 0; plane < (planar ? bands : 1); plane++) {
            for (int top = 0; top < height; top += blockHeight) {
                for (int left = 0; left < width; left += blockWidth) {
                    boolean none = sparseFirst && offsets.isEmpty();
                    byte[] block = none ? new byte[0] : pack(block(pixels, plane, top, left));
                    offsets.add(none ? 0L : head + (long) data.size());
                    counts.add((long) block.length);
                    data.write(block);
                    data.write(new byte[block.length % 2]);
                }
            }
        }
        Map<Integer, Tag> tags = new TreeMap<>();
        extra.forEach((tag, value) -> {
            byte[] bytes = (byte[]) value.get(1);
            int type = (int) value.get(0);
            tags.put(tag, new Tag(type, bytes.length / (type == 12 ? 8 : type == 3 ? 2 : 1), bytes));
        });
        tags.put(256, longs(List.of((long) width)));
        tags.put(257, longs(List.of((long) height)));
        tags.put(258, shortTag(bits, bands));
        tags.put(259, shortTag(compression, 1));
        tags.put(262, shortTag(1, 1));
        tags.put(277, shortTag(bands, 1));
        tags.put(284, shortTag(planar ? 2 : 1, 1));
        tags.put(317, shortTag(predictor, 1));
        tags.put(339, shortTag(format, bands));
        if (tiled) {
            tags.put(322, longs(List.of((long) blockWidth)));
            tags.put(323, longs(List.of((long) blockHeight)));
        } else {
            tags.put(278, longs(List.of((long) blockHeight)));
        }
        tags.put(tiled ? 324 : 273, longs(offsets));
        tags.put(tiled ? 325 : 279, longs(counts));
        return assemble(head, data.toByteArray(), tags);
    }

    private byte[] assemble(int head, byte[] data, Map<Integer, Tag> tags) {
        int valuesBytes = tags.values().stream().mapToInt(tag -> tag.bytes().length).sum();
        int directoryAt = head + data.length;
        int directoryBytes = big ? 8 + 20 * tags.size() + 8 : 2 + 12 * tags.size() + 4;
        ByteBuffer file = ByteBuffer.allocate(directoryAt + directoryBytes + valuesBytes).order(order);
        file.put((order == ByteOrder.BIG_ENDIAN ? "MM" : "II").getBytes(StandardCharsets.US_ASCII));
        if (big) {
            file.putShort((short) 43).putShort((short) 8).putShort((short) 0).putLong(directoryAt);
        } else {
            file.putShort((short) 42).putInt(directoryAt);
        }
        file.put(data);
        int valuesAt = directoryAt + directoryBytes;
        if (big) {
            file.putLong(tags.size());
        } else {
            file.putShort((short) tags.size());
        }
        for (Map.Entry<Integer, Tag> entry : tags.entrySet()) {
            Tag tag = entry.getValue();
            file.putShort(entry.getKey().shortValue()).putShort((short) tag.type());
            int inline = big ? 8 : 4;
            if (big) {
                file.putLong(tag.count());
            } else {
                file.putInt((int) tag.count());
            }
            if (tag.bytes().length <= inline) {
                file.put(tag.bytes()).put(new byte[inline - tag.bytes().length]);
            } else {
                if (big) {
                    file.putLong(valuesAt);
                } else {
                    file.putInt(valuesAt);
                }
                file.put(valuesAt, tag.bytes());
                valuesAt += tag.bytes().length;
            }
        }
        return file.array();
    }

    private Tag longs(List<Long> values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.size() * (big ? 8 : 4)).order(order);
        values.forEach(value -> {
            if (big) {
                bytes.putLong(value);
            } else {
                bytes.putInt(value.intValue());
            }
        });
        return new Tag(big ? 16 : 4, values.size(), bytes.array());
    }

    private Tag shortTag(int value, int count) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * count).order(order);
        for (int i = 0; i < count; i++) {
            bytes.putShort((short) value);
        }
        return new Tag(3, count, bytes.array());
    }

    private ByteBuffer block(Pixels pixels, int plane, int top, int left) {
        int rows = tiled ? blockHeight : Math.min(blockHeight, height - top);
        int samples = planar ? 1 : bands;
        ByteBuffer block = ByteBuffer.allocate(rows * blockWidth * samples * bits / 8).order(order);
        for (int row = top; row < top + rows; row++) {
            for (int column = left; column < left + blockWidth; column++) {
                for (int sample = 0; sample < samples; sample++) {
                    boolean inside = row < height && column < width;
                    put(block, inside ? pixels.at(planar ? plane : sample, row, column) : 0);
                }
            }
        }
        return block.flip();
    }

    private void put(ByteBuffer block, double value) {
        if (format == 3 && bits == 32) {
            block.putFloat((float) value);
        } else if (format == 3) {
            block.putDouble(value);
        } else if (bits == 8) {
            block.put((byte) (long) value);
        } else if (bits == 16) {
            block.putShort((short) (long) value);
        } else {
            block.putInt((int) (long) value);
        }
    }

    private byte[] pack(ByteBuffer block) throws IOException {
        int samples = planar ? 1 : bands;
        int size = bits / 8;
        int rowBytes = blockWidth * samples * size;
        byte[] bytes = block.array();
        for (int row = 0; compression != 1 && row < bytes.length; row += rowBytes) {
            if (predictor == 2) {
                difference(block, row, rowBytes, samples, size);
            } else if (predictor == 3) {
                shuffle(bytes, row, rowBytes, samples, size);
            }
        }
        return switch (compression) {
            case 5 -> lzw(bytes);
            case 8, 32946 -> {
                ByteArrayOutputStream packed = new ByteArrayOutputStream();
                try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
                    deflater.write(bytes);
                }
                yield packed.toByteArray();
            }
            default -> bytes;
        };
    }

    private static void difference(ByteBuffer block, int row, int rowBytes, int samples, int size) {
        for (int at = row + rowBytes - size; at >= row + samples * size; at -= size) {
            int before = at - samples * size;
            switch (size) {
                case 1 -> block.put(at, (byte) (block.get(at) - block.get(before)));
                case 2 -> block.putShort(at, (short) (block.getShort(at) - block.getShort(before)));
                case 4 -> block.putInt(at, block.getInt(at) - block.getInt(before));
                default -> block.putLong(at, block.getLong(at) - block.getLong(before));
            }
        }
    }

    private void shuffle(byte[] bytes, int row, int rowBytes, int samples, int size) {
        byte[] planes = new byte[rowBytes];
        int count = rowBytes / size;
        for (int i = 0; i < rowBytes; i++) {
            int significance = order == ByteOrder.BIG_ENDIAN ? i % size : size - 1 - i % size;
            planes[significance * count + i / size] = bytes[row + i];
        }
        for (int i = rowBytes - 1; i >= 0; i--) {
            bytes[row + i] = (byte) (planes[i] - (i >= samples ? planes[i - samples] : 0));
        }
    }

    /** TIFF 6.0, section 13, with a plain map of texts. */
    private static byte[] lzw(byte[] bytes) {
        BitSink sink = new BitSink();
        Map<String, Integer> table = table();
        sink.write(256, 9);
        int width = 9;
        String text = "";
        for (byte b : bytes) {
            String longer = text + (char) (b & 0xff);
            if (table.containsKey(longer)) {
                text = longer;
                continue;
            }
            sink.write(table.get(text), width);
            table.put(longer, table.size() + 2);
            int next = table.size() + 2;
            width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
            if (next == 4095) {
                sink.write(256, 12);
                table = table();
                width = 9;
            }
            text = longer.substring(text.length());
        }
        if (!text.isEmpty()) {
            sink.write(table.get(text), width);
            int next = table.size() + 3;
            width = next >= 2048 ? 12 : next >= 1024 ? 11 : next >= 512 ? 10 : 9;
        }
        sink.write(257, width);
        return sink.finish();
    }

    private static Map<String, Integer> table() {
        Map<String, Integer> table = new HashMap<>();
        for (int i = 0; i < 256; i++) {
            table.put(String.valueOf((char) i), i);
        }
        return table;
    }

    private static final class BitSink {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private long pending;
        private int count;

        void write(int code, int width) {
            pending = pending << width | code;
            count += width;
            for (; count >= 8; count -= 8) {
                out.write((int) (pending >> count - 8));
            }
        }

        byte[] finish() {
            if (count > 0) {
                out.write((int) (pending << 8 - count));
            }
            return out.toByteArray();
        }
    }
}
