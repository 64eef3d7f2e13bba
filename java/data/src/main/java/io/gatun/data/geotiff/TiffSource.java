// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import io.gatun.core.DataException;
import io.gatun.core.InterruptedRunException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;

/** The bytes of a TIFF file: positional reads, each checked against the size the file had when it was opened. */
final class TiffSource implements AutoCloseable {
    private static final int HEAD_BYTES = 16;
    private static final int CLASSIC = 42;
    private static final int BIG = 43;
    /** The JDK copies through native memory as large as a read, so large reads are done in pieces. */
    private static final int PIECE = 1 << 20;

    private final Path path;
    private final FileChannel channel;
    private final long size;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private boolean big;
    private long firstDirectory;

    private TiffSource(Path path, FileChannel channel, long size) {
        this.path = path;
        this.channel = channel;
        this.size = size;
    }

    static TiffSource open(Path path) {
        // Opening a pipe would wait for its writer for ever.
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new DataException(path + ": is no regular file. Give the path of a GeoTIFF file.");
        }
        try {
            FileChannel channel = FileChannel.open(path);
            try {
                TiffSource source = new TiffSource(path, channel, channel.size());
                source.readHead();
                return source;
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new DataException(path + ": does not exist. Check the path.", e);
        } catch (IOException e) {
            throw failure(path, e);
        }
    }

    private void readHead() {
        ByteBuffer head = read(0, (int) Math.min(HEAD_BYTES, size), "the header");
        String mark = head.limit() < 8 ? "" : "" + (char) head.get(0) + (char) head.get(1);
        order = mark.equals("MM") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
        head.order(order);
        int version = mark.equals("MM") || mark.equals("II") ? head.getShort(2) : 0;
        if (version == CLASSIC) {
            firstDirectory = Integer.toUnsignedLong(head.getInt(4));
        } else if (version == BIG && head.limit() == HEAD_BYTES && head.getShort(4) == 8 && head.getShort(6) == 0) {
            big = true;
            firstDirectory = head.getLong(8);
        } else {
            String bytes = HexFormat.ofDelimiter(" ").formatHex(head.array(), 0, Math.min(8, head.limit()));
            throw bad("it starts with the bytes [" + bytes + "], expected those of TIFF or BigTIFF", "Check the file");
        }
    }

    Path path() {
        return path;
    }

    long size() {
        return size;
    }

    ByteOrder order() {
        return order;
    }

    boolean isBig() {
        return big;
    }

    long firstDirectory() {
        return firstDirectory;
    }

    /** Bytes from a position, in the file's byte order. */
    ByteBuffer read(long at, int length, String what) {
        require(at, length, what);
        ByteBuffer target = ByteBuffer.allocate(length).order(order);
        try {
            while (target.position() < length) {
                target.limit(Math.min(length, target.position() + PIECE));
                if (channel.read(target, at + target.position()) < 0) {
                    throw bad("it ended while " + what + " was read", "Read it again when its writer is done");
                }
            }
        } catch (IOException e) {
            throw failure(path, e);
        }
        return target.flip();
    }

    /** Checks that a piece lies within the file. */
    void require(long at, long length, String what) {
        if (at < 0 || length < 0 || at > size || length > size - at) {
            throw bad(what + " would take " + length + " bytes from byte " + Long.toUnsignedString(at)
                    + " on, the file has " + size, "It is cut short or damaged; fetch it again");
        }
    }

    DataException bad(String found, String remedy) {
        return new DataException(path + ": cannot be read as GeoTIFF: " + found + ". " + remedy + ".");
    }

    private static RuntimeException failure(Path path, IOException e) {
        return e instanceof ClosedByInterruptException
                ? new InterruptedRunException(path + ": reading was interrupted. Start the run again.", e)
                : new DataException(path + ": cannot be read (" + e
                        + "). Check its permissions and that the disk is healthy.", e);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw failure(path, e);
        }
    }
}
