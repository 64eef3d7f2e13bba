// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.netcdf;

import io.jhdf.api.Dataset;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.api.dataset.ContiguousDataset;
import io.jhdf.dataset.DatasetBase;
import io.jhdf.exceptions.HdfException;
import io.jhdf.exceptions.HdfFilterException;
import io.jhdf.exceptions.UnsupportedHdfException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Optional;

/**
 * The data of an HDF5 data set. The HDF5 library finds and decompresses the chunks; they are put together here, because
 * the library fills chunks that were never written with zeros, not with the data set's fill value.
 */
record HdfData(FileChannel channel, long userBlock, Dataset dataset, NetcdfType type, ByteOrder order)
        implements StoredData {
    @Override
    public ByteBuffer read(long[] start, long[] count) throws IOException {
        int length = StoredData.bytes(count, type.sizeBytes());
        if (length == 0) {
            return ByteBuffer.allocate(0);
        }
        ByteBuffer bytes = switch (dataset) {
            case ChunkedDataset chunked -> ByteBuffer.wrap(fromChunks(chunked, start, count, length));
            case ContiguousDataset _ when dataset.isEmpty() -> ByteBuffer.wrap(filled(length));
            case ContiguousDataset contiguous ->
                new ClassicData(channel, layout(userBlock + contiguous.getDataAddress())).read(start, count);
            case DatasetBase compact -> {
                ByteBuffer all = compact.getDataBuffer();
                ByteBuffer target = ByteBuffer.allocate(length);
                layout(0).forEachRun(start, count, (offset, run) -> target.put(all.slice((int) offset, run)));
                yield target.flip();
            }
            default -> throw new IOException("data set of the unknown kind " + dataset.getClass().getSimpleName());
        };
        return bytes.order(order);
    }

    private ByteLayout layout(long begin) {
        return ByteLayout.contiguous(begin, dataset.getDimensionsAsLong(), type.sizeBytes());
    }

    private byte[] fromChunks(ChunkedDataset chunked, long[] start, long[] count, int length) throws IOException {
        byte[] target = filled(length);
        int[] chunk = chunked.getChunkDimensions();
        int chunkBytes = type.sizeBytes();
        for (int extent : chunk) {
            chunkBytes = Math.multiplyExact(chunkBytes, extent);
        }
        if (chunk.length != count.length || chunkBytes <= 0) {
            throw new IOException("chunks of shape " + Arrays.toString(chunk) + " for a data set of shape "
                    + Arrays.toString(dataset.getDimensionsAsLong()));
        }
        var slab = new ChunkSlab(chunk, type.sizeBytes(), start, count);
        for (int[] offset = slab.first(); offset.length > 0; offset = slab.next(offset)) {
            Optional<byte[]> data = decompress(chunked, offset);
            if (data.isPresent()) {
                if (data.get().length < chunkBytes) {
                    throw new IOException("the chunk at " + Arrays.toString(offset) + " has "
                            + data.get().length + " bytes, expected " + chunkBytes);
                }
                slab.copy(data.get(), offset, target);
            }
        }
        return target;
    }

    /** A chunk's bytes; empty where it was never written. */
    private static Optional<byte[]> decompress(ChunkedDataset chunked, int[] offset) {
        try {
            return Optional.of(chunked.getDecompressedChunk(offset));
        } catch (HdfException e) {
            // The library has no other way to ask or to tell.
            if (e.getMessage().startsWith("No chunk with offset")) {
                return Optional.empty();
            }
            if (e instanceof HdfFilterException && e.getMessage().startsWith("A required filter is not available")) {
                throw new UnsupportedHdfException(e.getMessage());
            }
            throw e;
        }
    }

    /** Bytes that hold the data set's fill value, zero where it has none. */
    private byte[] filled(int length) {
        byte[] bytes = new byte[length];
        if (dataset.getFillValue() instanceof Number fill) {
            byte[] element = element(fill);
            for (int i = 0; i < length; i += element.length) {
                System.arraycopy(element, 0, bytes, i, element.length);
            }
        }
        return bytes;
    }

    private byte[] element(Number value) {
        ByteBuffer bytes = ByteBuffer.allocate(type.sizeBytes()).order(order);
        switch (type) {
            case BYTE, UBYTE, CHAR -> bytes.put(value.byteValue());
            case SHORT, USHORT -> bytes.putShort(value.shortValue());
            case INT, UINT -> bytes.putInt(value.intValue());
            case INT64, UINT64 -> bytes.putLong(value.longValue());
            case FLOAT -> bytes.putFloat(value.floatValue());
            case DOUBLE -> bytes.putDouble(value.doubleValue());
        }
        return bytes.array();
    }
}
