// SPDX-License-Identifier: Apache-2.0
package io.gatun.factory;

import io.gatun.core.Images;
import io.gatun.core.PadMode;
import io.gatun.core.Scope;
import io.gatun.core.ShapeException;
import io.gatun.core.Tensor;
import java.util.Locale;

/**
 * Images at the right and bottom, and in time at the end, to whole patches, upstream's {@code pad_images}: to twice the
 * patch, so that features of a half resolution exist.
 */
record Padding(int time, int height, int width, PadMode mode) {
    /** image [B, C, H, W] or [B, C, T, H, W]; itself where nothing is to be added. */
    Tensor apply(Scope scope, Tensor image) {
        int rank = image.shape().rank();
        if (rank != 4 && rank != 5) {
            throw new ShapeException("the image has shape " + image.shape()
                    + ", expected [B, C, H, W] or [B, C, T, H, W]");
        }
        if (time > 1 && rank != 5) {
            throw new ShapeException("Multi-temporal padding requested (p_t = " + time
                    + ") but no multi-temporal data provided (data shape = " + image.shape() + ").");
        }
        long rows = missing(image.dim(-2), 2L * height);
        long columns = missing(image.dim(-1), 2L * width);
        long dates = rank == 5 ? missing(image.dim(2), time) : 0;
        if (mode == PadMode.REFLECT) {
            requireReach("rows", image.dim(-2), rows);
            requireReach("columns", image.dim(-1), columns);
            if (rank == 5) {
                requireReach("dates", image.dim(2), dates);
            }
        }
        long[] shape = image.shape().toArray();
        Tensor padded = image;
        if (rows > 0 || columns > 0) {
            Tensor planes = image.reshape(-1, shape[rank - 2], shape[rank - 1], 1);
            shape[rank - 2] += rows;
            shape[rank - 1] += columns;
            padded = Images.pad2d(scope, planes, 0, rows, 0, columns, mode, 0).reshape(shape);
        }
        if (dates > 0) {
            Tensor series = padded.reshape(shape[0] * shape[1], shape[2], shape[3] * shape[4], 1);
            shape[2] += dates;
            padded = Images.pad2d(scope, series, 0, dates, 0, 0, mode, 0).reshape(shape);
        }
        return padded;
    }

    private static long missing(long extent, long multiple) {
        return (multiple - extent % multiple) % multiple;
    }

    private void requireReach(String axis, long extent, long added) {
        if (added >= extent && added > 0) {
            throw ShapeException.ofSize("an image of " + extent + " " + axis + " cannot be padded by " + added + " "
                    + axis + " in mode " + mode.name().toLowerCase(Locale.ROOT)
                    + ", which mirrors; give a larger image, or padding \"replicate\" or \"constant\"");
        }
    }
}
