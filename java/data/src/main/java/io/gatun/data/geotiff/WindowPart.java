// SPDX-License-Identifier: Apache-2.0
package io.gatun.data.geotiff;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Where a block, whose first pixel is at row {@code top} and column {@code left}, meets the window that is read. */
final class WindowPart {
    private final TiffLayout layout;
    private final NoData noData;
    private final int[] samples;
    private final PixelWindow window;
    private final float[] target;
    private final int targetAt;
    private final int top;
    private final int left;
    private final int fromColumn;
    private final int toColumn;

    WindowPart(TiffLayout layout, NoData noData, int[] samples, PixelWindow window, float[] target, int targetAt,
            int top, int left) {
        this.layout = layout;
        this.noData = noData;
        this.samples = samples;
        this.window = window;
        this.target = target;
        this.targetAt = targetAt;
        this.top = top;
        this.left = left;
        fromColumn = Math.max(window.column() - left, 0);
        toColumn = (int) Math.min((long) window.column() + window.columns() - left, layout.blockWidth());
    }

    /** Takes rows of the block out of bytes that begin with row {@code firstRow} of it. */
    void copy(ByteBuffer bytes, int firstRow, int fromRow, int toRow) {
        SampleType type = layout.type();
        int pixelBytes = layout.samples() * type.sizeBytes();
        for (int i = 0; i < samples.length; i++) {
            for (int row = fromRow; row < toRow; row++) {
                int to = at(i, row);
                int from = (row - firstRow) * layout.rowBytes() + fromColumn * pixelBytes
                        + samples[i] * type.sizeBytes();
                for (int column = fromColumn; column < toColumn; column++, from += pixelBytes) {
                    target[to++] = noData.present(type.value(bytes, from));
                }
            }
        }
    }

    /** The rows of a block that the file leaves out. */
    void fill(int fromRow, int toRow) {
        for (int i = 0; i < samples.length; i++) {
            for (int row = fromRow; row < toRow; row++) {
                int to = at(i, row);
                Arrays.fill(target, to, to + toColumn - fromColumn, noData.absent());
            }
        }
    }

    private int at(int sample, int row) {
        return targetAt + (sample * window.rows() + top + row - window.row()) * window.columns()
                + left + fromColumn - window.column();
    }
}
