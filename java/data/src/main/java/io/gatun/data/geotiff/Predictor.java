// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What was done to rows before they were packed. */
enum Predictor {
    NONE, HORIZONTAL, FLOATING_POINT;

    static Predictor of(TiffSource source, long code, SampleType type) {
        if (code < 1 || code > 3 || code == 3 && !type.isFloatingPoint()) {
            throw source.bad("its predictor is " + code + " on values of type " + type
                    + ", expected 1 (none), 2 (differences), or 3 on floating point", "Rewrite it with gdal_translate");
        }
        return values()[(int) code - 1];
    }

    /**
     * Undoes it in place.
     *
     * @param bytes whole rows
     * @param rowBytes of a row
     * @param samples per pixel
     * @param order in which the file stores numbers
     * @return the rows, with the order of their numbers
     */
    ByteBuffer undo(byte[] bytes, int rowBytes, int samples, SampleType type, ByteOrder order) {
        ByteBuffer rows = ByteBuffer.wrap(bytes).order(order);
        switch (this) {
            case NONE -> { }
            case HORIZONTAL -> {
                for (int row = 0; row < bytes.length; row += rowBytes) {
                    addUp(rows, row, row + rowBytes, samples * type.sizeBytes(), type.sizeBytes());
                }
            }
            case FLOATING_POINT -> {
                byte[] planes = new byte[rowBytes];
                for (int row = 0; row < bytes.length; row += rowBytes) {
                    for (int i = row + samples; i < row + rowBytes; i++) {
                        bytes[i] += bytes[i - samples];
                    }
                    System.arraycopy(bytes, row, planes, 0, rowBytes);
                    gather(planes, bytes, row, type.sizeBytes());
                }
                // The planes begin with the highest byte, whatever the file's order.
                rows.order(ByteOrder.BIG_ENDIAN);
            }
        }
        return rows;
    }

    private static void gather(byte[] planes, byte[] bytes, int row, int size) {
        int count = planes.length / size;
        for (int i = 0; i < count; i++) {
            for (int plane = 0; plane < size; plane++) {
                bytes[row + i * size + plane] = planes[plane * count + i];
            }
        }
    }

    private static void addUp(ByteBuffer rows, int from, int to, int pixelBytes, int size) {
        for (int i = from + pixelBytes; i < to; i += size) {
            int before = i - pixelBytes;
            switch (size) {
                case 1 -> rows.put(i, (byte) (rows.get(i) + rows.get(before)));
                case 2 -> rows.putShort(i, (short) (rows.getShort(i) + rows.getShort(before)));
                case 4 -> rows.putInt(i, rows.getInt(i) + rows.getInt(before));
                default -> rows.putLong(i, rows.getLong(i) + rows.getLong(before));
            }
        }
    }
}
